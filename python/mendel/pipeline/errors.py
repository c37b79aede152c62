"""Errors of user code as they are shown: its own frames, and none of ours."""

from __future__ import annotations

import os
import traceback

_OURS = os.path.dirname(os.path.abspath(__file__)) + os.sep


def user_traceback(error: BaseException) -> str:
    """The traceback of an error of a stage, without the frames of this package."""
    cause = error.__cause__ if hasattr(error, "stage") and error.__cause__ is not None else error
    shown = traceback.TracebackException.from_exception(cause)
    one: traceback.TracebackException | None = shown
    while one is not None:
        theirs = [frame for frame in one.stack if not os.path.abspath(frame.filename).startswith(_OURS)]
        # An error of our own shows where it is from.
        if theirs:
            one.stack = traceback.StackSummary.from_list(theirs)
        one = one.__cause__ or one.__context__
    return "".join(shown.format())
