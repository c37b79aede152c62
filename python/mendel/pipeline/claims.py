"""Who computes a step: one process at a time, by a lock that the kernel releases on death.

A step is one byte of a file that all processes of the workspace share, at a place that
follows from its name; a lock of that byte costs no file, and no flush.
"""

from __future__ import annotations

import errno
import fcntl
import os
import struct
from pathlib import Path
from typing import Iterable

from mendel import _native

_PLACES = 1 << 62
_WAIT = getattr(fcntl, "F_OFD_SETLKW", 38)
_TRY = getattr(fcntl, "F_OFD_SETLK", 37)


class Claims:
    """The steps that this process computes.

    Args:
        workspace: The workspace folder.
    """

    def __init__(self, workspace: str | os.PathLike[str]) -> None:
        self._path = Path(workspace) / "claims" / "steps"
        self._held: set[int] = set()
        self._file = -1
        self._process = 0

    def take(self, step: str, wait: bool) -> bool:
        """Claims a step; without `wait` it fails where another process has it.

        Two steps whose places are the same exclude each other, which costs time only.

        Args:
            step: What the step means, and the code that computes it.
            wait: Wait until nobody else has it.
        """
        self._open()
        place = _place(step)
        if place in self._held:
            return True
        try:
            self._lock(place, fcntl.F_WRLCK, wait)
        except OSError as error:
            if error.errno in (errno.EAGAIN, errno.EACCES) and not wait:
                return False
            raise
        self._held.add(place)
        return True

    def release(self, steps: Iterable[str]) -> None:
        """Gives up steps, those of them that this process has."""
        for place in map(_place, steps):
            if place in self._held:
                self._held.remove(place)
                self._lock(place, fcntl.F_UNLCK, False)

    def sign(self) -> int:
        """How often processes of the workspace have put results."""
        self._open()
        return os.fstat(self._file).st_size

    def leave_sign(self) -> None:
        """Tells the other processes that there are new results, by one more byte in the file."""
        self._open()
        os.write(self._file, b".")

    def _open(self) -> None:
        """The file of this process: what a fork inherited is held by its parent."""
        if self._process != os.getpid():
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
            self._held, self._process = set(), os.getpid()

    def _lock(self, place: int, kind: int, wait: bool) -> None:
        # `struct flock`: kind, origin, start, length, and a process that is none here.
        fcntl.fcntl(self._file, _WAIT if wait else _TRY, struct.pack("hhqqi4x", kind, os.SEEK_SET, place, 1, 0))

    def __del__(self) -> None:
        if self._file >= 0 and self._process == os.getpid():
            os.close(self._file)


def _place(step: str) -> int:
    return int(_native.digest(step.encode())[:16], 16) % _PLACES
