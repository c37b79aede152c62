"""The words for what a task is for and where it stands.

The status words are those of the Trains API; which of our own statuses each stands for
is decided here.
"""

from __future__ import annotations

from enum import Enum


class _Word(str, Enum):
    """A word that equals, hashes and prints as its plain text."""

    def __str__(self) -> str:
        return str(self.value)


class TaskTypes(_Word):
    """What a task is for.

    Example:
        >>> TaskTypes.data_processing == "data_processing"
        True
    """

    training = "training"
    testing = "testing"
    inference = "inference"
    data_processing = "data_processing"
    application = "application"
    monitor = "monitor"
    controller = "controller"
    optimizer = "optimizer"
    service = "service"
    qc = "qc"
    custom = "custom"


class TaskStatusEnum(_Word):
    """Where a task stands; equal to the plain word.

    Example:
        >>> TaskStatusEnum.completed == "completed"
        True
    """

    created = "created"
    in_progress = "in_progress"
    stopped = "stopped"
    closed = "closed"
    failed = "failed"
    completed = "completed"
    queued = "queued"
    published = "published"
    publishing = "publishing"
    unknown = "unknown"


_FROM_STORE = {"draft": TaskStatusEnum.created, "running": TaskStatusEnum.in_progress}
_TO_STORE = {
    "created": "draft",
    "in_progress": "running",
    "closed": "completed",
    "publishing": "published",
}


def shown_status(stored: str) -> TaskStatusEnum:
    """The word for a status as it is stored.

    Example:
        >>> shown_status("draft")
        <TaskStatusEnum.created: 'created'>
    """
    try:
        return _FROM_STORE.get(stored) or TaskStatusEnum(stored)
    except ValueError:
        return TaskStatusEnum.unknown


def stored_status(shown: str) -> str:
    """The stored status that the word ``shown`` stands for.

    Example:
        >>> stored_status("in_progress")
        'running'
    """
    word = str(shown)
    return _TO_STORE.get(word, word)


def task_type(given: str | TaskTypes) -> str:
    """The stored name of the type ``given``.

    Raises:
        ValueError: It is none of the eleven.

    Example:
        >>> task_type("Data_Processing")
        'data_processing'
    """
    word = str(given).strip().lower()
    try:
        return TaskTypes(word).value
    except ValueError:
        known = ", ".join(kind.value for kind in TaskTypes)
        raise ValueError(f"`{given}` is not a task type; there are {known}") from None
