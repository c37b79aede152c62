"""Configurations as values of fields, and type variables that must agree."""

from __future__ import annotations

from typing import Any, Dict, Tuple

from mendel.typed.config import Config
from mendel.typed.deprecation import stands_for
from mendel.typed.schema import schema_of
from mendel.typed.spec import Mismatch, Spec, VariableSpec
from mendel.typed.state import is_configuration


class ConfigSpec(Spec):
    """A configuration of a class, or of one derived from it."""

    def __init__(self, kind: type, arguments: Tuple[Spec, ...]) -> None:
        self.kind = kind
        self.arguments = arguments
        inner = f"[{', '.join(one.text for one in arguments)}]" if arguments else ""
        self.text = f"{kind.__name__}{inner}"

    def exact(self, value: Any) -> bool:
        """Whether the value is of the type as it is."""
        return isinstance(value, self.kind) and is_configuration(value)

    def convert(self, value: Any) -> Any:
        """The value as the type keeps it."""
        if is_configuration(value):
            if isinstance(value, self.kind):
                self._check_arguments(value)
                return value
            successor = stands_for(value)
            if successor is not value and isinstance(successor, self.kind):
                return successor
        elif isinstance(value, Config):
            raise self._refuse(value, "this is an instance; give `obj.mendel_config`, its configuration")
        elif isinstance(value, type) and issubclass(value, Config):
            raise self._refuse(value, f"this is a class; give a configuration, `{value.__name__}(…)`")
        raise self._refuse(value)

    def _check_arguments(self, value: Any) -> None:
        if not self.arguments:
            return
        names = getattr(self.kind, "__parameters__", ())
        bound = dict(zip(names, self.arguments))
        for field in schema_of(type(value)).fields.values():
            kept = field.spec.substituted(bound)
            if kept is field.spec or field.name not in value.__dict__:
                continue
            try:
                if kept.convert(value.__dict__[field.name]) != value.__dict__[field.name]:
                    raise Mismatch(value.__dict__[field.name], kept.text)
            except Mismatch as mismatch:
                raise mismatch.within(f".{field.name}") from None

    def substituted(self, bound: Dict[Any, Spec]) -> Spec:
        """The type with variables replaced."""
        return ConfigSpec(self.kind, tuple(one.substituted(bound) for one in self.arguments))


def variable_conflict(configuration: Any) -> str:
    """Where two fields give one type variable different types, in words; else nothing."""
    bound: Dict[Any, Tuple[str, type]] = {}
    for field in schema_of(type(configuration)).fields.values():
        if not _has_variable(field.spec) or field.name not in configuration.__dict__:
            continue
        for variable, value in _bindings(field.spec, configuration.__dict__[field.name]):
            kind = schema_of(type(value)).cls if is_configuration(value) else type(value)
            name, other = bound.setdefault(variable, (field.name, kind))
            if not (issubclass(kind, other) or issubclass(other, kind)) or bool in (kind, other) and kind is not other:
                return (
                    f"`{variable.__name__}` is `{other.__name__}` in field `{name}` "
                    f"and `{kind.__name__}` in field `{field.name}`"
                )
    return ""


def _has_variable(spec: Spec) -> bool:
    return any(isinstance(one, VariableSpec) for one in _parts(spec))


def _parts(spec: Spec) -> Any:
    yield spec
    for name in ("item", "key"):
        inner = getattr(spec, name, None)
        if isinstance(inner, Spec):
            yield from _parts(inner)
    for name in ("items", "members", "arguments"):
        for inner in getattr(spec, name, ()):
            yield from _parts(inner)


def _bindings(spec: Spec, value: Any) -> Any:
    """The type variables within ``spec``, each with a value that stands for it."""
    if isinstance(spec, VariableSpec):
        if value is not None:
            yield spec.variable, value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _bindings(spec.key, key)  # type: ignore[attr-defined]
            yield from _bindings(spec.item, item)  # type: ignore[attr-defined]
    elif isinstance(value, (list, set, frozenset)) and hasattr(spec, "item"):
        for item in value:
            yield from _bindings(spec.item, item)
    elif isinstance(value, tuple) and hasattr(spec, "items"):
        items = spec.items * len(value) if getattr(spec, "variadic", False) else spec.items
        for inner, item in zip(items, value):
            yield from _bindings(inner, item)
    elif hasattr(spec, "members"):
        for member in spec.members:
            if member.exact(value):
                yield from _bindings(member, value)
                return
    elif hasattr(spec, "arguments") and is_configuration(value):
        names = getattr(spec.kind, "__parameters__", ())  # type: ignore[attr-defined]
        for name, argument in zip(names, spec.arguments):
            for field in schema_of(type(value)).fields.values():
                if isinstance(field.spec, VariableSpec) and field.spec.variable is name:
                    held = value.__dict__.get(field.name)
                    if held is not None:
                        yield from _bindings(argument, held)
