"""Instances: the live objects that user code runs on."""

from __future__ import annotations

import functools
from pathlib import Path

from mendel.typed.building import shown
from mendel.typed.deprecation import stands_for
from mendel.typed.errors import DeclarationError, NotUsable
from mendel.typed.frozen import thawed
from mendel.typed.schema import schema_of
from mendel.typed.sealing import seal
from mendel.typed.walking import children_first, within

TYPE_CHECKING = False
if TYPE_CHECKING:
    import os
    from typing import Any, Callable, TypeVar

    F = TypeVar("F", bound=Callable[..., Any])

_ONCE = "__mendel_once__"


class DirectoryContext:
    """A folder in which a task can be run without a scheduler.

    Args:
        path: The folder, which stands for the task's own.
        shared: The folder for what tasks share; the same one by default.

    Example:
        >>> DirectoryContext("scratch").path.is_absolute()
        True
    """

    def __init__(self, path: str | os.PathLike[str], shared: str | os.PathLike[str] | None = None) -> None:
        self.path = Path(path).absolute()
        self.shared = Path(shared).absolute() if shared is not None else self.path

    def partial_folder(self, type_id: str, partial: str, digits: str) -> Path:
        """The folder of a partial identity."""
        return self.shared / "partials" / type_id / partial / digits


def build_instance(configuration: Any, context: DirectoryContext | None) -> Any:
    """Seals a configuration and builds its instance, and one for each that is below it.

    Raises:
        ConfigurationError: Something is missing or wrong.
        NotUsable: There are generated paths, and no folder for them.
    """
    return build_together([configuration], context)[0]


def build_together(configurations: list[Any], context: DirectoryContext | None) -> list[Any]:
    """The instances of several configurations; what they share is one instance."""
    roots = [stands_for(configuration) for configuration in configurations]
    for root in roots:
        if root.__mendel__.sealed is None:
            seal(root, context)
    parts: list[Any] = []
    for root in roots:
        known = {id(one) for one in parts}
        parts += [one for _, one in children_first(root, lambda one: False) if id(one) not in known]
    if context is None:
        _check_generated(parts)
    instances = {id(one): _raw(one) for one in parts}
    for one in parts:
        instance = instances[id(one)]
        _prepare(one)
        if context is not None:
            instance.__dict__["__mendel_context__"] = context
        for name in one.__mendel__.schema.fields:
            if name in one.__dict__:
                setattr(instance, name, _live(one.__dict__[name], instances))
        finish = getattr(instance, "__post_init__", None)
        if finish is not None:
            finish()
    return [instances[id(root)] for root in roots]


def build_within(value: Any, context: DirectoryContext | None) -> Any:
    """The value with its configurations replaced by their instances."""
    configurations = [one for _, one in within(value)]
    built = build_together(configurations, context)
    return _live(value, {id(one): instance for one, instance in zip(configurations, built)})


def _check_generated(parts: list[Any]) -> None:
    for one in parts:
        for name, field in one.__mendel__.schema.fields.items():
            if field.generator is not None and name not in one.__dict__:
                raise NotUsable(
                    f"`{name}` of `{shown(one)}` is generated, and there is no folder for it; "
                    'say where: `instance(DirectoryContext("scratch"))`'
                )


def _raw(configuration: Any) -> Any:
    schema = configuration.__mendel__.schema
    kind = schema.value_class or schema.cls
    instance = kind.__new__(kind)
    instance.__init__()
    instance.__dict__["__mendel_config__"] = configuration
    job = configuration.__mendel__.job
    if job is not None:
        # A task that was given to another one shows where its console lies.
        instance.__dict__.update(stdout=job.stdout, stderr=job.stderr)
    return instance


def _prepare(configuration: Any) -> None:
    """Makes the folders in which generated files will lie; not the files themselves."""
    state = configuration.__mendel__
    for name in state.generated:
        place = configuration.__dict__[name]
        generator = state.schema.fields[name].generator
        (place.parent if generator.name else place).mkdir(parents=True, exist_ok=True)


def _live(value: Any, instances: dict[int, Any]) -> Any:
    if id(value) in instances:
        return instances[id(value)]
    if isinstance(value, list):
        return [_live(item, instances) for item in value]
    if isinstance(value, tuple):
        return tuple(_live(item, instances) for item in value)
    if isinstance(value, dict):
        return {_live(key, instances): _live(item, instances) for key, item in value.items()}
    if isinstance(value, (set, frozenset)):
        return {_live(item, instances) for item in value}
    return thawed(value)


def register_value_class(cls: Any, value_class: Any) -> Any:
    """Makes ``value_class`` the class of the instances of ``cls``.

    Raises:
        DeclarationError: It lacks ``cls``, or the value class of a base, among its bases.
    """
    wanted = [cls]
    for base in cls.__mro__[1:]:
        schema = base.__dict__.get("__mendel_schema__")
        if schema is not None and schema.value_class is not None:
            wanted.append(schema.value_class)
    for base in wanted:
        if not (isinstance(value_class, type) and issubclass(value_class, base)):
            raise DeclarationError(
                f"value class `{getattr(value_class, '__qualname__', value_class)}` of `{cls.__qualname__}` "
                f"has to derive from `{base.__qualname__}`"
            )
    schema_of(cls).value_class = value_class
    schema_of(value_class).value_class = value_class
    return value_class


def initializer(method: F) -> F:
    """Runs a method once for each instance; later calls answer the first result."""

    @functools.wraps(method)
    def once(self: Any, *positional: Any, **named: Any) -> Any:
        results = self.__dict__.setdefault(_ONCE, {})
        if method.__name__ not in results:
            results[method.__name__] = method(self, *positional, **named)
        return results[method.__name__]

    return once  # type: ignore[return-value]
