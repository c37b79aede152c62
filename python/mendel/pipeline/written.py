"""Which files steps wrote, so that a step for which every file counts is not made stale by the others.

A list in the workspace, of lines with seven parts, each followed by a zero byte: path below the
project root, task, stage, input, and how the file looked. The last line about a path holds.
"""

from __future__ import annotations

import os
from typing import Dict, Iterable, Tuple

from mendel.pipeline.look import Stat, look

Step = Tuple[str, str, str]
"""Task, stage, and input as JSON."""


class WrittenFiles:
    """Adds to the list.

    Args:
        list_path: Where it is.
        project: The project root.
    """

    def __init__(self, list_path: str, project: str) -> None:
        self._list = list_path
        self._roots = [root.rstrip("/") + "/" for root in dict.fromkeys((project, os.path.realpath(project)))]
        self._noted: Dict[str, Tuple[Step, Stat]] = {}

    def note(self, step: Step, paths: Iterable[str]) -> None:
        """Notes that a step wrote these files; others than files of the project are passed over."""
        lines = []
        for path in sorted(set(paths)):
            root = next((root for root in self._roots if path.startswith(root)), None)
            stat = look(path) if root is not None and os.path.isfile(path) else None
            if root is None or stat is None or self._noted.get(path) == (step, stat):
                continue
            self._noted[path] = (step, stat)
            parts = [path[len(root) :], *step, *map(str, stat)]
            lines.append("".join(f"{part}\0" for part in parts) + "\n")
        if lines:
            self._add("".join(lines).encode("utf-8", "surrogateescape"))

    def _add(self, content: bytes) -> None:
        os.makedirs(os.path.dirname(self._list), exist_ok=True)
        descriptor = os.open(self._list, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            os.write(descriptor, content)
        finally:
            os.close(descriptor)
