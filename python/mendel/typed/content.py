"""Paths whose content or text is part of the identity."""

from __future__ import annotations

import json
import os

from mendel import _native

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable

_kept: dict[tuple[str, int, int, int], bytes] = {}


def reader(mode: str) -> Callable[[Any], Any]:
    """What reads a path: its content as a digest, or its text."""
    return digest if mode == "content" else str


def digest(path: Any) -> bytes:
    """The digest of a file's bytes, or of a folder's names and files.

    Raises:
        FileNotFoundError: There is nothing to read.
    """
    if os.path.isdir(path):
        listed = [[name, digest(os.path.join(path, name)).hex()] for name in sorted(os.listdir(path))]
        return bytes.fromhex(_native.digest(json.dumps(["folder", listed]).encode()))
    facts = os.stat(path)
    key = (os.path.abspath(path), facts.st_size, facts.st_mtime_ns, facts.st_ino)
    found = _kept.get(key)
    if found is None:
        with open(path, "rb") as stream:
            found = bytes.fromhex(_native.digest(stream.read()))
        _kept[key] = found
    return found
