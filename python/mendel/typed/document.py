"""How configurations are written as JSON: the form of values, and the version of the file."""

from __future__ import annotations

import math
from enum import Enum
from pathlib import Path, PurePath

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Sequence

VERSION = 1
FILE = "configuration.json"
_SAFE_INTEGER = 1 << 53


def written(value: Any, reference: Callable[[Any], int], bases: Sequence[tuple[str, Path]] = ()) -> Any:
    """A value as JSON that tells everything apart which identity tells apart.

    Args:
        value: The value.
        reference: The number of a configuration.
        bases: Folders by name; paths below one are written relative to the first that holds them.
    """
    if value is None or type(value) in (bool, str):
        return value
    if type(value) is int:
        return value if -_SAFE_INTEGER < value < _SAFE_INTEGER else {"int": hex(value)}
    if type(value) is float:
        return value if math.isfinite(value) else {"float": str(value)}
    if hasattr(type(value), "__mendel_plan__"):
        return {"object": reference(value)}
    if isinstance(value, Enum):
        kind = type(value)
        return {"enum": value.name, "module": _module(kind), "name": kind.__qualname__}
    if isinstance(value, list):
        return [written(item, reference, bases) for item in value]
    if isinstance(value, tuple):
        return {"tuple": [written(item, reference, bases) for item in value]}
    if isinstance(value, dict):
        pairs = [[written(key, reference, bases), written(item, reference, bases)] for key, item in value.items()]
        return {"dict": pairs}
    if isinstance(value, (set, frozenset)):
        from mendel.typed.walking import in_order

        return {"set": [written(item, reference, bases) for item in in_order(value)]}
    if isinstance(value, PurePath):
        return _path(value, bases)
    raise TypeError(f"a value of type `{type(value).__qualname__}` cannot be saved")


def _module(kind: type) -> str:
    from mendel.typed.type_id import module_name

    return module_name(kind)


def _path(path: PurePath, bases: Sequence[tuple[str, Path]]) -> Any:
    for name, base in bases:
        if path.is_absolute() and (path == base or base in path.parents):
            return {"path": path.relative_to(base).as_posix(), "below": name}
    return {"path": str(path)}


def read(value: Any, objects: Callable[[int], Any], bases: dict[str, Path]) -> Any:
    """The value that was written.

    Raises:
        ValueError: It is none that this version knows.
    """
    if isinstance(value, list):
        return [read(item, objects, bases) for item in value]
    if not isinstance(value, dict):
        return value
    kind: str
    inner: Any
    kind, inner = next(iter(value.items()), ("nothing", None))
    if kind == "int":
        return int(inner, 16)
    if kind == "float":
        return float(inner)
    if kind == "object":
        return objects(inner)
    if kind == "enum":
        from mendel.typed.finding import find

        return find(value["module"], value["name"])[inner]
    if kind == "tuple":
        return tuple(read(item, objects, bases) for item in inner)
    if kind == "dict":
        return {read(key, objects, bases): read(item, objects, bases) for key, item in inner}
    if kind == "set":
        return {read(item, objects, bases) for item in inner}
    if kind == "path":
        return _read_path(inner, value.get("below"), bases)
    raise ValueError(f"a saved value is marked `{kind}`, which this version does not know")


def _read_path(text: str, below: str | None, bases: dict[str, Path]) -> Path:
    if below is None:
        return Path(text)
    if below not in bases:
        raise ValueError(f"path `{text}` lies below the folder `{below}`, which is not known here")
    return bases[below] / text
