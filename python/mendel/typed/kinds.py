"""How a field is declared: ``Param``, ``Meta``, ``Constant`` and their like.

Each is an ``Annotated`` type, so that type checkers see the plain one.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Callable, List, Optional, TypeVar

__all__ = [
    "Annotated",
    "Array",
    "Choice",
    "Choices",
    "Constant",
    "DataPath",
    "Help",
    "Kind",
    "Meta",
    "Option",
    "OptionalDataPath",
    "Param",
    "PathGenerator",
    "help",
    "pathgenerator",
]

T = TypeVar("T")


class Kind:
    """What sort of field it is; ``meta`` ones are never part of the identity."""

    def __init__(self, name: str, *, meta: bool = False) -> None:
        self.name = name
        self.meta = meta

    def __repr__(self) -> str:
        return self.name


PARAM = Kind("Param")
META = Kind("Meta", meta=True)
CONSTANT = Kind("Constant")
DATA = Kind("DataPath", meta=True)

Param = Annotated[T, PARAM]
"""An ordinary parameter: part of the identity."""
Meta = Annotated[T, META]
"""A value that changes how, and not what, is computed: never part of the identity."""
Option = Annotated[T, META]
"""The older spelling of ``Meta``."""
Constant = Annotated[T, CONSTANT]
"""A value that is always part of the identity and cannot be set: results differ from now on."""
DataPath = Annotated[Path, DATA]
"""A path whose content travels when the configuration is saved."""
OptionalDataPath = Annotated[Optional[Path], DATA]
"""A ``DataPath`` that may be absent."""


class Choices:
    """A closed set of values.

    Example:
        >>> from typing import Annotated
        >>> pooling = Annotated[str, Choices(["mean", "max"])]
    """

    def __init__(self, values: Any) -> None:
        self.values = tuple(values)


class Help:
    """What a field means, for people."""

    def __init__(self, text: str) -> None:
        self.text = text


def help(text: str) -> Help:
    """What a field means, noted beside its type.

    Example:
        >>> width = Annotated[Param[int], help("size of the vector")]
    """
    return Help(text)


def Choice(*values: Any) -> Any:
    """The type whose values are exactly these; an older spelling of ``Literal``."""
    kinds = {type(value) for value in values}
    return Annotated[kinds.pop() if len(kinds) == 1 else Any, Choices(values)]


def Array(kind: Any) -> Any:
    """The type of lists of ``kind``; an older spelling of ``list[kind]``."""
    return List[kind]


class PathGenerator:
    """Gives a field a path below the folder of the task that owns it.

    Args:
        name: File name, path below the folder, or nothing for the folder itself; or a
            function of the context and the configuration that answers one of these.
        partial: Puts the path into the folder that tasks share which differ only in what
            this :func:`mendel.partial` leaves out.
    """

    def __init__(self, name: str | Callable[[Any, Any], Any] = "", partial: Any = None) -> None:
        self.name = name
        self.partial = partial


def pathgenerator(name: str | Callable[[Any, Any], Any] = "", partial: Any = None) -> PathGenerator:
    """What gives a field its path, noted beside its type; the older spelling.

    Example:
        >>> parameters = Annotated[Path, pathgenerator("model.pth")]
    """
    return PathGenerator(name, partial)
