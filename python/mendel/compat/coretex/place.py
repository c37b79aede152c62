"""The run that this process belongs to, and the folder of its workspace."""

from __future__ import annotations

from pathlib import Path

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mendel.store import Store
    from mendel.tracked_task import TrackedTask


def task() -> TrackedTask:
    """The run of this process.

    Raises:
        RuntimeError: It belongs to none.
    """
    found = taskIfAny()
    if found is None:
        raise RuntimeError("this process belongs to no run; start the script with `mendel run FOLDER`")
    return found


def taskIfAny() -> TrackedTask | None:
    """The run of this process, or ``None``."""
    from mendel import Task

    return Task.current_task()


def store() -> Store:
    """The store of the workspace; there is one without a run too."""
    from mendel import main_task

    taskIfAny()
    return main_task.store()


def workspace() -> Path:
    """The ``.mendel`` folder."""
    return Path(store().workspace)
