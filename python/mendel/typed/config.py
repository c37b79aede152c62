"""``Config``: the base of typed classes, and what makes their configurations.

A class has a second one beside it, made when first needed: ``Fit.C``, whose objects are
configurations. They check what is set; objects of the class itself are instances, on which
user code runs and which nothing of ours stands in the way of.
"""

from __future__ import annotations

import sys
from typing import Any, Callable, Dict

from mendel.typed.fields import FieldOptions, field
from mendel.typed.finding import remember
from mendel.typed.schema import Schema, schema_of
from mendel.typed.state import is_configuration

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing_extensions import Self, dataclass_transform

    from mendel.typed.instances import DirectoryContext
else:

    def dataclass_transform(**_):
        """Tells type checkers that fields are keyword arguments."""
        return lambda cls: cls


@dataclass_transform(kw_only_default=True, field_specifiers=(field, FieldOptions))
class ConfigType(type):
    """The type of classes that declare typed fields."""

    __mendel_schema__: Schema

    def __new__(mcs, name: str, bases: Any, namespace: Dict[str, Any], **options: Any) -> Any:
        """Makes the class and reads what it declares."""
        cls = super().__new__(mcs, name, bases, namespace, **options)
        frame = sys._getframe(1)
        while frame.f_code.co_name == "__new__" and frame.f_back is not None:
            frame = frame.f_back
        cls.__mendel_schema__ = Schema(cls, frame)
        remember(cls.__module__, cls)
        return cls

    def __call__(cls, *positional: Any, **values: Any) -> Any:
        """Makes a configuration."""
        from mendel.typed.building import build

        if positional:
            raise TypeError(f"values of `{cls.__qualname__}` are given by name, as `{cls.__name__}(name=value)`")
        frame = sys._getframe(1)
        return build(schema_of(cls), values, (frame.f_code, frame.f_lineno))

    @property
    def C(cls) -> Any:
        """The class of configurations: ``Fit.C(epochs=3)`` is ``Fit(epochs=3)``."""
        from mendel.typed.building import configuration_class

        return configuration_class(schema_of(cls))

    def value_class(cls) -> Callable[[type], type]:
        """Registers the decorated class as the one whose objects are instances of this one.

        It may import what preparing an experiment should not.

        Raises:
            DeclarationError: It derives from neither this class nor the value classes of its bases.
        """
        from mendel.typed.instances import register_value_class

        return lambda value_class: register_value_class(cls, value_class)


class Config(metaclass=ConfigType):
    """A record of typed values.

    Example:
        >>> from mendel import Config, Param
        >>> class Encoder(Config):
        ...     width: Param[int]
        >>> Encoder(width="64").width
        64
    """

    def __identifier__(self) -> Any:
        """The identity: the same for equal values, on every machine."""
        from mendel.typed.identity import identity

        return identity(self)

    @property
    def mendel_config(self) -> Self:
        """The configuration that this instance was built from."""
        if is_configuration(self):
            return self
        found: Self = self.__dict__["__mendel_config__"]
        return found

    def seal(self) -> Self:
        """Checks and freezes the values, here and in everything below.

        Raises:
            ConfigurationError: Something is missing or wrong; all of it is told.
        """
        from mendel.typed.sealing import seal

        seal(self)
        return self

    def instance(self, context: DirectoryContext | None = None) -> Self:
        """Builds the live object, and those below it.

        Args:
            context: Where generated paths lie.

        Raises:
            ConfigurationError: Something is missing or wrong.
        """
        from mendel.typed.instances import build_instance

        built: Self = build_instance(self, context)
        return built

    def copy(self) -> Self:
        """An unsealed configuration with the same parameters; generated paths are made anew."""
        from mendel.typed.copying import copyconfig

        return copyconfig(self)

    def tag(self, name: str, value: Any) -> Self:
        """Adds a tag. Tags are no part of the identity."""
        from mendel.typed.tags import add_tag

        add_tag(self, name, value)
        return self

    def tags(self) -> Dict[str, Any]:
        """The tags of this configuration, of everything below, and of the tasks its parts came from."""
        from mendel.typed.tags import tags

        return tags(self)

    def add_dependencies(self, *dependencies: Any) -> Self:
        """Adds what this task waits for beside what its values need."""
        from mendel.typed.dependencies import add_dependencies

        add_dependencies(self, dependencies)
        return self

    def copy_dependencies(self, other: Any) -> Self:
        """Takes over whose output ``other`` is, and what it waits for."""
        from mendel.typed.dependencies import copy_dependencies

        copy_dependencies(self, other)
        return self

    def __matmul__(self, inner: Any) -> Self:
        """Sets the only field that takes ``inner``; answers this configuration."""
        from mendel.typed.composing import compose

        outer: Self = compose(self, inner)
        return outer


class InstanceConfig(Config):
    """A configuration for which it counts whether two places hold one object or two equal ones."""
