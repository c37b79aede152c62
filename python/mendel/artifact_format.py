"""The fixed formats of artifacts: which object is stored as what, and how it is read back.

Reading never executes code: JSON, CSV, NPZ and PNG are data. A pickle is written and
read only where the caller asks for it by name.
"""

from __future__ import annotations

import copy
import glob
import gzip
import io
import json
import mimetypes
import os
import sys
import tempfile
import urllib.parse
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Callable, Optional

PREVIEW_CHARS = 4096
SUPPORTED = "a path, folder or wildcard, a dict or list, a text, bytes, a DataFrame, a NumPy array, a PIL image"


@dataclass
class Packed:
    """An artifact ready to be stored: its bytes, or the file that holds them."""

    kind: str
    file: str
    media: str
    preview: str = ""
    data: Optional[bytes] = None
    path: Optional[Path] = None
    temporary: bool = False
    source: Optional[Path] = field(default=None)


def prepare(name: str, value: Any, auto_pickle: bool = False) -> Callable[[], Packed]:
    """A function that packs ``value`` as it is now; calling it may take long.

    Raises:
        ValueError: ``value`` has no fixed format, or names a file that does not exist.
    """
    path = _as_path(value)
    if path is not None:
        return _prepare_path(name, path)
    if isinstance(value, (dict, list, tuple)):
        packed = _pack_json(name, value)
        return lambda: packed
    if isinstance(value, str):
        text = Packed("text", f"{name}.txt", "text/plain", value[:PREVIEW_CHARS], value.encode())
        return lambda: text
    if isinstance(value, (bytes, bytearray, memoryview)):
        raw = Packed("bytes", f"{name}.bin", "application/octet-stream", f"{len(value)} bytes", bytes(value))
        return lambda: raw
    if _is(value, "pandas", "DataFrame") or _is(value, "pandas", "Series"):
        frame = value.copy() if _is(value, "pandas", "DataFrame") else value.to_frame()
        return lambda: pack_frame(name, frame)
    if _is(value, "numpy", "ndarray"):
        if value.dtype.hasobject:
            raise ValueError(f"artifact `{name}`: an array of Python objects has no fixed format")
        array = value.copy()
        return lambda: _pack_array(name, array)
    if _is(value, "PIL.Image", "Image"):
        picture = value.copy()
        return lambda: _pack_image(name, picture)
    if auto_pickle:
        frozen = copy.copy(value)
        return lambda: _pack_pickle(name, frozen)
    raise ValueError(
        f"artifact `{name}`: `{type(value).__module__}.{type(value).__qualname__}` has no fixed format; "
        f"supported are {SUPPORTED}. `auto_pickle=True` stores a pickle instead"
    )


def unpack(path: Path, kind: str, media: str, allow_pickle: bool = False) -> Any:
    """The object stored in the file ``path`` as ``kind``; files and folders answer a path.

    Raises:
        ValueError: It is a pickle, and ``allow_pickle`` is false.
    """
    if kind in ("json", "dict"):
        return json.loads(path.read_text("utf-8"))
    if kind in ("text", "string"):
        return path.read_text("utf-8")
    if kind == "bytes":
        return path.read_bytes()
    if kind in ("dataframe", "pandas", "data-audit-table"):
        return _read_frame(path, media)
    if kind == "numpy":
        import numpy

        with numpy.load(path, allow_pickle=False) as arrays:
            return arrays[arrays.files[0]]
    if kind == "image":
        from PIL import Image

        with Image.open(path) as picture:
            picture.load()
            return picture
    if kind == "folder":
        return extract(path)
    if kind == "pickle":
        if not allow_pickle:
            raise ValueError("reading a pickle executes code; `get(allow_pickle=True)` does so")
        import pickle

        return pickle.loads(path.read_bytes())
    return path


def extract(archive: Path) -> Path:
    """Unpacks a folder artifact beside its archive and answers the folder."""
    folder = archive.parent / (archive.name + ".content")
    with zipfile.ZipFile(archive) as content:
        for entry in content.infolist():
            target = (folder / entry.filename).resolve()
            if not target.is_relative_to(folder.resolve()):
                raise ValueError(f"`{entry.filename}` would lie outside of the folder")
        content.extractall(folder)
    return folder


def pack_frame(name: str, frame: Any, kind: str = "dataframe") -> Packed:
    """A DataFrame as compressed CSV, with what CSV forgets kept in the media type."""
    plain_index = type(frame.index).__name__ == "RangeIndex" and frame.index.start == 0 and frame.index.step == 1
    levels = 0 if plain_index else frame.index.nlevels
    text = frame.to_csv(index=bool(levels))
    inferred = {"int64", "float64", "bool", "object", "str", "string"}
    kinds = {str(at): str(dtype) for at, dtype in enumerate(frame.dtypes) if str(dtype) not in inferred}
    media = "text/csv"
    if levels:
        media += f"; index={levels}"
    if kinds:
        media += "; dtypes=" + urllib.parse.quote(json.dumps(kinds))
    data = gzip.compress(text.encode(), compresslevel=6, mtime=0)
    preview = f"{len(frame)} rows x {len(frame.columns)} columns\n{frame.head(20).to_string()}"
    return Packed(kind, f"{name}.csv.gz", media, preview[:PREVIEW_CHARS], data)


def _read_frame(path: Path, media: str) -> Any:
    import pandas  # type: ignore[import-untyped, unused-ignore]

    options = dict(part.strip().split("=", 1) for part in media.split(";")[1:] if "=" in part)
    levels = int(options.get("index", 0))
    frame = pandas.read_csv(
        path,
        compression="gzip",
        float_precision="round_trip",
        index_col=list(range(levels)) if levels > 1 else (0 if levels else None),
    )
    for at, dtype in json.loads(urllib.parse.unquote(options.get("dtypes", "{}"))).items():
        column = frame.columns[int(at)]
        if dtype.startswith("datetime64"):
            frame[column] = pandas.to_datetime(frame[column]).astype(dtype)
        elif dtype.startswith("timedelta"):
            frame[column] = pandas.to_timedelta(frame[column]).astype(dtype)
        else:
            frame[column] = frame[column].astype(dtype)
    if levels == 1 and str(frame.index.name).startswith("Unnamed:"):
        frame.index.name = None
    return frame


def _as_path(value: Any) -> Path | None:
    if isinstance(value, os.PathLike):
        return Path(os.fspath(value))
    if not isinstance(value, str) or not value or len(value) > 4096 or "\n" in value:
        return None
    try:
        if os.path.exists(value) or (glob.has_magic(value) and glob.glob(value, recursive=True)):
            return Path(value)
    except (OSError, ValueError):
        return None
    return None


def _prepare_path(name: str, path: Path) -> Callable[[], Packed]:
    if path.is_dir():
        files = sorted(entry for entry in path.rglob("*") if entry.is_file())
        return lambda: _pack_files(path.name or name, path, files)
    if path.is_file():
        media = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
        return lambda: Packed("file", path.name, media, f"{path.name}", path=path, source=path)
    if glob.has_magic(str(path)):
        base = Path(*_before_magic(path.parts))
        files = sorted(Path(found) for found in glob.glob(str(path), recursive=True) if os.path.isfile(found))
        if files:
            return lambda: _pack_files(name, base, files)
    raise ValueError(f"artifact `{name}`: there is no file, folder or match `{path}`")


def _before_magic(parts: tuple[str, ...]) -> list[str]:
    kept: list[str] = []
    for part in parts:
        if glob.has_magic(part):
            break
        kept.append(part)
    return kept


def _pack_files(name: str, base: Path, files: list[Path]) -> Packed:
    handle, archive = tempfile.mkstemp(suffix=".zip", prefix="mendel-")
    with os.fdopen(handle, "wb") as stream, zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED, compresslevel=3) as into:
        for file in files:
            into.write(file, file.relative_to(base).as_posix())
    listing = "\n".join(file.relative_to(base).as_posix() for file in files)
    return Packed(
        "folder",
        f"{name}.zip",
        "application/zip",
        f"{len(files)} files\n{listing}"[:PREVIEW_CHARS],
        path=Path(archive),
        temporary=True,
    )


def _pack_json(name: str, value: Any) -> Packed:
    try:
        text = json.dumps(value, indent=2, ensure_ascii=False, default=_number)
    except (TypeError, ValueError) as error:
        raise ValueError(f"artifact `{name}`: it cannot be written as JSON: {error}") from error
    return Packed("json", f"{name}.json", "application/json", text[:PREVIEW_CHARS], text.encode())


def _number(value: Any) -> Any:
    """A NumPy number or array inside of a mapping."""
    if hasattr(value, "tolist"):
        return value.tolist()
    raise TypeError(f"`{type(value).__qualname__}` has no place in JSON")


def _pack_array(name: str, array: Any) -> Packed:
    import numpy

    stream = io.BytesIO()
    numpy.savez_compressed(stream, array)
    preview = f"shape {array.shape}, {array.dtype}\n{numpy.array2string(array, threshold=100)}"
    return Packed("numpy", f"{name}.npz", "application/x-npz", preview[:PREVIEW_CHARS], stream.getvalue())


def _pack_image(name: str, picture: Any) -> Packed:
    stream = io.BytesIO()
    picture.save(stream, format="PNG")
    preview = f"{picture.width} x {picture.height}, {picture.mode}"
    return Packed("image", f"{name}.png", "image/png", preview, stream.getvalue())


def _pack_pickle(name: str, value: Any) -> Packed:
    import pickle

    return Packed("pickle", f"{name}.pkl", "application/octet-stream", repr(value)[:200], pickle.dumps(value))


def _is(value: Any, module: str, name: str) -> bool:
    """Whether ``value`` is of a class, without importing the module of that class."""
    loaded = sys.modules.get(module)
    kind = getattr(loaded, name, None)
    return isinstance(kind, type) and isinstance(value, kind)
