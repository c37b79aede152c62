"""What is recorded without being reported: arguments, console, frameworks, resources.

Hooks are put in place by ``Task.init`` and only on what is imported or will be; they act
only while a main task is there that wants them, and never let an error of ours reach
the script.
"""

from __future__ import annotations

import functools
import threading

from mendel.notes import warn

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Mapping

    from mendel.tracked_task import TrackedTask

ALIASES = {
    "scikit": "joblib",
    "sklearn": "joblib",
    "scikit-learn": "joblib",
    "scikitlearn": "joblib",
    "torch": "pytorch",
    "tf": "tensorflow",
    "tensorboardx": "tensorboard",
    "xgb": "xgboost",
}

_inside = threading.local()
_task: TrackedTask | None = None
_choice: bool | Mapping[str, bool] = False
_told: set[str] = set()


def choose(task: TrackedTask | None, choice: bool | Mapping[str, bool]) -> None:
    """Makes hooks report into ``task``; an empty mapping chooses none, missing names are chosen."""
    global _task, _choice
    _task = task
    _choice = (
        choice
        if isinstance(choice, bool)
        else {ALIASES.get(name.lower(), name.lower()): on for name, on in choice.items()}
    )


def chosen(framework: str) -> bool:
    """Whether ``framework`` is to be captured."""
    if isinstance(_choice, bool):
        return _choice
    return bool(_choice) and bool(_choice.get(framework, True))


def active(framework: str) -> TrackedTask | None:
    """The task that ``framework`` reports into now; none inside of another hook."""
    if _task is None or getattr(_inside, "hook", False) or not chosen(framework):
        return None
    return None if _task._closed else _task


def after(owner: Any, name: str, framework: str, report: Callable[..., object]) -> None:
    """Calls ``report(task, result, *args, **kwargs)`` after each call of ``owner.name``."""
    original = getattr(owner, name, None)
    if original is None or hasattr(original, "__mendel__"):
        return

    @functools.wraps(original)
    def call(*args: Any, **kwargs: Any) -> Any:
        task = active(framework)
        if task is None:
            return original(*args, **kwargs)
        _inside.hook = True
        try:
            result = original(*args, **kwargs)
        finally:
            _inside.hook = False
        quietly(framework, report, task, result, *args, **kwargs)
        return result

    call.__mendel__ = True  # type: ignore[attr-defined]
    setattr(owner, name, call)


def quietly(framework: str, report: Callable[..., object], *args: Any, **kwargs: Any) -> None:
    """Calls ``report`` with hooks off; an error is told once per framework, and swallowed."""
    earlier = getattr(_inside, "hook", False)
    _inside.hook = True
    try:
        report(*args, **kwargs)
    except Exception as error:
        if framework not in _told:
            _told.add(framework)
            warn("capturing %s failed: %s: %s", framework, type(error).__name__, error)
    finally:
        _inside.hook = earlier
