"""Tags: names and values that people sort their work by. They are no part of the identity."""

from __future__ import annotations

import itertools
import re
import warnings
from enum import Enum
from pathlib import PurePath
from typing import Any, Dict, List, Tuple, TypeVar

from mendel.typed.building import Wrapped, wrapped
from mendel.typed.place import Place, here
from mendel.typed.state import is_configuration
from mendel.typed.walking import within

T = TypeVar("T")
_order = itertools.count()
_UNSAFE_IN_NAME = re.compile(r"[^\w.,+@-]+")
_UNSAFE_IN_VALUE = re.compile(r"(?:[^\w.,+@-]|_)+")


@wrapped
class Tagged(Wrapped):
    """A value that becomes a tag named after the field it is given to."""

    def __init__(self, value: Any) -> None:
        self.value = value
        self.order = next(_order)
        self.place = here()


@wrapped
class Stopped(Wrapped):
    """A value below which no tags are collected."""

    def __init__(self, value: Any) -> None:
        self.value = value


class Tag:
    """The value of a tag, and where it was given."""

    __slots__ = ("order", "place", "value")

    def __init__(self, value: Any, place: Place | None, order: int) -> None:
        self.value = value
        self.place = place
        self.order = order


def tag(value: T) -> T:
    """Marks a value as a tag: ``Encoder(width=tag(64))`` is tagged ``width: 64``."""
    return Tagged(value)  # type: ignore[return-value]


def stop_tags(value: T) -> T:
    """Keeps tags from being collected below a value: ``Fit(encoder=stop_tags(encoder))``."""
    return Stopped(value)  # type: ignore[return-value]


def unwrap(configuration: Any, field: Any, value: Any) -> Any:
    """The plain value; what was noted with it is kept with the configuration."""
    state = configuration.__mendel__
    while isinstance(value, Wrapped):
        if isinstance(value, Stopped):
            state.stopped = state.stopped | {field.name}
        elif isinstance(value, Tagged):
            _keep(state, field.name, Tag(_plain(value.value), value.place, value.order))
        value = value.value
    if state.tags and field.name in state.tags and type(value) in (str, int, float, bool):
        state.tags[field.name].value = field.convert(value)
    return value


def add_tag(configuration: Any, name: str, value: Any) -> None:
    """Adds a tag to a configuration.

    Raises:
        TypeError: The value is none of str, int, float and bool.
    """
    if not isinstance(value, (str, int, float, bool)):
        raise TypeError(f"tag `{name}` is a str, int, float or bool, not {value!r}")
    _keep(configuration.__mendel__, name, Tag(_plain(value), here(), next(_order)))


def _keep(state: Any, name: str, kept: Tag) -> None:
    if state.tags is None:
        state.tags = {}
    state.tags[name] = kept


def _plain(value: Any) -> Any:
    if isinstance(value, Wrapped):
        return _plain(value.value)
    if isinstance(value, Enum):
        return value.name
    if isinstance(value, PurePath):
        return str(value)
    if is_configuration(value):
        return type(value).__name__
    return value if isinstance(value, (str, int, float, bool)) else str(value)


def tags(configuration: Any) -> Dict[str, Any]:
    """The tags of a configuration, of everything below it, and of the tasks its parts came from.

    Where one name has several values, the one given last stands, with a warning.
    """
    found: Dict[str, Tag] = {}
    for name, kept in _collected(configuration):
        known = found.get(name)
        if known is not None and (type(known.value), known.value) != (type(kept.value), kept.value):
            first, last = sorted((known, kept), key=lambda one: one.order)
            warnings.warn(
                f"tag `{name}` is {first.value!r} ({first.place}) and {last.value!r} ({last.place}); "
                "the later one stands",
                UserWarning,
                stacklevel=3,
            )
            kept = last
        found[name] = kept
    return {name: kept.value for name, kept in found.items()}


def _collected(root: Any) -> List[Tuple[str, Tag]]:
    """All tags, those nearest to the root first."""
    rows: List[Tuple[str, Tag]] = []
    seen = set()
    todo = [root]
    while todo:
        one = todo.pop(0)
        if id(one) in seen:
            continue
        seen.add(id(one))
        state = one.__mendel__
        rows.extend((state.tags or {}).items())
        for name in state.schema.fields:
            if name not in state.stopped and name in one.__dict__:
                todo.extend(child for _, child in within(one.__dict__[name]))
        todo.extend(state.init_tasks)
        if state.owner is not None:
            todo.append(state.owner)
    return rows


def tagspath(configuration: Any) -> str:
    """The tags as one name for a file: ``k=v`` sorted by key and joined by ``_``.

    Example:
        >>> from mendel import Config, tagspath
        >>> tagspath(Config().tag("rate", 0.1).tag("data", "a/b"))
        'data=a%2Fb_rate=0.1'
    """
    pairs = sorted(tags(configuration).items())
    return "_".join(f"{_safe(name, _UNSAFE_IN_NAME)}={_safe(value, _UNSAFE_IN_VALUE)}" for name, value in pairs)


def _safe(value: Any, unsafe: re.Pattern[str]) -> str:
    """A text for a file name; different texts stay different. A value holds no `_`, which ends it."""
    return unsafe.sub(lambda match: "".join(f"%{byte:02X}" for byte in match.group().encode()), str(value))
