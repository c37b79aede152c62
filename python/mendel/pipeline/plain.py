"""Plain values: how hyperparameters are written as JSON without losing a difference.

A value that JSON has no kind for is text with YAML's own tag before it, such as
`!!timestamp 2001-02-03`, and so is a key that is no text: `!!int 1`. Text that begins with
`!!` has `!!str ` before it. The reader of task files writes them so, too. A number keeps its
kind, NaN equals NaN, a tuple equals a list of the same items, and the order of keys does not
count.
"""

from __future__ import annotations

import base64
import datetime
import json
import math
import os
from typing import Any, Callable, Dict, Mapping

MARK = "!!"
"""What every tag begins with."""

_SMALLEST, _LARGEST = -(2**63), 2**64 - 1
"""The whole numbers that JSON documents hold; others would lose digits on their way."""


def plain(value: Any) -> Any:
    """`value` in the kinds that JSON has."""
    if isinstance(value, str):
        return f"{MARK}str {value}" if value.startswith(MARK) else value
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return value if _SMALLEST <= value <= _LARGEST else f"{MARK}int {int(value)}"
    if isinstance(value, float):
        return value if math.isfinite(value) else f"{MARK}float {_odd(value)}"
    if isinstance(value, (dict, Mapping)):
        return {key_name(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, (set, frozenset)):
        return {f"{MARK}set": sorted((plain(item) for item in value), key=_text)}
    if isinstance(value, (datetime.date, datetime.datetime)):
        return f"{MARK}timestamp {value.isoformat()}"
    if isinstance(value, bytes):
        return f"{MARK}binary {base64.b64encode(value).decode()}"
    if isinstance(value, os.PathLike):
        return plain(os.fspath(value))
    if hasattr(value, "tolist"):
        return plain(value.tolist())
    entries = getattr(value, "entries", None)
    if isinstance(entries, dict):
        return plain(entries)
    return {f"{MARK}object": f"{type(value).__module__}.{type(value).__qualname__}", "text": repr(value)}


def key_name(key: Any) -> str:
    """A key as JSON has it: text."""
    if isinstance(key, str):
        return str(plain(key))
    if key is None:
        return f"{MARK}null null"
    if isinstance(key, bool):
        return f"{MARK}bool {str(key).lower()}"
    if isinstance(key, int):
        return f"{MARK}int {int(key)}"
    if isinstance(key, float):
        return f"{MARK}float {float.__repr__(key) if math.isfinite(key) else _odd(key)}"
    written = plain(key)
    return written if isinstance(written, str) else f"{MARK}key {_text(written)}"


def canonical(value: Any) -> str:
    """One text for equal values."""
    return _text(plain(value))


def document(value: Any) -> str:
    """JSON as the server reads it: no text that is not Unicode, no number that is none."""
    return json.dumps(plain(value), ensure_ascii=True, allow_nan=False)


def restored(value: Any) -> Any:
    """The value that `plain` wrote, as far as it can be told."""
    if isinstance(value, str):
        return _restored_text(value) if value.startswith(MARK) else value
    if isinstance(value, list):
        return [restored(item) for item in value]
    if not isinstance(value, dict):
        return value
    if set(value) == {f"{MARK}set"}:
        return set(restored(value[f"{MARK}set"]))
    return {restored(key): restored(item) for key, item in value.items()}


def _restored_text(text: str) -> Any:
    tag, _, written = text[len(MARK) :].partition(" ")
    read = _READERS.get(tag)
    return text if read is None else read(written)


def _moment(text: str) -> datetime.date:
    return datetime.datetime.fromisoformat(text) if "T" in text else datetime.date.fromisoformat(text)


_READERS: Dict[str, Callable[[str], Any]] = {
    "str": str,
    "int": int,
    "float": lambda text: float(text.replace(".nan", "nan").replace(".inf", "inf")),
    "bool": lambda text: text == "true",
    "null": lambda text: None,
    "timestamp": _moment,
    "binary": base64.b64decode,
    "key": lambda text: _hashable(restored(json.loads(text))),
}


def _hashable(value: Any) -> Any:
    if isinstance(value, list):
        return tuple(_hashable(item) for item in value)
    return frozenset(value) if isinstance(value, set) else value


def _odd(value: float) -> str:
    return ".nan" if math.isnan(value) else ".inf" if value > 0 else "-.inf"


def _text(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)
