"""Errors of user code as they are shown: its own frames, and none of ours."""

from __future__ import annotations

import inspect
import os
import re
import sys
import traceback
from typing import Any, Iterator

_OURS = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep
_BARE_HEAD = re.compile(r"^Traceback \(most recent call last\):\n(?=\S)", re.MULTILINE)


def user_traceback(error: BaseException) -> str:
    """The traceback of an error of a stage, without the frames of this package.

    An error that we found, as a field that was not returned, shows where the method of the stage
    stands instead.
    """
    stage = getattr(error, "stage", None)
    cause = error.__cause__ if stage is not None and error.__cause__ is not None else error
    shown = traceback.TracebackException.from_exception(cause)
    for one in _all(shown):
        one.stack = traceback.StackSummary.from_list([frame for frame in one.stack if not is_ours(frame.filename)])
    text = _BARE_HEAD.sub("", "".join(shown.format()))
    if stage is None or shown.stack:
        return text
    return _place(stage, getattr(error, "method", "process")) + text


def has_user_frames(error: BaseException) -> bool:
    """Whether code that is not ours was running when it was raised."""
    return any(not is_ours(frame.f_code.co_filename) for frame, _ in traceback.walk_tb(error.__traceback__))


def is_ours(file: str) -> bool:
    """Whether a file belongs to what runs stages, and not to the stages."""
    if file.startswith("<frozen "):
        return True
    path = os.path.abspath(file)
    other: str | None = getattr(sys.modules.get("repype"), "__file__", None)
    homes = [_OURS] if other is None else [_OURS, os.path.dirname(os.path.abspath(other)) + os.sep]
    return path.startswith(tuple(homes))


def _all(one: traceback.TracebackException | None) -> Iterator[traceback.TracebackException]:
    """An error, and those that led to it or that it holds."""
    while one is not None:
        yield one
        for held in getattr(one, "exceptions", None) or ():
            yield from _all(held)
        one = one.__cause__ or one.__context__


def _place(stage: Any, method: str) -> str:
    """Where a method of a stage stands, else its class, as a line of a traceback; nothing where that is unknown."""
    cls = type(stage)
    found: Any = getattr(cls, method, cls)
    if method == "process":
        found = getattr(cls, "function", found)
    code = getattr(inspect.unwrap(found), "__code__", None)
    if code is not None and not is_ours(code.co_filename):
        return f'  File "{code.co_filename}", line {code.co_firstlineno}, in {code.co_name}\n'
    try:
        _, line = inspect.findsource(cls)
        return f'  File "{inspect.getsourcefile(cls)}", line {line + 1}, in {cls.__qualname__}\n'
    except (OSError, TypeError):
        return ""
