"""Where in the user's code something was written."""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import CodeType, FrameType

_OURS = os.path.dirname(os.path.abspath(__file__)) + os.sep


class Place:
    """A file and a line.

    Example:
        >>> str(Place("/elsewhere/train.py", 12))
        '/elsewhere/train.py:12'
    """

    __slots__ = ("file", "line")

    def __init__(self, file: str, line: int) -> None:
        self.file = file
        self.line = line

    def __str__(self) -> str:
        try:
            near = os.path.relpath(self.file)
        except (OSError, ValueError):
            near = self.file
        return f"{self.file if near.startswith(os.pardir) else near}:{self.line}"


def frame_of_user() -> FrameType | None:
    """The innermost frame that is neither of this package nor of the standard typing module."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and _is_ours(frame.f_code):
        frame = frame.f_back
    return frame


def here() -> Place | None:
    """Where the user's code is now."""
    frame = frame_of_user()
    return Place(frame.f_code.co_filename, frame.f_lineno) if frame is not None else None


def _is_ours(code: CodeType) -> bool:
    file = code.co_filename
    return file.startswith(_OURS) or file.endswith(f"{os.sep}typing.py")
