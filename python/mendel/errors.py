"""What can go wrong in the tracking API, as types a script can catch."""

from __future__ import annotations


class UsageError(ValueError):
    """A call that contradicts an earlier one, or itself."""


class TaskNotFound(LookupError, ValueError):
    """No task has that id, or that project and name."""


class TaskClosed(RuntimeError):
    """The task was closed; nothing more can be reported into it."""


class NeedsServer(RuntimeError):
    """The call needs a server with queues, and this workspace is a folder."""

    def __init__(self, what: str) -> None:
        super().__init__(f"{what} needs a server with queues; the workspace is a folder of this machine")
