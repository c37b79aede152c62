"""Kinds of tasks beside the plain one."""

from __future__ import annotations

from mendel.task import Task
from mendel.typed.config import Config

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class ResumableTask(Task):
    """A task whose folder outlives an attempt: ``execute`` looks for its checkpoint and goes on."""


class LightweightTask(Config):
    """Work that is done within another task's process, such as filling a model with its weights.

    It has an ``execute()`` and no job of its own.
    """

    def execute(self) -> None:
        """Does the work.

        Raises:
            NotImplementedError: The class does not say what it is.
        """
        raise NotImplementedError(f"`{type(self).__qualname__}` has no method `execute`")


class Prepare(Config):
    """Something that is made ready once before tasks that use it run; it has no folder.

    ``prepare()`` runs in the process that prepares the experiment and may run again.
    """

    def prepare(self) -> None:
        """Makes it ready.

        Raises:
            NotImplementedError: The class does not say how.
        """
        raise NotImplementedError(f"`{type(self).__qualname__}` has no method `prepare`")


def is_task(value: Any) -> bool:
    """Whether ``value`` can be submitted."""
    return isinstance(value, Task)
