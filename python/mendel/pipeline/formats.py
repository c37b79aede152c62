"""How values of fields are stored: safe formats by type, never code that reading would run.

A pickle is written only where the stage asks for it, and read only by the worker.
"""

from __future__ import annotations

import base64
import datetime
import io
import json
import math
import os
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Callable, Dict, Tuple

from mendel import _native
from mendel.artifact_format import _is as is_a
from mendel.artifact_format import pack_frame, unpack

MAPPED_MIN = 1 << 20
"""Arrays from this size on are mapped into memory and not copied."""


_LARGE = 1 << 16


class UnstorableValue(TypeError):
    """A value has no format."""


_PIECE = 1 << 16


@dataclass(frozen=True)
class Encoded:
    """A value as bytes, and the name of their format."""

    format: str
    data: bytes
    rest: memoryview | None = None
    """The bytes after `data`, where they are not copied from the value, which may change them."""

    @property
    def size(self) -> int:
        """How many bytes there are."""
        return len(self.data) + (0 if self.rest is None else self.rest.nbytes)

    def whole(self) -> bytes:
        """All bytes."""
        return self.data if self.rest is None else b"".join((self.data, self.rest))

    def digest(self) -> str:
        """Digest of all bytes."""
        if self.rest is None:
            return _native.digest(self.data)
        hasher = _native.Hasher()
        hasher.update(self.data)
        for start in range(0, self.rest.nbytes, _PIECE):
            hasher.update(bytes(self.rest[start : start + _PIECE]))
        return hasher.digest()

    def write(self, stream: BinaryIO) -> None:
        """Writes all bytes."""
        stream.write(self.data)
        if self.rest is not None:
            stream.write(self.rest)


_registered: Dict[str, Tuple[type, Callable[[Any], bytes], Callable[[bytes], Any]]] = {}


def register_format(kind: type, write: Callable[[Any], bytes], read: Callable[[bytes], Any]) -> None:
    """Says how values of a class are stored.

    Args:
        kind: The class; derived classes are not meant.
        write: Makes bytes of a value; equal values must give equal bytes.
        read: Makes the value of those bytes.
    """
    _registered[f"{kind.__module__}.{kind.__qualname__}"] = (kind, write, read)


def encode(value: Any, what: str, allow_pickle: bool = False) -> Encoded:
    """The value as bytes.

    Args:
        value: The value.
        what: Names it in errors.
        allow_pickle: Whether a value without a format becomes a pickle.

    Raises:
        UnstorableValue: The value has no format.
    """
    name = f"{type(value).__module__}.{type(value).__qualname__}"
    if name in _registered and type(value) is _registered[name][0]:
        return Encoded(f"custom:{name}", _registered[name][1](value))
    encoded = _fixed(value)
    if encoded is not None:
        return encoded
    if allow_pickle:
        return _pickled(value, what)
    raise UnstorableValue(f"{what}: {_no_format(value)}, or set `pickle = True` in the stage")


def _no_format(value: Any) -> str:
    """That a value has no format, with its type and the way out."""
    name, culprit = f"{type(value).__module__}.{type(value).__qualname__}", _culprit(value)
    if culprit is None:
        told, kind = f"a value of type `{name}` has no format", type(value)
    else:
        inner, kind = f"{culprit.__module__}.{culprit.__qualname__}", culprit
        told = f"a value of type `{name}` holds one of type `{inner}`, which has no format"
    return f"{told}; say how it is stored with `mendel.pipeline.register_format({kind.__qualname__}, write, read)`"


def _culprit(value: Any) -> type | None:
    """The type within a container that has no format."""
    items = value.items() if type(value) is dict else value
    for item in items if type(value) in (list, tuple, set, frozenset, dict) else ():
        for one in item if type(value) is dict else (item,):
            try:
                _to_json(one)
            except UnstorableValue:
                return _culprit(one) or type(one)
    return None


def decode(format: str, data: Callable[[], bytes], file: Callable[[str | None], Path], size: int) -> Any:
    """The value that was encoded.

    Args:
        format: The format.
        data: Gives the bytes.
        file: Gives a file of that name that holds them; without a name, one that is not changed.
        size: How many bytes there are.
    """
    kind, _, rest = format.partition(";")
    if kind in ("npy", "scalar"):
        return _array(data, file, size, kind == "scalar")
    if kind == "bytes":
        return data()
    if kind == "text":
        return data().decode("utf-8", "surrogatepass")
    if kind == "json":
        return _from_json(json.loads(data()))
    if kind == "parquet":
        import pandas

        return pandas.read_parquet(io.BytesIO(data()))
    if kind == "frame":
        return unpack(file("frame.csv.gz"), "dataframe", rest)
    if kind == "image":
        return unpack(file(f"image.{rest}"), "image", "")
    if kind == "file":
        return file(rest)
    if kind == "folder":
        return unpack(file(f"{rest}.zip"), "folder", "")
    if kind == "pickle":
        import pickle

        return pickle.loads(data())
    return _custom(kind.partition(":")[2], data())


def _custom(name: str, data: bytes) -> Any:
    """The value of a registered class."""
    if name not in _registered:
        raise LookupError(f"the value was stored as `{name}`, which no `register_format` of this process can read")
    return _registered[name][2](data)


def is_mutable(value: Any) -> bool:
    """Whether user code may have changed the value in place."""
    return not (value is None or isinstance(value, (bool, int, float, complex, str, bytes, os.PathLike)))


def _fixed(value: Any) -> Encoded | None:
    if type(value) is bytes:
        return Encoded("bytes", value)
    if type(value) is str:
        return Encoded("text", value.encode("utf-8", "surrogatepass"))
    if is_a(value, "numpy", "ndarray") and type(value).__name__ in ("ndarray", "memmap"):
        return None if value.dtype.hasobject else _encoded_array(value)
    if is_a(value, "numpy", "generic"):
        return None if value.dtype.hasobject else Encoded("scalar", _npy(value))
    if is_a(value, "pandas", "DataFrame"):
        return _frame(value)
    if is_a(value, "PIL.Image", "Image"):
        return _image(value)
    if isinstance(value, os.PathLike):
        return _path(Path(os.fspath(value)))
    try:
        plain = _to_json(value)
    except UnstorableValue:
        return None
    return Encoded("json", json.dumps(plain, ensure_ascii=True, separators=(",", ":")).encode())


def _pickled(value: Any, what: str) -> Encoded:
    import pickle

    try:
        return Encoded("pickle", pickle.dumps(value, protocol=4))
    except Exception as error:
        try:
            import dill  # type: ignore[import-untyped, unused-ignore]

            return Encoded("pickle", dill.dumps(value, protocol=4))
        except Exception:
            raise UnstorableValue(f"{what}: {_no_format(value)}, and it cannot be pickled: {error}") from None


def _npy(value: Any) -> bytes:
    return _encoded_array(value).whole()


def _encoded_array(value: Any) -> Encoded:
    import numpy

    array, stream = numpy.asanyarray(value), io.BytesIO()
    if array.nbytes < _LARGE or array.dtype.kind not in "biufc" or not array.flags.forc:
        numpy.lib.format.write_array(stream, array, allow_pickle=False)
        return Encoded("npy", stream.getvalue())
    # The same bytes, but not copied.
    numpy.lib.format.write_array_header_1_0(stream, numpy.lib.format.header_data_from_array_1_0(array))
    rows = numpy.asarray(array if array.flags.c_contiguous else array.T)
    return Encoded("npy", stream.getvalue(), rows.reshape(-1).view(numpy.uint8).data)


def _array(data: Callable[[], bytes], file: Callable[[str | None], Path], size: int, scalar: bool) -> Any:
    import numpy

    if scalar or size < MAPPED_MIN:
        array = numpy.lib.format.read_array(io.BytesIO(data()), allow_pickle=False)
        return array[()] if scalar else array
    # Copy-on-write: the stage may change it, the file stays.
    return numpy.asarray(numpy.load(file(None), mmap_mode="c", allow_pickle=False))


def _frame(value: Any) -> Encoded | None:
    try:
        import pyarrow  # type: ignore[import-not-found, import-untyped, unused-ignore]  # noqa: F401
    except ImportError:
        return _frame_as_text(value)
    try:
        return Encoded("parquet", value.to_parquet())
    except (ValueError, TypeError, pyarrow.ArrowException):
        return None


def _frame_as_text(value: Any) -> Encoded | None:
    """As CSV, where CSV gives the same frame back."""
    import tempfile

    packed = pack_frame("frame", value)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "frame.csv.gz"
        path.write_bytes(packed.data or b"")
        try:
            again = unpack(path, "dataframe", packed.media)
        except (ValueError, TypeError, KeyError):
            return None
    same = list(again.columns) == list(value.columns) and list(again.dtypes) == list(value.dtypes)
    return Encoded(f"frame;{packed.media}", packed.data or b"") if same and again.equals(value) else None


def _image(value: Any) -> Encoded:
    exact = value.mode in ("1", "L", "LA", "P", "RGB", "RGBA", "I", "I;16")
    stream = io.BytesIO()
    value.save(stream, format="PNG" if exact else "TIFF")
    return Encoded("image;png" if exact else "image;tiff", stream.getvalue())


def _path(path: Path) -> Encoded:
    if path.is_file():
        return Encoded(f"file;{path.name}", path.read_bytes())
    if path.is_dir():
        stream = io.BytesIO()
        with zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as into:
            for file in sorted(path.rglob("*")):
                if file.is_file():
                    # The time of a file is no part of its content.
                    into.writestr(zipfile.ZipInfo(file.relative_to(path).as_posix()), file.read_bytes())
        return Encoded(f"folder;{path.name}", stream.getvalue())
    return Encoded("json", json.dumps({"$path": str(path)}).encode())


def _to_json(value: Any) -> Any:
    kind = type(value)
    if value is None or kind in (bool, int, str):
        return value
    if kind is float:
        return value if math.isfinite(value) else {"$float": repr(value)}
    if kind is list:
        return [_to_json(item) for item in value]
    if kind is tuple:
        return {"$tuple": [_to_json(item) for item in value]}
    if kind is dict:
        if all(type(key) is str and not key.startswith("$") for key in value):
            return {key: _to_json(item) for key, item in value.items()}
        return {"$dict": [[_to_json(key), _to_json(item)] for key, item in value.items()]}
    if kind in (set, frozenset):
        items = sorted((_to_json(item) for item in value), key=lambda item: json.dumps(item, sort_keys=True))
        return {f"${kind.__name__}": items}
    if kind is complex:
        return {"$complex": [_to_json(value.real), _to_json(value.imag)]}
    if kind is datetime.date or (kind is datetime.datetime and type(value.tzinfo) in (type(None), datetime.timezone)):
        return {f"${kind.__name__}": value.isoformat()}
    if kind is bytes:
        return {"$bytes": base64.b64encode(value).decode()}
    if isinstance(value, os.PathLike) and not os.path.exists(value):
        return {"$path": os.fspath(value)}
    is_array = is_a(value, "numpy", "ndarray") and kind.__name__ in ("ndarray", "memmap")
    if (is_array or is_a(value, "numpy", "generic")) and not value.dtype.hasobject:
        return {"$array" if is_array else "$scalar": base64.b64encode(_npy(value)).decode()}
    name = f"{kind.__module__}.{kind.__qualname__}"
    if name in _registered and kind is _registered[name][0]:
        return {"$custom": [name, base64.b64encode(_registered[name][1](value)).decode()]}
    raise UnstorableValue(kind.__qualname__)


def _from_json(value: Any) -> Any:
    if isinstance(value, list):
        return [_from_json(item) for item in value]
    if not isinstance(value, dict):
        return value
    if len(value) != 1 or not next(iter(value)).startswith("$"):
        return {key: _from_json(item) for key, item in value.items()}
    ((mark, held),) = value.items()
    if mark == "$float":
        return float(held)
    if mark == "$dict":
        return {_from_json(key): _from_json(item) for key, item in held}
    if mark == "$complex":
        return complex(_from_json(held[0]), _from_json(held[1]))
    if mark == "$bytes":
        return base64.b64decode(held)
    if mark == "$path":
        return Path(held)
    if mark == "$custom":
        return _custom(held[0], base64.b64decode(held[1]))
    if mark in ("$date", "$datetime"):
        return getattr(datetime, mark[1:]).fromisoformat(held)
    if mark in ("$array", "$scalar"):
        return _array(lambda: base64.b64decode(held), lambda name: Path(os.devnull), 0, mark == "$scalar")
    containers: Dict[str, Callable[[Any], Any]] = {"$tuple": tuple, "$set": set, "$frozenset": frozenset}
    return containers[mark](_from_json(item) for item in held)
