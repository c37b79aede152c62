"""Ways through a configuration and what is below it.

A path is a tuple: a field by its name, an element of a list or dict by a tuple of its key.
"""

from __future__ import annotations

from mendel.typed.state import is_configuration

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Iterator

    Path = tuple[Any, ...]


def within(value: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """The configurations directly within a value, each with its path below it."""
    if is_configuration(value):
        yield path, value
    elif isinstance(value, (list, tuple)):
        for position, item in enumerate(value):
            yield from within(item, (*path, (position,)))
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from within(item, (*path, (key,)))
    elif isinstance(value, (set, frozenset)):
        for position, item in enumerate(in_order(value)):
            yield from within(item, (*path, (position,)))


def in_order(values: Any) -> list[Any]:
    """The elements of a set in an order that is the same in every process."""
    from mendel.typed.identity import identity

    def key(value: Any) -> tuple[str, str]:
        return type(value).__name__, str(identity(value)) if is_configuration(value) else repr(value)

    return sorted(values, key=key)


def children(configuration: Any) -> Iterator[tuple[Path, Any]]:
    """The configurations in the fields of one, in the order of the fields, and its init tasks."""
    values = configuration.__dict__
    state = configuration.__mendel__
    for name in state.schema.fields:
        value = values.get(name)
        if value is not None and not isinstance(value, (str, int, float)):
            yield from within(value, (name,))
    for position, task in enumerate(state.init_tasks):
        yield ("init_tasks", (position,)), task


def everything(root: Any, stops: Callable[[Any], bool] = lambda configuration: False) -> Iterator[tuple[Path, Any]]:
    """``root`` and all below it, each once and parents first, without what is below those that ``stops``."""
    seen: set[int] = set()
    todo: list[tuple[Path, Any]] = [((), root)]
    while todo:
        path, one = todo.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        yield path, one
        if one is root or not stops(one):
            todo.extend(reversed([((*path, *step), child) for step, child in children(one)]))


def children_first(root: Any, stops: Callable[[Any], bool]) -> list[tuple[Path, Any]]:
    """All of :func:`everything`, but each after what is below it, as far as cycles allow."""
    order: list[tuple[Path, Any]] = []
    seen = {id(root)}
    todo: list[tuple[Path, Any, Iterator[tuple[Path, Any]]]] = [((), root, children(root))]
    while todo:
        path, one, below = todo[-1]
        step = next(below, None)
        if step is None:
            todo.pop()
            order.append((path, one))
        elif id(step[1]) not in seen:
            seen.add(id(step[1]))
            todo.append(((*path, *step[0]), step[1], iter(()) if stops(step[1]) else children(step[1])))
    return order


def shown_path(path: Path, start: str = "") -> str:
    """A path for people.

    Example:
        >>> shown_path(("model", "parts", (0,), "table", ("a",)), "Fit")
        "Fit.model.parts[0].table['a']"
    """
    text = start
    for step in path:
        if isinstance(step, tuple):
            text += f"[{step[0]!r}]"
        else:
            text += f".{step}" if text else step
    return text


def is_history(configuration: Any) -> bool:
    """Whether it came out of a task, or is one that was submitted: nothing below it is ours to change."""
    state = configuration.__mendel__
    return state.owner is not None or state.fixed
