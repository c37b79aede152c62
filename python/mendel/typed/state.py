"""What is known of a configuration beside its values."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from mendel.typed.place import Place
    from mendel.typed.schema import Schema

_epoch = 0


class State:
    """Facts of one configuration. Most are the defaults below for most configurations.

    Read by the native module: ``meta``, ``sealed``, ``owner``, ``init_tasks``, ``digest``,
    ``epoch`` and ``fixed``.
    """

    schema: Schema
    place: tuple[Any, int]
    """The code that made it, and the line."""
    meta: bool | None = None
    """Marked as one that never counts, or always does."""
    sealed: Place | None = None
    """Where it was sealed."""
    sealed_by: Any = None
    """The task with which it was sealed, and whose folder holds its generated files."""
    owner: Any = None
    """The task whose marked output it is."""
    soft = False
    """Whether the mark does not wait for the owner to end."""
    init_tasks: tuple[Any, ...] = ()
    digest: bytes | None = None
    epoch = 0
    fixed = False
    """Whether the digest stands whatever happens to the parts: the task was submitted."""
    tags: dict[str, Any] | None = None
    stopped: frozenset[str] = frozenset()
    """Fields below which no tags are collected."""
    generated: frozenset[str] = frozenset()
    """Fields that were filled in when it was sealed."""
    validated = False
    dependencies: tuple[Any, ...] = ()
    job: Any = None
    former: tuple[Any, ...] = ()
    """Configurations of deprecated classes from which it was converted."""
    loaded: str | None = None
    """Its recorded identity, where it was loaded."""

    def __init__(self, schema: Schema, place: tuple[Any, int]) -> None:
        self.schema = schema
        self.place = place


def epoch() -> int:
    """Changes when kept digests may have become old: a part was marked as an output."""
    return _epoch


def advance() -> None:
    """Makes all kept digests old, except those of submitted tasks."""
    global _epoch
    _epoch += 1


def is_configuration(value: Any) -> bool:
    """Whether ``value`` is a configuration, and no instance.

    Example:
        >>> from mendel import Config
        >>> is_configuration(Config()), is_configuration(3)
        (True, False)
    """
    return hasattr(type(value), "__mendel_plan__")
