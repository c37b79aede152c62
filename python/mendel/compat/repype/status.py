"""Status messages in files, for readers of another process."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import tempfile
import threading
from pathlib import Path
from typing import Any, Dict, Iterator, List

from mendel.pipeline import status as live
from mendel.pipeline.status import derive, progress, update

__all__ = ["Status", "StatusReader", "create", "derive", "progress", "update"]

SECONDS_BETWEEN_LOOKS = 0.01


class Status(live.Status):
    """One level of status messages, kept in a file of its own.

    Args:
        parent: The status this one is a part of; or
        path: The folder of the files, for one that has no parent.
    """

    def __init__(self, parent: Status | None = None, path: str | os.PathLike[str] | None = None) -> None:
        if (parent is None) == (path is None):
            raise AssertionError("a status has either a parent or a path")
        super().__init__(parent)
        self.path = None if path is None else Path(path)
        self._intermediate: Status | None = None

    @property
    def filepath(self) -> Path:
        """The file of this level."""
        folder: Any = self.root
        return Path(folder.path) / f"{self.id}.json"

    def update(self) -> None:
        """Writes the file, in one step."""
        partial = self.filepath.with_suffix(".partial")
        partial.write_text(json.dumps(self.data), "utf-8")
        os.replace(partial, self.filepath)

    def derive(self) -> Status:
        """A status that is a part of this one."""
        self._take_away()
        child = Status(parent=self)
        self.data.append({"expand": str(child.filepath)})
        child.update()
        self.update()
        return child

    def write(self, status: Any) -> None:
        """Reports a message that stays."""
        self._take_away()
        self.data.append(status)
        self.update()

    def intermediate(self, status: Any = None) -> None:
        """Reports a message that the next one replaces; None takes it away."""
        if status is None:
            self._take_away()
            self.update()
            return
        if self._intermediate is None:
            self._intermediate = Status(parent=self)
            self.data.append({"expand": str(self._intermediate.filepath), "content_type": "intermediate"})
        self._intermediate.data = [status]
        self._intermediate.update()
        self.update()

    def __getstate__(self) -> Dict[str, Any]:
        """Another process goes on with the same files."""
        return dict(self.__dict__)

    def __setstate__(self, state: Dict[str, Any]) -> None:
        self.__dict__.update(state)

    def _take_away(self) -> None:
        if self._intermediate is not None:
            self._intermediate = None
            self.data.pop()


@contextlib.contextmanager
def create() -> Iterator[Status]:
    """A status in a folder that is there as long as the block."""
    folder = tempfile.mkdtemp()
    try:
        yield Status(path=folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


class StatusReader:
    """Follows a status, and hears of every message.

    Used as `async with StatusReader(status.filepath) as data`: a list of messages, those of
    derived levels as lists within it.

    Args:
        filepath: The file of the status.
        loop: The event loop that calls are made in; the running one by default.
        blocking: Make the calls in a thread of their own, for a loop that is busy.
    """

    def __init__(
        self,
        filepath: str | os.PathLike[str],
        loop: asyncio.AbstractEventLoop | None = None,
        blocking: bool = False,
    ) -> None:
        self.filepath = Path(filepath)
        self.data: List[Any] = []
        self._loop = loop
        self._blocking = blocking
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._stamp: Any = None

    async def __aenter__(self) -> List[Any]:
        self._loop = self._loop or asyncio.get_running_loop()
        self.check_new_status()
        self._thread = threading.Thread(target=self._follow, daemon=True)
        self._thread.start()
        return self.data

    async def __aexit__(self, *details: Any) -> None:
        self._stop.set()
        if self._thread is not None:
            while self._thread.is_alive():
                await asyncio.sleep(SECONDS_BETWEEN_LOOKS)
        self.check_new_status()

    def check_new_status(self) -> None:
        """Looks for messages that are new, and hears of them."""
        if not self.filepath.is_file():
            return
        found = _expanded(self.filepath)
        if found is not None:
            before, self.data[:] = list(self.data), found
            self._compare(before, found, [])

    def handle_new_status(self, positions: List[int], status: Any, intermediate: bool) -> None:
        """Hears of one message; a derived class decides what becomes of it.

        Args:
            positions: Where the message is, level by level.
            status: The message; None where an intermediate one was taken away.
            intermediate: Whether the next one replaces it.
        """

    def _follow(self) -> None:
        while not self._stop.wait(SECONDS_BETWEEN_LOOKS):
            if self._blocking:
                self.check_new_status()
            elif self._loop is not None and not self._loop.is_closed():
                self._loop.call_soon_threadsafe(self.check_new_status)

    def _compare(self, before: List[Any], found: List[Any], positions: List[int]) -> None:
        for index in range(max(len(before), len(found))):
            was = before[index] if index < len(before) else None
            place = [*positions, index]
            if index >= len(found):
                if _is_intermediate(was):
                    self.handle_new_status(place, status=None, intermediate=True)
                continue
            message = found[index]
            if isinstance(message, list):
                self._compare(was if isinstance(was, list) else [], message, place)
            elif was == message and index < len(before):
                continue
            elif _is_intermediate(message):
                for one in message["content"][-1:]:
                    self.handle_new_status(place, status=one, intermediate=True)
            else:
                self.handle_new_status(place, status=message, intermediate=False)


def _is_intermediate(message: Any) -> bool:
    return isinstance(message, dict) and message.get("content_type") == "intermediate"


def _expanded(path: Path) -> List[Any] | None:
    """The messages of a file, with those of the files it names; None while it is written."""
    try:
        found = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return None
    messages: List[Any] = []
    for message in found:
        if isinstance(message, dict) and "expand" in message:
            inner = _expanded(Path(message["expand"]))
            if inner is None:
                continue
            kind: Dict[str, Any] = {"content_type": message.get("content_type"), "content": inner}
            messages.append(kind if _is_intermediate(message) else inner)
        else:
            messages.append(message)
    return messages
