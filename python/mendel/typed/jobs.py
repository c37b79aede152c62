"""A job: the one execution record of a task identity in a workspace."""

from __future__ import annotations

import threading
from enum import Enum

from mendel.typed.paths import safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from concurrent.futures import Future
    from pathlib import Path
    from typing import Any, Callable

    from mendel.typed.job_folder import JobFolder
    from mendel.typed.tokens import TokenDependency


class JobState(Enum):
    """Where a job stands; ``job.reason`` says more."""

    UNSCHEDULED = "unscheduled"
    WAITING = "waiting"
    READY = "ready"
    SCHEDULED = "scheduled"
    RUNNING = "running"
    DONE = "done"
    ERROR = "error"

    @property
    def ended(self) -> bool:
        """Whether nothing more will happen."""
        return self in (JobState.DONE, JobState.ERROR)


class TransientMode(Enum):
    """Whether a job runs for its own sake, or only where another one needs it."""

    NONE = 0
    TRANSIENT = 1
    """It runs only when a job that has to run needs it."""
    REMOVE = 2
    """The same, and its folder is removed when the experiment ends."""


class Launcher:
    """How the process of a job is started. This one starts it on this machine.

    Hooks may read ``kind`` and change ``environ``.
    """

    kind = "local"

    def __init__(self) -> None:
        self.environ: dict[str, str] = {}


class Job:
    """What is known of the execution of a task.

    Args:
        task: The sealed configuration.
        folder: Where it lies.
    """

    def __init__(self, task: Any, identity: str, folder: JobFolder) -> None:
        self.task = task
        self.identity = identity
        self.folder = folder
        self.environ: dict[str, str] = {}
        self.launcher = Launcher()
        self.tags: dict[str, Any] = {}
        self.state = JobState.WAITING
        self.reason = ""
        self.message = ""
        self.blocked_by: Job | None = None
        """The job at the root of the failure, where the state is error and the reason ``dependency``."""
        self.dependencies: list[Job] = []
        self.tokens: list[TokenDependency] = []
        self.transient = TransientMode.NONE
        self.needed = True
        """Whether it has to run; a transient one only once somebody needs it."""
        self.preparations: list[Future[None]] = []
        self.max_retries = 3
        self.attempt = 0
        self.run: str | None = None
        self.older_code: list[str] = []
        """Files that changed since the result that is used was made."""
        self.callbacks: list[Callable[[Any], None]] = []
        self.ended = threading.Event()

    @property
    def name(self) -> str:
        """The last part of the name of the task's class."""
        return self.folder.name

    @property
    def path(self) -> Path:
        """The folder of the task."""
        return self.folder.path

    @property
    def stdout(self) -> Path:
        """What it printed."""
        return self.folder.stdout

    @property
    def stderr(self) -> Path:
        """What it wrote to its standard error."""
        return self.folder.stderr

    def member(self, name: str) -> Any:
        """What a submitted task tells of its job.

        Raises:
            AttributeError: It tells no such thing.
        """
        members: dict[str, Callable[[], Any]] = {
            "job": lambda: self,
            "jobpath": lambda: self.path,
            "path": lambda: self.path,
            "stdout": lambda: self.stdout,
            "stderr": lambda: self.stderr,
            "wait": lambda: self.wait,
            "on_completed": lambda: self.on_completed,
        }
        if name not in members:
            raise AttributeError(f"a task has no field `{name}`, nor has its job")
        return members[name]()

    def wait(self, timeout: float | None = None) -> bool:
        """Waits for the end; answers whether it succeeded."""
        return self.ended.wait(timeout) and self.state is JobState.DONE

    def on_completed(self, callback: Callable[[Any], None]) -> Any:
        """Calls ``callback(task)`` when the task has succeeded; at once where it has."""
        self.callbacks.append(callback)
        if self.state is JobState.DONE:
            callback(self.task)
        return self.task

    def told(self) -> str:
        """The job in one line, for people."""
        label = f"{self.folder.path.parent.name}/{self.folder.path.name[:8]}"
        if self.blocked_by is not None:
            return f"{label}: blocked, because {self.blocked_by.told_short()} failed"
        why = f" ({self.reason}: {self.message})" if self.message else f" ({self.reason})" if self.reason else ""
        return f"{label}: {self.state.value}{why}; see {self.stderr}"

    def told_short(self) -> str:
        """Class and beginning of the identity."""
        return f"{self.folder.path.parent.name}/{self.folder.path.name[:8]}"

    def __repr__(self) -> str:
        return f"<Job {self.told_short()} {self.state.value}>"


class PastJob:
    """The job of a task that was loaded: its folder, and nothing that changes."""

    state = JobState.DONE

    def __init__(self, path: Path, type_id: str) -> None:
        self.path = path
        self.name = safe(type_id.rpartition(".")[2])

    @property
    def stdout(self) -> Path:
        """What it printed."""
        return self.path / f"{self.name}.out"

    @property
    def stderr(self) -> Path:
        """What it wrote to its standard error."""
        return self.path / f"{self.name}.err"

    def member(self, name: str) -> Any:
        """What a loaded task tells of its job.

        Raises:
            AttributeError: It tells no such thing.
        """
        if name in ("path", "jobpath"):
            return self.path
        if name in ("stdout", "stderr"):
            return getattr(self, name)
        if name == "job":
            return self
        raise AttributeError(f"a task has no field `{name}`, nor has its job")
