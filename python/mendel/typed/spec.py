"""What a declared type takes, and what it makes of it.

A value is converted when it is set, before any identity is computed: ``"3"`` for a whole
number is 3. What the table of conversions does not list is refused.
"""

from __future__ import annotations

import re
from enum import Enum
from operator import index
from pathlib import Path, PurePath
from typing import Any, Callable, Dict, Iterable, List, Set, Tuple, Type

_WHOLE = re.compile(r"\s*[+-]?[0-9]+\s*\Z")
_BOOLEANS = {"true": True, "yes": True, "false": False, "no": False}


class Mismatch(Exception):
    """A value is not what a type takes.

    Args:
        value: The value.
        expected: The type, in words.
        where: Where within the value of the field, such as ``[2]``.
        hint: What to do about it.
    """

    def __init__(self, value: Any, expected: str, where: str = "", hint: str = "") -> None:
        super().__init__(value, expected, where, hint)
        self.value = value
        self.expected = expected
        self.where = where
        self.hint = hint

    def within(self, step: str) -> Mismatch:
        """The same, seen from the value that holds it."""
        return Mismatch(self.value, self.expected, step + self.where, self.hint)


class Spec:
    """A declared type.

    ``exact`` tells whether a value is of the type as it is; ``convert`` answers the value
    as the type keeps it, or raises :class:`Mismatch`.
    """

    text = "anything"
    is_path = False
    optional = False

    def exact(self, value: Any) -> bool:
        """Whether the value is of the type as it is."""
        raise NotImplementedError

    def convert(self, value: Any) -> Any:
        """The value as the type keeps it."""
        raise NotImplementedError

    def _refuse(self, value: Any, hint: str = "") -> Mismatch:
        return Mismatch(value, self.text, hint=hint)

    def substituted(self, bound: Dict[Any, Spec]) -> Spec:
        """The type with variables replaced."""
        return self


class Basic(Spec):
    """A type whose values are of exactly one Python type."""

    kind: type = object

    def exact(self, value: Any) -> bool:
        """Whether the value is of the type as it is."""
        return type(value) is self.kind


class Int(Basic):
    """A whole number of any size."""

    text = "int"
    kind = int

    def convert(self, value: Any) -> int:
        """The value as the type keeps it."""
        if type(value) is int:
            return value
        if isinstance(value, float):
            if value.is_integer():
                return int(value)
        elif isinstance(value, str):
            if _WHOLE.match(value):
                return _int_of_text(value)
        elif hasattr(type(value), "__index__") and not isinstance(value, Enum):
            return int(index(value))
        raise self._refuse(value)


def _int_of_text(text: str) -> int:
    """``int(text)`` without the limit on digits."""
    digits = text.strip()
    sign = -1 if digits[0] == "-" else 1
    value = 0
    digits = digits.lstrip("+-")
    for start in range(0, len(digits), 1000):
        part = digits[start : start + 1000]
        value = value * 10 ** len(part) + int(part)
    return sign * value


class Float(Basic):
    """A real number."""

    text = "float"
    kind = float

    def convert(self, value: Any) -> float:
        """The value as the type keeps it."""
        if type(value) is float:
            return value
        if isinstance(value, (Enum, bool)):
            raise self._refuse(value)
        try:
            if isinstance(value, str):
                if "_" not in value:
                    return float(value)
            elif isinstance(value, float):
                return float(value)
            elif hasattr(type(value), "__index__"):
                return float(index(value))
        except (ValueError, OverflowError):
            pass
        raise self._refuse(value)


class Bool(Basic):
    """A truth value; numbers only where they are 0 or 1."""

    text = "bool"
    kind = bool

    def convert(self, value: Any) -> bool:
        """The value as the type keeps it."""
        if type(value) is bool:
            return value
        if type(value) is int and value in (0, 1):
            return bool(value)
        if isinstance(value, str) and value.lower() in _BOOLEANS:
            return _BOOLEANS[value.lower()]
        raise self._refuse(value)


class Str(Basic):
    """A text."""

    text = "str"
    kind = str

    def convert(self, value: Any) -> str:
        """The value as the type keeps it."""
        if type(value) is str:
            return value
        if isinstance(value, str) and not isinstance(value, Enum):
            return str.__getitem__(value, slice(None))
        raise self._refuse(value)


class PathSpec(Spec):
    """A path, or the text of one."""

    text = "Path"
    is_path = True

    def exact(self, value: Any) -> bool:
        """Whether the value is of the type as it is."""
        return isinstance(value, PurePath)

    def convert(self, value: Any) -> PurePath:
        """The value as the type keeps it."""
        if isinstance(value, PurePath):
            return value
        if isinstance(value, str):
            return Path(value)
        raise self._refuse(value)


class NoneSpec(Spec):
    """No value."""

    text = "None"

    def exact(self, value: Any) -> bool:
        """Whether the value is of the type as it is."""
        return value is None

    def convert(self, value: Any) -> None:
        """The value as the type keeps it."""
        if value is not None:
            raise self._refuse(value)


class EnumSpec(Spec):
    """A member, or the name of one; never a value, which could be the name of another."""

    def __init__(self, kind: Type[Enum]) -> None:
        self.kind = kind
        self.text = f"{kind.__name__} ({', '.join(kind.__members__)})"

    def exact(self, value: Any) -> bool:
        """Whether the value is of the type as it is."""
        return isinstance(value, self.kind)

    def convert(self, value: Any) -> Enum:
        """The value as the type keeps it."""
        if isinstance(value, self.kind):
            return value
        if type(value) is str and value in self.kind.__members__:
            return self.kind[value]
        raise self._refuse(value)


class ListSpec(Spec):
    """A list; a tuple becomes one."""

    def __init__(self, item: Spec) -> None:
        self.item = item
        self.text = f"list[{item.text}]"

    def exact(self, value: Any) -> bool:
        """Whether the value is of the type as it is."""
        return isinstance(value, list) and all(map(self.item.exact, value))

    def convert(self, value: Any) -> List[Any]:
        """The value as the type keeps it."""
        if not isinstance(value, (list, tuple)):
            raise self._refuse(value)
        return convert_items(self.item, value)

    def substituted(self, bound: Dict[Any, Spec]) -> Spec:
        """The type with variables replaced."""
        return ListSpec(self.item.substituted(bound))


def convert_items(item: Spec, values: Iterable[Any]) -> List[Any]:
    """Each value as ``item`` keeps it.

    Raises:
        Mismatch: The first that is refused, with its position.
    """
    convert = item.convert
    made: List[Any] = []
    for value in values:
        try:
            made.append(convert(value))
        except Mismatch as mismatch:
            raise mismatch.within(f"[{len(made)}]") from None
    return made


class SetSpec(Spec):
    """A set."""

    def __init__(self, item: Spec) -> None:
        self.item = item
        self.text = f"set[{item.text}]"

    def exact(self, value: Any) -> bool:
        """Whether the value is of the type as it is."""
        return isinstance(value, (set, frozenset)) and all(map(self.item.exact, value))

    def convert(self, value: Any) -> Set[Any]:
        """The value as the type keeps it."""
        if not isinstance(value, (set, frozenset)):
            raise self._refuse(value)
        try:
            return {self.item.convert(one) for one in value}
        except Mismatch as mismatch:
            raise mismatch.within("{…}") from None

    def substituted(self, bound: Dict[Any, Spec]) -> Spec:
        """The type with variables replaced."""
        return SetSpec(self.item.substituted(bound))


class DictSpec(Spec):
    """A dict with basic keys."""

    def __init__(self, key: Spec, item: Spec) -> None:
        self.key = key
        self.item = item
        self.text = f"dict[{key.text}, {item.text}]"

    def exact(self, value: Any) -> bool:
        """Whether the value is of the type as it is."""
        return isinstance(value, dict) and all(map(self.key.exact, value)) and all(map(self.item.exact, value.values()))

    def convert(self, value: Any) -> Dict[Any, Any]:
        """The value as the type keeps it."""
        if not isinstance(value, dict):
            raise self._refuse(value)
        made = {}
        for key, item in value.items():
            try:
                kept = self.key.convert(key)
                if kept in made:
                    raise Mismatch(key, f"a key that is given once, {kept!r} is there already")
                made[kept] = self.item.convert(item)
            except Mismatch as mismatch:
                raise mismatch.within(f"[{key!r}]") from None
        return made

    def substituted(self, bound: Dict[Any, Spec]) -> Spec:
        """The type with variables replaced."""
        return DictSpec(self.key.substituted(bound), self.item.substituted(bound))


class TupleSpec(Spec):
    """A tuple of given types, or of any length with one type."""

    def __init__(self, items: Tuple[Spec, ...], variadic: bool) -> None:
        self.items = items
        self.variadic = variadic
        inner = ", ".join(item.text for item in items)
        self.text = f"tuple[{inner}, ...]" if variadic else f"tuple[{inner or '()'}]"

    def exact(self, value: Any) -> bool:
        """Whether the value is of the type as it is."""
        return (
            isinstance(value, tuple)
            and self._fits(value)
            and all(item.exact(one) for item, one in zip(self._specs(value), value))
        )

    def convert(self, value: Any) -> Tuple[Any, ...]:
        """The value as the type keeps it."""
        if not isinstance(value, (tuple, list)) or not self._fits(value):
            raise self._refuse(value)
        if self.variadic:
            return tuple(convert_items(self.items[0], value))
        made: List[Any] = []
        for item, one in zip(self.items, value):
            try:
                made.append(item.convert(one))
            except Mismatch as mismatch:
                raise mismatch.within(f"[{len(made)}]") from None
        return tuple(made)

    def _fits(self, value: Any) -> bool:
        return self.variadic or len(value) == len(self.items)

    def _specs(self, value: Any) -> Tuple[Spec, ...]:
        return self.items * len(value) if self.variadic else self.items

    def substituted(self, bound: Dict[Any, Spec]) -> Spec:
        """The type with variables replaced."""
        return TupleSpec(tuple(item.substituted(bound) for item in self.items), self.variadic)


class UnionSpec(Spec):
    """The first member that takes a value as it is; else the first that converts it."""

    def __init__(self, members: Tuple[Spec, ...]) -> None:
        self.members = members
        self.optional = any(isinstance(member, NoneSpec) for member in members)
        values = [member for member in members if not isinstance(member, NoneSpec)]
        self.is_path = bool(values) and all(member.is_path for member in values)
        self.text = " | ".join(member.text for member in members)

    def exact(self, value: Any) -> bool:
        """Whether the value is of the type as it is."""
        return any(member.exact(value) for member in self.members)

    def convert(self, value: Any) -> Any:
        """The value as the type keeps it."""
        for member in self.members:
            if member.exact(value):
                return member.convert(value)
        hint = where = ""
        for member in self.members:
            try:
                return member.convert(value)
            except Mismatch as mismatch:
                hint = hint or mismatch.hint
                if len(self.members) == 2 and self.optional and mismatch.where:
                    raise
        raise Mismatch(value, self.text, where, hint)

    def substituted(self, bound: Dict[Any, Spec]) -> Spec:
        """The type with variables replaced."""
        return UnionSpec(tuple(member.substituted(bound) for member in self.members))


class ChoicesSpec(Spec):
    """One of listed values."""

    def __init__(self, values: Tuple[Any, ...], item: Spec | None = None) -> None:
        self.values = values
        self.item = item
        self.text = "one of " + ", ".join(map(repr, values))

    def exact(self, value: Any) -> bool:
        """Whether the value is of the type as it is."""
        return any(type(one) is type(value) and one == value for one in self.values)

    def convert(self, value: Any) -> Any:
        """The value as the type keeps it."""
        if self.item is not None:
            try:
                value = self.item.convert(value)
            except Mismatch:
                raise self._refuse(value) from None
        for one in self.values:
            if type(one) is type(value) and one == value:
                return one
        raise self._refuse(value)


class AnySpec(Spec):
    """Every value that has an identity."""

    text = "a value that has an identity"

    def exact(self, value: Any) -> bool:
        """Whether the value is of the type as it is."""
        try:
            self.convert(value)
        except Mismatch:
            return False
        return True

    def convert(self, value: Any) -> Any:
        """The value as the type keeps it."""
        kind = type(value)
        if value is None or kind in (bool, int, float, str) or isinstance(value, (Enum, PurePath)):
            return value
        convert = _CONTAINERS.get(kind)
        if convert is not None:
            return convert(self, value)
        for base, convert in _CONTAINERS.items():
            if isinstance(value, base):
                return convert(self, value)
        for spec in (Bool(), Int(), Float(), Str()):
            if isinstance(value, spec.kind):
                return spec.convert(value)
        from mendel.typed.config import Config
        from mendel.typed.state import is_configuration

        if is_configuration(value):
            return value
        hint = "give `obj.mendel_config` instead of the instance" if isinstance(value, Config) else ""
        raise self._refuse(value, hint)


def _any_dict(spec: AnySpec, value: Dict[Any, Any]) -> Dict[Any, Any]:
    return DictSpec(spec, spec).convert(value)


_CONTAINERS: Dict[type, Callable[[AnySpec, Any], Any]] = {
    list: convert_items,
    tuple: lambda spec, value: tuple(convert_items(spec, value)),
    dict: _any_dict,
    set: lambda spec, value: SetSpec(spec).convert(value),
    frozenset: lambda spec, value: SetSpec(spec).convert(value),
}


class VariableSpec(Spec):
    """A type variable: its bound or constraints, and the same type wherever it stands."""

    def __init__(self, variable: Any, inner: Spec) -> None:
        self.variable = variable
        self.inner = inner
        self.text = variable.__name__

    def exact(self, value: Any) -> bool:
        """Whether the value is of the type as it is."""
        return self.inner.exact(value)

    def convert(self, value: Any) -> Any:
        """The value as the type keeps it."""
        return self.inner.convert(value)

    def substituted(self, bound: Dict[Any, Spec]) -> Spec:
        """The type with variables replaced."""
        return bound.get(self.variable, self)
