"""Being told to stop: the exceptions that a running task meets."""

from __future__ import annotations

import signal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class TaskCancelled(BaseException):
    """The task was told to stop. It may save a checkpoint; it ends as cancelled in any case.

    Args:
        remaining_time: Seconds until the process is killed, where that is known.
    """

    def __init__(self, remaining_time: float | None = None) -> None:
        super().__init__("the task was told to stop")
        self.remaining_time = remaining_time


class GracefulTimeout(Exception):
    """Raised by a task that ran out of time: a resumable one is tried again."""


class Cancellation:
    """Hears signals that ask to stop, and remembers that one came."""

    def __init__(self) -> None:
        self.came = False
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._hear)

    def _hear(self, *_: Any) -> None:
        if not self.came:
            self.came = True
            raise TaskCancelled

    def ignore(self) -> None:
        """Lets signals pass from now on: the end is being written down."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, signal.SIG_IGN)
