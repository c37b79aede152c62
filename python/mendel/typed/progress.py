"""How far a task is: reported from inside, shown to whoever follows."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Sized
from pathlib import Path

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Iterable, Iterator, TypeVar

    T = TypeVar("T")

REPORT_SECONDS = 0.5
FILE = "progress.json"

_levels: dict[int, dict[str, Any]] = {}
_reported = 0.0


def progress(value: float, desc: str = "", level: int = 0) -> None:
    """Tells how far the task is; outside of a task this does nothing.

    Args:
        value: Between 0 and 1.
        desc: What is being done.
        level: 0 for the whole, 1 for a part of it, and so on; deeper levels begin anew.

    Example:
        >>> progress(0.4, desc="fold 2 of 5")
    """
    global _reported
    _levels[level] = {"level": level, "progress": min(max(float(value), 0.0), 1.0), "desc": desc}
    for deeper in [one for one in _levels if one > level]:
        del _levels[deeper]
    now = time.monotonic()
    folder = os.environ.get("MENDEL_TASK_DIR")
    if folder is None or (now - _reported < REPORT_SECONDS and value < 1):
        return
    _reported = now
    target = Path(folder) / ".mendel" / FILE
    part = target.with_name(f".{FILE}.{os.getpid()}")
    try:
        part.write_text(json.dumps([_levels[one] for one in sorted(_levels)]))
        os.replace(part, target)
    except OSError:
        # A full disk must not stop a task for the sake of its progress.
        return


def tqdm(items: Iterable[T], total: int | None = None, desc: str = "", level: int = 0, **_: Any) -> Iterator[T]:
    """Goes through ``items`` and tells how far it is.

    Example:
        >>> list(tqdm([1, 2]))
        [1, 2]
    """
    length = total if total is not None else len(items) if isinstance(items, Sized) else 0
    for position, item in enumerate(items):
        if length:
            progress(position / length, desc, level)
        yield item
    progress(1, desc, level)
