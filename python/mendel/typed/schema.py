"""The fields of a class, and what is needed to make configurations of it."""

from __future__ import annotations

import re
import sys
import warnings
from enum import Enum
from pathlib import PurePath
from typing import Any, Callable, Dict, List, Mapping, Tuple

from mendel.typed.errors import DeclarationError
from mendel.typed.fields import MISSING, Field, FieldOptions
from mendel.typed.kinds import CONSTANT, PathGenerator
from mendel.typed.place import Place
from mendel.typed.type_id import type_id

_KINDS = re.compile(r"\b(Param|Meta|Option|Constant|DataPath|OptionalDataPath|Annotated|Choice)\b")
_PLAIN = (type(None), bool, int, float, str, Enum, PurePath)


class Schema:
    """What a class declares. It is read when the class is made; where annotations name
    what does not exist yet, when the class is first used.

    Args:
        cls: The class.
        frame: Where the class is made; holds the names that annotations may use.
    """

    def __init__(self, cls: Any, frame: Any) -> None:
        self.cls = cls
        self.fields: Dict[str, Field] = {}
        self.place = Place(frame.f_code.co_filename, frame.f_lineno)
        self.value_class: type | None = None
        self.renamed: Dict[str, Callable[[Any, Any], None]] = {}
        self.partials: Dict[str, Any] = {}
        self.hooks: Tuple[Any, ...] = ()
        self.successor: Any = None
        self.replaced = False
        self.plan: Any = None
        self.configuration: Any = None
        self.defaults: Dict[str, Any] = {}
        self.makers: List[Tuple[str, Callable[[], Any]]] = []
        self._frame = frame
        self._id: str | None = None
        self._given = {name: cls.__dict__.get(name, MISSING) for name in own_annotations(cls)}
        self._resolve(first=True)

    @property
    def resolved(self) -> bool:
        """Whether all annotations could be read."""
        return self._frame is None

    @property
    def type_id(self) -> str:
        """The stable name of the class; that of its successor, where it was renamed."""
        if self._id is None:
            moved = self.successor if self.successor in self.cls.__mro__[1:] and self.converter is None else None
            self._id = schema_of(moved).type_id if moved is not None else type_id(self.cls)
        return self._id

    @property
    def converter(self) -> Callable[[Any], Any] | None:
        """The class's own ``__convert__``, which makes its successor."""
        found: Callable[[Any], Any] | None = self.cls.__dict__.get("__convert__")
        return found

    def forget(self) -> None:
        """Lets what follows from the class be found again, after it was changed by a decorator."""
        self._id = self.plan = self.configuration = None

    def resolve(self) -> None:
        """Reads the annotations that could not be read before.

        Raises:
            DeclarationError: They name what does not exist.
        """
        if self._frame is not None:
            self._resolve(first=False)

    def _resolve(self, first: bool) -> None:
        from mendel.typed.annotation import Reader

        parents = [
            base.__dict__["__mendel_schema__"] for base in self.cls.__mro__[1:] if "__mendel_schema__" in base.__dict__
        ]
        if not first:
            for parent in parents:
                parent.resolve()
        elif not all(parent.resolved for parent in parents):
            return
        reader = Reader(_Names(self._frame, self.cls))
        own: Dict[str, Field] = {}
        for name, annotation in own_annotations(self.cls).items():
            try:
                declared = reader.declared(annotation)
            except NameError as error:
                if isinstance(annotation, str) and not _KINDS.search(annotation):
                    continue
                if first:
                    return
                raise DeclarationError(
                    f"field `{name}` of `{self.cls.__qualname__}`: {error}; it was declared in {self.place}"
                ) from None
            except DeclarationError as error:
                raise DeclarationError(f"field `{name}` of `{self.cls.__qualname__}`: {error} ({self.place})") from None
            if declared is not None:
                own[name] = self._field(name, declared)
        self._frame = None
        self._join(parents, own)

    def _field(self, name: str, declared: Any) -> Field:
        given = self._given[name]
        options = given if isinstance(given, FieldOptions) else FieldOptions(default=given, ignore_default=True)
        field = Field(self.cls, name, declared.kind, declared.spec)
        field.doc = declared.doc
        field.generator = declared.generator
        if isinstance(options.factory, PathGenerator):
            field.generator = options.factory
        elif isinstance(options.default, PathGenerator):
            field.generator = options.default
            options = FieldOptions()
        else:
            field.factory = options.factory
        field.groups, field.overrides, field.identity = options.groups, options.overrides, options.identity
        field.ignored = options.ignore_default and declared.kind is not CONSTANT
        field.keeps_generated = not options.ignore_generated
        if options.default is not MISSING:
            field.default = self._checked_default(field, options.default)
        elif field.factory is None and field.generator is None and field.spec.optional:
            field.default = None
        if declared.kind is CONSTANT and field.required:
            raise DeclarationError(f"constant `{name}` of `{self.cls.__qualname__}` needs a value ({self.place})")
        if field.identity is not None and not field.spec.is_path:
            raise DeclarationError(f"`identity=` is for paths; field `{name}` of `{self.cls.__qualname__}` is none")
        return field

    def _checked_default(self, field: Field, value: Any) -> Any:
        from mendel.typed.spec import Mismatch

        try:
            return field.convert(value)
        except Mismatch as mismatch:
            raise DeclarationError(
                f"the default of field `{field.name}` of `{self.cls.__qualname__}` is {mismatch.value!r}, "
                f"which is not {mismatch.expected} ({self.place})"
            ) from None

    def _join(self, parents: List[Schema], own: Dict[str, Field]) -> None:
        for parent in reversed(parents):
            for name, field in parent.fields.items():
                self.fields[name] = field
            self.renamed.update(parent.renamed)
            self.partials.update(parent.partials)
        for name, field in own.items():
            if name in self.fields:
                self._check_override(self.fields[name], field)
            self.fields[name] = field
            if name in self.cls.__dict__:
                delattr(self.cls, name)
        for name, value in list(self.cls.__dict__.items()):
            if name in self.fields and name not in own:
                raise DeclarationError(
                    f"`{name}` of `{self.cls.__qualname__}` is a field of `{self.fields[name].home.__qualname__}`; "
                    f"declare it again with its type and `field(…, overrides=True)` ({self.place})"
                )
            self._take_member(name, value)
        for name, field in self.fields.items():
            self._take_default(name, field)

    def _check_override(self, before: Field, field: Field) -> None:
        from mendel.typed.nested import ConfigSpec

        one, other = before.spec, field.spec
        narrows = isinstance(one, ConfigSpec) and isinstance(other, ConfigSpec) and issubclass(other.kind, one.kind)
        if not narrows and (type(one) is not type(other) or one.text != other.text):
            raise DeclarationError(
                f"field `{field.name}` of `{self.cls.__qualname__}` is `{other.text}`, and `{one.text}` in "
                f"`{before.home.__qualname__}`; a redefined field keeps its type, or narrows a configuration "
                f"({self.place})"
            )
        if not field.overrides:
            warnings.warn(
                f"field `{field.name}` of `{self.cls.__qualname__}` redefines that of "
                f"`{before.home.__qualname__}`; say `field(…, overrides=True)` if that is meant ({self.place})",
                UserWarning,
                stacklevel=2,
            )

    def _take_member(self, name: str, value: Any) -> None:
        from mendel.typed.fields import RenamedParameter
        from mendel.typed.partials import Partial

        if isinstance(value, RenamedParameter):
            self.renamed[name] = value.function
            delattr(self.cls, name)
        elif isinstance(value, Partial):
            value.name = name
            self.partials[name] = value

    def _take_default(self, name: str, field: Field) -> None:
        if field.factory is not None:
            self.makers.append((name, _Maker(field)))
        elif field.default is not MISSING:
            if isinstance(field.default, _PLAIN):
                self.defaults[name] = field.default
            else:
                self.makers.append((name, _Maker(field)))

    def fresh_default(self, field: Field) -> Any:
        """The default of a field as a value of its own.

        Raises:
            LookupError: The field has none.
        """
        if field.factory is None and field.default is MISSING:
            raise LookupError(field.name)
        return _Maker(field)()


class _Maker:
    """Makes the default of a field anew."""

    __slots__ = ("field",)

    def __init__(self, field: Field) -> None:
        self.field = field

    def __call__(self) -> Any:
        from mendel.typed.copying import clone

        field = self.field
        if field.factory is None:
            return clone(field.default)
        from mendel.typed.spec import Mismatch

        made = field.factory()
        try:
            return field.convert(made)
        except Mismatch as mismatch:
            raise DeclarationError(
                f"the factory of field `{field.name}` of `{field.home.__qualname__}` made {mismatch.value!r}, "
                f"which is not {mismatch.expected}"
            ) from None


class _Names(Mapping[str, Any]):
    """Names for annotations: the class itself, its scope, its module."""

    def __init__(self, frame: Any, cls: Any) -> None:
        module = sys.modules.get(cls.__module__)
        self.scopes = [{cls.__name__: cls}, frame.f_locals, frame.f_globals, vars(module) if module else {}]

    def __getitem__(self, name: str) -> Any:
        for scope in self.scopes:
            if name in scope:
                return scope[name]
        raise KeyError(name)

    def __iter__(self) -> Any:
        return iter({name for scope in self.scopes for name in scope})

    def __len__(self) -> int:
        return sum(map(len, self.scopes))


def _own_schema(cls: type) -> Schema | None:
    return cls.__dict__.get("__mendel_schema__")


def own_annotations(cls: type) -> Dict[str, Any]:
    """The annotations of the class itself, those that cannot be evaluated yet as text."""
    if sys.version_info >= (3, 14):
        import annotationlib

        return annotationlib.get_annotations(cls, format=annotationlib.Format.FORWARDREF)
    found = cls.__dict__.get("__annotations__", {})
    return dict(found)


def schema_of(cls: Any) -> Schema:
    """What the class declares, with all annotations read."""
    schema: Schema = cls.__mendel_schema__
    if not schema.resolved:
        schema.resolve()
    return schema
