"""Identity once more, in plain Python and without any cleverness, to compare with."""

from __future__ import annotations

import struct
from enum import Enum
from pathlib import PurePath
from typing import Any, List, Optional, Tuple

from mendel import _native
from mendel.typed.kinds import CONSTANT, DATA, META
from mendel.typed.schema import schema_of


class Dropped(Exception):
    """The value is one that does not count."""


def identity(configuration: Any) -> str:
    """The identity of a configuration without init tasks, owners, forced parts or visible sharing."""
    return f"m1:{_native.digest(form_of(configuration, [], hashed=True))}"


def spelled(configuration: Any) -> bytes:
    """All that counts of a configuration, with nothing hashed."""
    return form_of(configuration, [], hashed=False)


def form_of(configuration: Any, path: List[Any], hashed: bool) -> bytes:
    """The bytes that are hashed; what is nested by its digest, or written out."""
    path = [*path, configuration]
    schema = schema_of(type(configuration))
    included: List[Tuple[str, bytes]] = []
    for name, field in schema.fields.items():
        form = _field(configuration, field, path, hashed)
        if form is not None:
            included.append((name, form))
    form = text("mendel identity 1") + text("configuration") + count(b"c", 0) + text(schema.type_id)
    form += count(b"c", len(included))
    for name, written in sorted(included, key=lambda one: one[0].encode()):
        form += text(name) + written
    return form + count(b"c", 0)


def _field(configuration: Any, field: Any, path: List[Any], hashed: bool) -> Optional[bytes]:
    value = configuration.__dict__.get(field.name)
    if field.kind in (META, DATA) or field.generator is not None or field.spec.is_path:
        return None
    try:
        form = encoded(value, path, hashed)
    except Dropped:
        return None
    ignorable = field.ignored and field.kind is not CONSTANT and not field.required
    if ignorable and form == encoded(schema_of(type(configuration)).fresh_default(field), path, hashed):
        return None
    if field.spec.optional and field.default is None and value is None:
        return None
    return form


def encoded(value: Any, path: List[Any], hashed: bool) -> bytes:
    """A value as tag, length and bytes."""
    if value is None:
        return tagged(b"n", b"")
    if isinstance(value, Enum):
        kind = type(value)
        return count(b"e", 2) + text(f"{kind.__module__}.{kind.__qualname__}".lower()) + text(value.name)
    if isinstance(value, bool):
        return tagged(b"b", bytes([value]))
    if isinstance(value, int):
        magnitude = abs(value).to_bytes((abs(value).bit_length() + 7) // 8, "big")
        return tagged(b"i", bytes([value < 0]) + magnitude)
    if isinstance(value, float):
        if value != value:
            return tagged(b"f", bytes.fromhex("7ff8000000000000"))
        return tagged(b"f", struct.pack(">d", value + 0.0))
    if isinstance(value, str):
        return text(value)
    if isinstance(value, PurePath):
        return tagged(b"p", str(value).encode())
    if isinstance(value, (list, tuple)):
        items = kept(value, path, hashed)
        return count(b"l" if isinstance(value, list) else b"t", len(items)) + b"".join(items)
    if isinstance(value, (set, frozenset)):
        items = sorted(set(kept(value, path, hashed)))
        return count(b"u", len(items)) + b"".join(items)
    if isinstance(value, dict):
        pairs = []
        for key, item in value.items():
            try:
                pairs.append(encoded(key, path, hashed) + encoded(item, path, hashed))
            except Dropped:
                continue
        return count(b"m", len(pairs)) + b"".join(sorted(pairs))
    if value.__mendel__.meta:
        raise Dropped
    for distance, above in enumerate(reversed(path), 1):
        if above is value:
            return count(b"r", distance)
    form = form_of(value, path, hashed)
    return tagged(b"o", bytes.fromhex(_native.digest(form)) if hashed else form)


def kept(values: Any, path: List[Any], hashed: bool) -> List[bytes]:
    """The elements that count."""
    found = []
    for value in values:
        try:
            found.append(encoded(value, path, hashed))
        except Dropped:
            continue
    return found


def tagged(tag: bytes, content: bytes) -> bytes:
    """A part."""
    return tag + struct.pack(">Q", len(content)) + content


def text(content: str) -> bytes:
    """A text."""
    return tagged(b"s", content.encode("utf-8", "surrogatepass"))


def count(tag: bytes, parts: int) -> bytes:
    """The number of parts that follow."""
    return tagged(tag, struct.pack(">Q", parts))
