"""Which tasks a configuration came from, and what a task waits for."""

from __future__ import annotations

from mendel.typed import state as states
from mendel.typed.building import shown
from mendel.typed.errors import NotUsable
from mendel.typed.sealing import seal
from mendel.typed.state import is_configuration
from mendel.typed.walking import everything, is_history

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Iterable, Iterator


def marker(task: Any, soft: bool = False) -> Callable[[Any], Any]:
    """The ``dep`` that ``task_outputs`` is given: marks an object as an output of ``task``.

    Raises:
        NotUsable: From ``dep``: what it is given cannot be an output of this task.
    """
    from mendel.typed.tasks import is_task

    def dep(output: Any) -> Any:
        if not is_configuration(output):
            raise NotUsable(f"`dep` marks configurations, and {output!r} is none")
        if output is task:
            return output
        state = output.__mendel__
        if is_task(output):
            raise NotUsable(f"`dep` cannot mark `{shown(output)}`, which is another task than `{shown(task)}`")
        if state.owner is not None and state.owner is not task:
            raise NotUsable(
                f"`{shown(output)}` is an output of `{shown(state.owner)}` already, and cannot be one of "
                f"`{shown(task)}` as well"
            )
        if state.owner is None:
            state.owner, state.soft = task, soft
            states.advance()
            # What it means is fixed from now on, whoever is given it.
            seal(output)
        return output

    return dep


def origins(task: Any) -> Iterator[tuple[Any, Any, bool]]:
    """The tasks that ``task`` depends on through its values: the path of the value, the task,
    and whether its end is waited for. Each is told once; tasks that were loaded are history.
    """
    told: set[int] = set()
    for path, one in everything(task, is_history):
        if one is task:
            continue
        state = one.__mendel__
        owner = state.owner if state.owner is not None else one if state.fixed else None
        if owner is not None and owner.__mendel__.loaded is None and id(owner) not in told:
            told.add(id(owner))
            yield path, owner, not state.soft


def add_dependencies(configuration: Any, dependencies: Iterable[Any]) -> None:
    """Adds what a task waits for beside what its values need."""
    state = configuration.__mendel__
    state.dependencies = (*state.dependencies, *dependencies)


def copy_dependencies(configuration: Any, other: Any) -> None:
    """Takes over whose output ``other`` is, and what it waits for."""
    state, given = configuration.__mendel__, other.__mendel__
    state.owner, state.soft = given.owner, given.soft
    state.dependencies = (*state.dependencies, *given.dependencies)
    states.advance()
