"""The states of a run under their old codes."""

from __future__ import annotations

from enum import IntEnum

_STORED = {"draft": 8, "queued": 1, "running": 3, "completed": 4, "failed": 5, "stopped": 6, "published": 4}


class TaskRunStatus(IntEnum):
    """Where a run stands; the numbers are those of the old service.

    Example:
        >>> TaskRunStatus.inProgress.value
        3
    """

    queued = 1
    preparingToStart = 2
    inProgress = 3
    completedWithSuccess = 4
    completedWithError = 5
    stopped = 6
    stopping = 7
    startRequested = 8
    stopRequested = 9

    @property
    def isFinal(self) -> bool:
        """Whether no other state follows."""
        return self in (self.completedWithSuccess, self.completedWithError, self.stopped)

    @property
    def defaultMessage(self) -> str:
        """A sentence for a state that comes without one."""
        return _SENTENCES[self.value]

    @classmethod
    def ofStored(cls, status: str) -> TaskRunStatus:
        """The state for a status as Mendel stores it.

        Example:
            >>> TaskRunStatus.ofStored("failed").name
            'completedWithError'
        """
        return cls(_STORED.get(status, 3))


_SENTENCES = {
    1: "The run waits in a queue.",
    2: "The run is being prepared.",
    3: "The run is in progress.",
    4: "The run completed.",
    5: "The run failed.",
    6: "The run was stopped.",
    7: "The run is stopping.",
    8: "The run was asked to start.",
    9: "The run was asked to stop.",
}
