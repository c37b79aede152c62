"""Which files of the project a stage reads, through the audit events of the interpreter."""

from __future__ import annotations

import os
import sys
from typing import Any, Dict, Iterator, Tuple

_WRITES = os.O_WRONLY | os.O_RDWR
_FOREIGN = ("/__pycache__/", "/.git/", "/site-packages/", "/dist-packages/", "/.mendel/")
_CODE = (".pyc", ".so")
# Who reads source as source: imports and tracebacks, whose files count as code or not at all.
_READERS = ("/linecache.py", "/tokenize.py", "/inspect.py")

Stat = Tuple[int, int, int]


class Reads:
    """Files that were opened for reading while it was active, each with how it looked then.

    Args:
        root: Only files below this folder are recorded.
    """

    def __init__(self, root: str) -> None:
        self.root = os.path.realpath(root).rstrip("/") + "/"
        self.files: Dict[str, Stat | None] = {}
        self.written: set[str] = set()

    def __enter__(self) -> Reads:
        _install()
        _active.append(self)
        return self

    def __exit__(self, *details: Any) -> None:
        _active.remove(self)

    def opened(self, path: Any, flags: int) -> None:
        """Hears of a file that is opened."""
        if isinstance(path, int):
            return
        name = os.path.realpath(os.fsdecode(os.fspath(path)))
        if not name.startswith(self.root) or name.endswith(_CODE) or (name.endswith(".py") and _is_of_python()):
            return
        if any(part in name[len(self.root) - 1 :] for part in _FOREIGN):
            return
        reads = not flags & os.O_WRONLY and not flags & os.O_TRUNC
        if reads and name not in self.written and name not in self.files:
            self.files[name] = look(name)
        if flags & _WRITES:
            self.written.add(name)

    def unwritten(self) -> Iterator[tuple[str, Stat | None]]:
        """The files that were read, and are as they were or were not opened for writing."""
        for name, then in sorted(self.files.items()):
            if name not in self.written or (then is not None and look(name) == then):
                yield name, then


def _is_of_python() -> bool:
    """Whether a file is being opened by the import system, or to show source lines."""
    frame = sys._getframe(3)
    for _ in range(4):
        file = frame.f_code.co_filename
        if file.startswith("<frozen importlib") or file.endswith(_READERS):
            return True
        if frame.f_back is None:
            break
        frame = frame.f_back
    return False


def look(path: str | os.PathLike[str]) -> Stat | None:
    """How a file looks: size, time of its last change, and inode; None where there is none."""
    try:
        facts = os.stat(path)
    except OSError:
        return None
    return (facts.st_size, facts.st_mtime_ns, facts.st_ino)


_active: list[Reads] = []
_installed = False


def _install() -> None:
    global _installed
    if _installed:
        return
    _installed = True

    def hear(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open" and _active:
            path, _, flags = arguments
            for reads in _active:
                reads.opened(path, flags or 0)

    sys.addaudithook(hear)
