"""Plain values: how hyperparameters are written as JSON without losing a difference.

A number keeps its kind, NaN equals NaN, a tuple equals a list of the same items, and the
order of keys does not count.
"""

from __future__ import annotations

import datetime
import json
import math
import os
from typing import Any, Mapping

_NUMBERS = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}
"""How the reader of task files, too, writes the numbers that JSON has not."""


def plain(value: Any) -> Any:
    """`value` in the kinds that JSON has."""
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else _named(value)
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, (set, frozenset)):
        return {"$set": sorted((plain(item) for item in value), key=_text)}
    if isinstance(value, (datetime.date, datetime.datetime)):
        return value.isoformat()
    if isinstance(value, bytes):
        return {"$bytes": value.hex()}
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    if hasattr(value, "tolist"):
        return plain(value.tolist())
    entries = getattr(value, "entries", None)
    if isinstance(entries, dict):
        return plain(entries)
    return {"$object": f"{type(value).__module__}.{type(value).__qualname__}", "text": repr(value)}


def canonical(value: Any) -> str:
    """One text for equal values."""
    return _text(plain(value))


def document(value: Any) -> str:
    """JSON as the server reads it: no text that is not Unicode, no number that is none."""
    return json.dumps(plain(value), ensure_ascii=True, allow_nan=False)


def restored(value: Any) -> Any:
    """The value that `plain` wrote, as far as it can be told."""
    if isinstance(value, list):
        return [restored(item) for item in value]
    if isinstance(value, str):
        return _NUMBERS.get(value, value)
    if not isinstance(value, dict):
        return value
    if set(value) == {"$bytes"}:
        return bytes.fromhex(value["$bytes"])
    if set(value) == {"$set"}:
        return set(restored(value["$set"]))
    return {key: restored(item) for key, item in value.items()}


def _named(value: float) -> str:
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"


def _text(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)
