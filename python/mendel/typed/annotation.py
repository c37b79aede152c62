"""From an annotation to the type it declares."""

from __future__ import annotations

import sys
import typing
from enum import Enum
from pathlib import Path, PurePath
from typing import Any, Dict, ForwardRef, List, Mapping, Tuple, TypeVar, Union

from mendel.typed import spec as specs
from mendel.typed.errors import DeclarationError
from mendel.typed.kinds import META, PARAM, Choices, Help, Kind, PathGenerator

_SIMPLE: Dict[Any, specs.Spec] = {
    int: specs.Int(),
    float: specs.Float(),
    bool: specs.Bool(),
    str: specs.Str(),
    Path: specs.PathSpec(),
    PurePath: specs.PathSpec(),
    None: specs.NoneSpec(),
    type(None): specs.NoneSpec(),
    Any: specs.AnySpec(),
}
_UNIONS = {Union, getattr(__import__("types"), "UnionType", Union)}
_SUPPORTED = (
    "bool, int, float, str, Path, list, set, dict, tuple, Optional, Union, Literal, Any, an enumeration, "
    "or a class that derives from Config"
)


class Declared:
    """What an annotation says: the kind of field, its type, and what was noted beside it."""

    def __init__(self, kind: Kind, kept: specs.Spec, generator: PathGenerator | None, doc: str) -> None:
        self.kind = kind
        self.spec = kept
        self.generator = generator
        self.doc = doc


class Reader:
    """Reads the annotations of one class.

    Args:
        names: What a name in an annotation that is written as text stands for.
    """

    def __init__(self, names: Mapping[str, Any]) -> None:
        self.names = names

    def declared(self, annotation: Any) -> Declared | None:
        """What the annotation declares; ``None`` where it declares no field.

        Raises:
            NameError: It names something that does not exist yet.
            DeclarationError: The type is none that a field may have.
        """
        annotation = self._seen(annotation)
        if typing.get_origin(annotation) is not typing.Annotated:
            return None
        notes = _notes(annotation)
        kinds = [note for note in notes if isinstance(note, Kind)]
        generators = [note for note in notes if isinstance(note, PathGenerator)]
        helps = [note for note in notes if isinstance(note, Help)]
        choices = [note for note in notes if isinstance(note, Choices)]
        if not (kinds or generators or helps or choices):
            return None
        kind = kinds[-1] if kinds else META if generators else PARAM
        doc = helps[-1].text if helps else ""
        return Declared(kind, self.spec(annotation), generators[-1] if generators else None, doc)

    def spec(self, annotation: Any) -> specs.Spec:
        """The type that an annotation stands for."""
        annotation = self._seen(annotation)
        try:
            simple: specs.Spec | None = _SIMPLE.get(annotation)
        except TypeError:
            simple = None
        if simple is not None:
            return simple
        if isinstance(annotation, TypeVar):
            return specs.VariableSpec(annotation, self._variable(annotation))
        origin = typing.get_origin(annotation)
        if origin is not None:
            return self._generic(origin, annotation)
        if isinstance(annotation, type):
            return self._class(annotation)
        raise DeclarationError(f"`{_shown(annotation)}` is no type of a field; there are {_SUPPORTED}")

    def _seen(self, annotation: Any) -> Any:
        while isinstance(annotation, (str, ForwardRef)):
            text = annotation if isinstance(annotation, str) else annotation.__forward_arg__
            annotation = self._evaluated(text)
        return annotation

    def _evaluated(self, text: str) -> Any:
        try:
            return eval(text, {"__builtins__": __builtins__}, self.names)  # noqa: S307 - the class's own source
        except TypeError:
            if sys.version_info >= (3, 10) or "|" not in text:
                raise
            parts = [self._evaluated(part.strip()) for part in text.split("|")]
            return Union[tuple(parts)]

    def _variable(self, variable: Any) -> specs.Spec:
        if variable.__constraints__:
            return specs.UnionSpec(tuple(self.spec(one) for one in variable.__constraints__))
        return self.spec(variable.__bound__) if variable.__bound__ is not None else specs.AnySpec()

    def _generic(self, origin: Any, annotation: Any) -> specs.Spec:
        arguments = typing.get_args(annotation)
        if origin is typing.Annotated:
            choices = [note for note in _notes(annotation) if isinstance(note, Choices)]
            inner = self.spec(arguments[0])
            return specs.ChoicesSpec(choices[-1].values, inner) if choices else inner
        if origin in _UNIONS:
            return specs.UnionSpec(tuple(self.spec(one) for one in arguments))
        if origin is typing.Literal:
            return specs.ChoicesSpec(arguments)
        if origin is list:
            return specs.ListSpec(self.spec(arguments[0]))
        if origin in (set, frozenset):
            return specs.SetSpec(self.spec(arguments[0]))
        if origin is dict:
            return specs.DictSpec(self._key(arguments[0]), self.spec(arguments[1]))
        if origin is tuple:
            return self._tuple(arguments)
        from mendel.typed.config import Config

        if isinstance(origin, type) and issubclass(origin, Config):
            from mendel.typed.nested import ConfigSpec

            return ConfigSpec(origin, tuple(self.spec(one) for one in arguments))
        raise DeclarationError(f"`{_shown(annotation)}` is no type of a field; there are {_SUPPORTED}")

    def _tuple(self, arguments: Tuple[Any, ...]) -> specs.Spec:
        if len(arguments) == 2 and arguments[1] is Ellipsis:
            return specs.TupleSpec((self.spec(arguments[0]),), variadic=True)
        if arguments == ((),):
            arguments = ()
        return specs.TupleSpec(tuple(self.spec(one) for one in arguments), variadic=False)

    def _key(self, annotation: Any) -> specs.Spec:
        key = self.spec(annotation)
        if isinstance(key, (specs.Basic, specs.EnumSpec, specs.ChoicesSpec, specs.AnySpec, specs.VariableSpec)):
            return key
        raise DeclarationError(f"keys of a dict are basic values, not `{key.text}`")

    def _class(self, kind: type) -> specs.Spec:
        if issubclass(kind, Enum):
            return specs.EnumSpec(kind)
        if kind is list:
            return specs.ListSpec(specs.AnySpec())
        if kind in (set, frozenset):
            return specs.SetSpec(specs.AnySpec())
        if kind is dict:
            return specs.DictSpec(specs.AnySpec(), specs.AnySpec())
        if kind is tuple:
            return specs.TupleSpec((specs.AnySpec(),), variadic=True)
        from mendel.typed.config import Config

        if issubclass(kind, Config):
            from mendel.typed.nested import ConfigSpec

            return ConfigSpec(kind, ())
        raise DeclarationError(f"`{_shown(kind)}` is no type of a field; there are {_SUPPORTED}")


def _notes(annotation: Any) -> List[Any]:
    """What stands beside a type, also within the type that it annotates; the outermost last."""
    notes: List[Any] = []
    while typing.get_origin(annotation) is typing.Annotated:
        notes = [*annotation.__metadata__, *notes]
        annotation = annotation.__origin__
    return notes


def _shown(annotation: Any) -> str:
    return annotation.__qualname__ if isinstance(annotation, type) else str(annotation)
