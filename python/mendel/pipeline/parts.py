"""What a completion keeps of each input, in notes of their own where it is much.

The completion itself stays small, so that many of them are compared quickly, and whoever
needs to know of the inputs reads a part at a time.
"""

from __future__ import annotations

import json
from typing import Any, Dict, Iterator

from mendel import _native
from mendel.store import Store

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mendel.pipeline.types import Document

PART_BYTES = 1 << 20
"""So much is kept in one note, and in the completion itself."""

BY_INPUT = ("configs", "fields", "steps")
"""What is kept by input."""


def put_parts(store: Store, key: str, facts: Document) -> Document:
    """The facts of a completion, those of many inputs replaced by the keys of notes that are put.

    Args:
        store: The store.
        key: The note of the completion.
        facts: What it is to hold; `times` by stage and input, others by input.
    """
    steps = [step for row in (facts.get("steps") or {}).values() for step in row.values()]
    own = sum(step["run"] == facts.get("run") for step in steps)
    shares = {"shares": [own, len(steps) - own]}
    parts = list(_parts(facts))
    if len(parts) == 1:
        return {**facts, **shares}
    rest = {name: value for name, value in facts.items() if name not in BY_INPUT and name != "times"}
    # The keys are others than those of the completion before, which stands until this one does.
    stem = f"part:{_native.digest(key.encode())[:32]}:{_native.new_id()}"
    keys = [f"{stem}:{number}" for number in range(len(parts))]
    for name, part in zip(keys, parts):
        store.put_note(name, part)
    return {**rest, **shares, "parts": keys}


def details(store: Store, note: Document, name: str) -> Document:
    """What a completion keeps under that name: by input, or by stage and input."""
    found: Document = dict(note.get(name) or {})
    for key in note.get("parts") or ():
        for one, value in ((store.note(key) or {}).get(name) or {}).items():
            if name == "times":
                found.setdefault(one, {}).update(value)
            else:
                found[one] = value
    return found


def forget_parts(store: Store, note: Document | None) -> None:
    """Removes the parts of a completion that is replaced or forgotten."""
    for key in (note or {}).get("parts") or ():
        store.put_note(key, None)


def _parts(facts: Document) -> Iterator[Document]:
    """The facts of the inputs, in parts of moderate size; at least one."""
    part, size = _empty(), 0
    for input_id in dict.fromkeys(one for name in BY_INPUT for one in facts.get(name) or {}):
        own: Dict[str, Any] = {name: facts[name][input_id] for name in BY_INPUT if input_id in (facts.get(name) or {})}
        times = {stage: row[input_id] for stage, row in (facts.get("times") or {}).items() if input_id in row}
        length = len(json.dumps(own))
        if size and size + length > PART_BYTES:
            yield part
            part, size = _empty(), 0
        size += length
        for name, value in own.items():
            part[name][input_id] = value
        for stage, seconds in times.items():
            part["times"].setdefault(stage, {})[input_id] = seconds
    yield part


def _empty() -> Dict[str, Dict[str, Any]]:
    return {name: {} for name in (*BY_INPUT, "times")}
