"""When two configurations are equal."""

from __future__ import annotations

import threading

from mendel.typed.state import is_configuration

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_asked = threading.local()


def equal(one: Any, other: Any) -> Any:
    """Sealed ones by identity; others by class and all values, through cycles."""
    if one is other:
        return True
    if not is_configuration(other):
        return NotImplemented
    if one.__mendel__.sealed is not None and other.__mendel__.sealed is not None:
        from mendel.typed.identity import identity

        return identity(one) == identity(other)
    if type(one) is not type(other):
        return False
    pairs = _asked.__dict__.setdefault("pairs", set())
    pair = (id(one), id(other))
    if pair in pairs:
        return True
    pairs.add(pair)
    try:
        fields = one.__mendel__.schema.fields
        mine, yours = one.__dict__, other.__dict__
        return all((name in mine) == (name in yours) and mine.get(name) == yours.get(name) for name in fields)
    finally:
        pairs.discard(pair)
