"""Who computes a step: one process at a time, by a lock that the kernel releases on death."""

from __future__ import annotations

import errno
import fcntl
import os
from pathlib import Path
from typing import Iterable

from mendel import _native


class Claims:
    """The steps that this process computes.

    Args:
        workspace: The workspace folder.
    """

    def __init__(self, workspace: str | os.PathLike[str]) -> None:
        self._folder = Path(workspace) / "claims"
        self._held: dict[str, int] = {}
        # What a stage forks may outlive it, and must not keep what it had.
        os.register_at_fork(after_in_child=self._forget)

    def _forget(self) -> None:
        for descriptor in self._held.values():
            os.close(descriptor)
        self._held = {}

    def take(self, step: str, wait: bool) -> bool:
        """Claims a step; without `wait` it fails where another process has it.

        Args:
            step: What the step means, and the code that computes it.
            wait: Wait until nobody else has it.
        """
        name = _name(step)
        if name in self._held:
            return True
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._folder / name
        while True:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
            except OSError as error:
                os.close(descriptor)
                if error.errno in (errno.EAGAIN, errno.EACCES) and not wait:
                    return False
                raise
            if _is_at(descriptor, path):
                self._held[name] = descriptor
                return True
            # Whoever had it took the file away; the next one makes its own.
            os.close(descriptor)

    def release(self, steps: Iterable[str]) -> None:
        """Gives up steps, those of them that this process has."""
        for name in map(_name, steps):
            descriptor = self._held.pop(name, None)
            if descriptor is not None:
                (self._folder / name).unlink(missing_ok=True)
                os.close(descriptor)


def _name(step: str) -> str:
    return _native.digest(step.encode())


def _is_at(descriptor: int, path: Path) -> bool:
    own = os.fstat(descriptor)
    try:
        there = os.stat(path)
    except FileNotFoundError:
        return False
    return (own.st_dev, own.st_ino) == (there.st_dev, there.st_ino)
