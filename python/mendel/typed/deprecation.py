"""Classes and parameters that moved on, whose old results stay reachable."""

from __future__ import annotations

import warnings

from mendel.typed.errors import DeclarationError
from mendel.typed.fields import RenamedParameter
from mendel.typed.kinds import CONSTANT
from mendel.typed.place import frame_of_user, here
from mendel.typed.state import is_configuration

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def deprecate(target: Any = None, *, replace: bool = False) -> Any:
    """Says that a class or a parameter has a successor.

    * ``@deprecate class Old(New)``: the class was renamed, and means what ``New`` means.
    * ``@deprecate(New) class Old(Config)`` with ``__convert__``: its shape changed; it means
      what ``__convert__`` makes of it. With ``replace=True`` the conversion happens at once.
    * ``@deprecate def old(self, value)``: a parameter was renamed; the function sets the new one.

    Raises:
        DeclarationError: The successor cannot be told.
    """
    if isinstance(target, type):
        if _is_being_made(target):
            return _succeeded(target, _base(target), replace)
        return lambda cls: _succeeded(cls, target, replace)
    if target is None:
        return lambda cls: _succeeded(cls, _base(cls), replace)
    if callable(target):
        return RenamedParameter(target)
    raise DeclarationError("`@deprecate` decorates a class or a function, or names the class that succeeds")


def _is_being_made(cls: Any) -> bool:
    """Whether the class is decorated, and not named: then its name is not bound to it yet."""
    frame = frame_of_user()
    place = cls.__mendel_schema__.place
    return (
        frame is not None
        and frame.f_code.co_filename == place.file
        and frame.f_locals.get(cls.__name__) is not cls
        and frame.f_globals.get(cls.__name__) is not cls
    )


def _base(cls: Any) -> Any:
    from mendel.typed.config import Config, ConfigType

    base = cls.__bases__[0]
    if not isinstance(base, ConfigType) or not any(issubclass(one, Config) for one in base.__bases__):
        raise DeclarationError(
            f"`{cls.__qualname__}` derives from no class that succeeds it; name one: `@deprecate(New)`"
        )
    return base


def _succeeded(cls: Any, successor: Any, replace: bool) -> Any:
    from mendel.typed.schema import schema_of

    schema = schema_of(cls)
    if schema.converter is None and not issubclass(cls, successor):
        raise DeclarationError(
            f"`{cls.__qualname__}` needs a method `__convert__` that makes a `{successor.__qualname__}` of it"
        )
    schema.successor, schema.replaced = successor, replace
    schema.forget()
    return cls


def stands_for(configuration: Any) -> Any:
    """The configuration of the newest class that means the same; itself where its class is current.

    Raises:
        DeclarationError: A ``__convert__`` made something else.
    """
    schema = configuration.__mendel__.schema
    if schema.successor is None or schema.converter is None:
        return configuration
    made = schema.converter(configuration)
    if not is_configuration(made) or not isinstance(made, schema.successor):
        raise DeclarationError(
            f"`__convert__` of `{schema.cls.__qualname__}` made {made!r}, no configuration of "
            f"`{schema.successor.__qualname__}`"
        )
    return stands_for(made)


def replace(configuration: Any) -> Any:
    """What a configuration of a replaced class becomes as soon as it is made."""
    made = stands_for(configuration)
    if made is configuration:
        made = _as_successor(configuration)
    state = made.__mendel__
    state.former = (*state.former, configuration)
    return made


def _as_successor(configuration: Any) -> Any:
    """The same values as a configuration of the base that succeeds."""
    from mendel.typed.schema import schema_of

    schema = configuration.__mendel__.schema
    names = [name for name, field in schema_of(schema.successor).fields.items() if field.generator is None]
    constants = {name for name, field in schema.fields.items() if field.kind is CONSTANT}
    values = {name: configuration.__dict__[name] for name in names if name in configuration.__dict__}
    return schema.successor(**{name: value for name, value in values.items() if name not in constants})


def warn_dropped(configuration: Any, name: str) -> None:
    """Warns of a value for a field that only the class before had."""
    warnings.warn(
        f"`{name}` was a field of the deprecated class that became `{type(configuration).__qualname__}`; "
        f"the value is dropped ({here()})",
        DeprecationWarning,
        stacklevel=4,
    )
