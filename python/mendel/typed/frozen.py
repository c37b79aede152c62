"""Lists, sets and dicts of sealed configurations: they equal plain ones, and do not change."""

from __future__ import annotations

from mendel.typed.errors import SealedConfiguration

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def _refuse(self: Any, *_: Any, **__: Any) -> Any:
    raise SealedConfiguration("this value belongs to a sealed configuration; `copyconfig(…)` gives one that can change")


def _closed(kind: type, names: str) -> type:
    members = dict.fromkeys(names.split(), _refuse)

    def reduce(self: Any) -> Any:
        return kind, (kind(self),)

    return type(f"Frozen{kind.__name__.title()}", (kind,), {"__slots__": (), "__reduce__": reduce, **members})


FrozenList = _closed(
    list,
    "append clear extend insert pop remove reverse sort __setitem__ __delitem__ __iadd__ __imul__",
)
FrozenDict = _closed(
    dict,
    "clear pop popitem setdefault update __setitem__ __delitem__ __ior__",
)
FrozenSet = _closed(
    set,
    "add clear difference_update discard intersection_update pop remove symmetric_difference_update update "
    "__iand__ __ior__ __isub__ __ixor__",
)


def frozen(value: Any) -> Any:
    """The value with everything that could change replaced by what cannot."""
    if isinstance(value, list):
        return FrozenList([frozen(item) for item in value])
    if isinstance(value, tuple):
        return tuple(frozen(item) for item in value)
    if isinstance(value, dict):
        return FrozenDict({key: frozen(item) for key, item in value.items()})
    if isinstance(value, (set, frozenset)):
        return FrozenSet(value)
    return value


def thawed(value: Any) -> Any:
    """The value as plain lists, sets and dicts, none of them shared."""
    if isinstance(value, list):
        return [thawed(item) for item in value]
    if isinstance(value, tuple):
        return tuple(thawed(item) for item in value)
    if isinstance(value, dict):
        return {key: thawed(item) for key, item in value.items()}
    if isinstance(value, (set, frozenset)):
        return set(value)
    return value
