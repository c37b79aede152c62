"""Writes plain values as YAML, so that no YAML package is needed to do so."""

from __future__ import annotations

import base64
import datetime
import json
import math
from typing import Any, Iterator, Mapping


def block(entries: Mapping[str, Any], indent: int = 0) -> Iterator[str]:
    """The lines of a mapping, nested mappings indented by two."""
    for key, value in entries.items():
        margin = " " * indent + _key(key)
        if isinstance(value, Mapping) and value:
            yield f"{margin}:"
            yield from block(value, indent + 2)
        else:
            yield f"{margin}: {_flow(value)}"


def _key(key: Any) -> str:
    text = str(key)
    return text if isinstance(key, str) and text.replace("-", "_").isidentifier() and text not in _WORDS else _flow(key)


_WORDS = {
    "true",
    "false",
    "yes",
    "no",
    "on",
    "off",
    "null",
    "y",
    "n",
    "True",
    "False",
    "Yes",
    "No",
    "On",
    "Off",
    "None",
}


def _flow(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        printable = value.isprintable() and "\n" not in value
        return "'" + value.replace("'", "''") + "'" if printable else json.dumps(value)
    if isinstance(value, int):
        return str(int(value))
    if isinstance(value, (datetime.date, datetime.datetime)):
        return value.isoformat()
    if isinstance(value, bytes):
        return f"!!binary {base64.b64encode(value).decode()}"
    if isinstance(value, float):
        return _float(value)
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_flow(key)}: {_flow(item)}" for key, item in value.items()) + "}"
    if isinstance(value, (list, tuple, set, frozenset)):
        return "[" + ", ".join(_flow(item) for item in value) + "]"
    if hasattr(value, "tolist"):
        return _flow(value.tolist())
    return _flow(str(value))


def _float(value: float) -> str:
    if math.isnan(value):
        return ".nan"
    if math.isinf(value):
        return ".inf" if value > 0 else "-.inf"
    text = float.__repr__(value)
    mantissa, mark, exponent = text.partition("e")
    if not mark:
        return text
    # YAML 1.1 takes an exponent for a number only after a dot and with a sign.
    mantissa = mantissa if "." in mantissa else mantissa + ".0"
    return f"{mantissa}e{exponent if exponent[0] in '+-' else '+' + exponent}"
