"""The console of a script: what it writes to standard output and error, line by line.

The streams stay the same objects; only their ``write`` is listened to, so that handlers
and libraries which hold a stream are heard too.
"""

from __future__ import annotations

import sys
import threading

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable

    from mendel.tracked_task import TrackedTask

LINE_MAX = 16 << 10


class Console:
    """Records standard output and error of this process into a task.

    Args:
        task: The task.
        out: Whether standard output is recorded.
        err: Whether standard error is recorded.
    """

    def __init__(self, task: TrackedTask, out: bool = True, err: bool = True) -> None:
        self._report = task._open().report_console
        wanted = ((sys.stdout, "out", out), (sys.stderr, "err", err))
        self._taps = [_Tap(stream, name, self._report) for stream, name, on in wanted if on and stream is not None]

    def begin(self) -> None:
        """Listens from now on."""
        for tap in self._taps:
            tap.begin()

    def end(self) -> None:
        """Listens no more; an unfinished line is recorded."""
        for tap in self._taps:
            tap.end()


class _Tap:
    """One stream. A carriage return starts the line anew, as on a terminal."""

    def __init__(self, stream: Any, name: str, report: Callable[[str, str], None]) -> None:
        self._stream = stream
        self._name = name
        self._report = report
        self._line = ""
        self._lock = threading.RLock()
        self._original: Callable[[str], Any] | None = None

    def begin(self) -> None:
        self._original = self._stream.write
        try:
            self._stream.write = self._write
        except AttributeError:
            self._original = None

    def end(self) -> None:
        if self._original is None:
            return
        if getattr(self._stream, "__dict__", {}).get("write") == self._write:
            try:
                del self._stream.write
            except AttributeError:
                self._stream.write = self._original
        with self._lock:
            line, self._line = self._line, ""
        if line:
            self._tell(line)
        self._original = None

    def _write(self, text: str, /) -> Any:
        original = self._original or type(self._stream).write.__get__(self._stream)
        written = original(text)
        try:
            if isinstance(text, str):
                self._hear(text)
        except Exception:
            return written
        return written

    def _hear(self, text: str) -> None:
        with self._lock:
            whole, separator, rest = (self._line + text).rpartition("\n")
            self._line = rest.rpartition("\r")[2] if "\r" in rest.rstrip("\r") else rest
            if len(self._line) > LINE_MAX:
                whole, separator, self._line = self._line, "\n", ""
        if separator:
            self._tell("\n".join(_last_drawn(line) for line in whole.split("\n")))

    def _tell(self, text: str) -> None:
        self._report(self._name, text if text else " ")


def _last_drawn(line: str) -> str:
    """What is left of a line that was drawn several times.

    Example:
        >>> _last_drawn("10%\\r100%"), _last_drawn("plain\\r")
        ('100%', 'plain')
    """
    return line.rstrip("\r").rpartition("\r")[2]
