"""Copies of configurations, and marks on them."""

from __future__ import annotations

from mendel.typed.building import assign, configuration_class
from mendel.typed.frozen import thawed
from mendel.typed.kinds import CONSTANT
from mendel.typed.place import frame_of_user
from mendel.typed.state import State, is_configuration
from mendel.typed.walking import is_history

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, TypeVar

    T = TypeVar("T")


def copyconfig(configuration: T, **changes: Any) -> T:
    """An unsealed configuration with the same parameters, and with ``changes``.

    What is below is copied too, except what came out of tasks. Generated paths are made
    anew and constants are those of the class; tags go along, dependencies do not.

    Raises:
        ConfigurationError: A change cannot be.
    """
    from mendel.typed.identity import as_configuration

    copied = _copied(as_configuration(configuration), {}, root=True)
    for name, value in changes.items():
        assign(copied, name, value)
    return copied  # type: ignore[no-any-return]


def clone(value: Any) -> Any:
    """A value of its own: containers and configurations within it are copied."""
    return _cloned(value, {})


def _cloned(value: Any, made: dict[int, Any]) -> Any:
    if is_configuration(value):
        return _copied(value, made)
    if isinstance(value, list):
        return [_cloned(item, made) for item in value]
    if isinstance(value, tuple):
        return tuple(_cloned(item, made) for item in value)
    if isinstance(value, dict):
        return {key: _cloned(item, made) for key, item in value.items()}
    return thawed(value)


def _copied(configuration: Any, made: dict[int, Any], root: bool = False) -> Any:
    if not root and is_history(configuration):
        return configuration
    if id(configuration) in made:
        return made[id(configuration)]
    state = configuration.__mendel__
    kind = configuration_class(state.schema)
    copied = kind.__new__(kind)
    made[id(configuration)] = copied
    frame = frame_of_user()
    fresh = State(state.schema, (frame.f_code, frame.f_lineno) if frame is not None else state.place)
    fresh.meta, fresh.stopped = state.meta, state.stopped
    fresh.tags = dict(state.tags) if state.tags else None
    object.__setattr__(copied, "__mendel__", fresh)
    values = configuration.__dict__
    copied.__dict__.update(state.schema.defaults)
    for name, field in state.schema.fields.items():
        if field.generator is None and field.kind is not CONSTANT and name in values:
            copied.__dict__[name] = _in_set(values[name], made)
    for name, make in state.schema.makers:
        if name not in copied.__dict__:
            copied.__dict__[name] = make()
    return copied


def _in_set(value: Any, made: dict[int, Any]) -> Any:
    # Configurations in a set are sealed, and stay as they are.
    return set(value) if isinstance(value, (set, frozenset)) else _cloned(value, made)


def setmeta(configuration: T, meta: bool) -> T:
    """Marks a configuration as one that never counts (``True``), or as one that counts even
    where a field is ``Meta`` (``False``); answers it.
    """
    from mendel.typed.identity import as_configuration

    as_configuration(configuration).__mendel__.meta = bool(meta)
    from mendel.typed import state

    state.advance()
    return configuration


def sealed_set(*configurations: T) -> set[T]:
    """The configurations, sealed, as a set."""
    for one in configurations:
        one.seal()  # type: ignore[attr-defined]
    return set(configurations)
