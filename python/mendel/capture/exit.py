"""How a script ended: well, by an exception, by a person, or with an exit code."""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType
    from typing import Any, Callable, NoReturn, Optional

    Hook = Callable[[type, BaseException, Optional[TracebackType]], Any]


class ExitWatch:
    """Watches for the end of the process from :meth:`begin` on."""

    def __init__(self) -> None:
        self._process = os.getpid()
        self._error: BaseException | None = None
        self._asked: SystemExit | None = None
        self._hook: Hook | None = None
        self._exit: Callable[..., NoReturn] | None = None

    def begin(self) -> None:
        """Listens to uncaught exceptions and to ``sys.exit``."""
        self._hook, self._exit = sys.excepthook, sys.exit
        sys.excepthook = self._uncaught
        sys.exit = self._leaves  # type: ignore[assignment]

    def end(self) -> None:
        """Puts back what was there, unless someone else has replaced it since."""
        if self._hook is not None and sys.excepthook == self._uncaught:
            sys.excepthook = self._hook
        if self._exit is not None and sys.exit == self._leaves:
            sys.exit = self._exit

    def is_own_process(self) -> bool:
        """Whether this is the process that began, not a fork of it."""
        return os.getpid() == self._process

    def outcome(self) -> tuple[str, str, str]:
        """The move that fits the end, its reason, and a sentence."""
        error = self._error
        if isinstance(error, KeyboardInterrupt):
            return "stop", "KeyboardInterrupt", "stopped by the user"
        if error is not None:
            kind = type(error).__name__
            return "fail", kind, f"{kind}: {error}".rstrip(": ")
        if self._asked is not None and _was_not_caught(self._asked):
            code = self._asked.code
            if code not in (None, 0, False):
                return "fail", "SystemExit", f"the script exited with `{code}`"
        return "complete", "", ""

    def _uncaught(self, kind: type, error: BaseException, trace: TracebackType | None) -> None:
        self._error = error
        if self._hook is not None:
            self._hook(kind, error, trace)

    def _leaves(self, status: Any = None, /) -> None:
        self._asked = SystemExit(status)
        raise self._asked


def _was_not_caught(error: SystemExit) -> bool:
    """Whether ``error`` left the outermost frame it is known to have passed.

    A frame that caught it went on, so that it stands at another instruction than the
    one the traceback remembers. Before Python 3.12 an exception that nobody handles has
    no traceback at all.
    """
    trace = error.__traceback__
    return trace is None or trace.tb_frame.f_lasti == trace.tb_lasti
