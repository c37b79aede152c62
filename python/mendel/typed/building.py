"""Configurations: how one is made, read, changed and compared."""

from __future__ import annotations

from types import CodeType
from typing import Any, Dict, List, Tuple

from mendel import _native
from mendel.typed.config import InstanceConfig
from mendel.typed.errors import (
    Fault,
    InvalidValue,
    ReadOnlyParameter,
    SealedConfiguration,
    UnknownField,
    raise_faults,
)
from mendel.typed.fields import Field
from mendel.typed.kinds import CONSTANT
from mendel.typed.place import Place, here
from mendel.typed.schema import Schema, schema_of
from mendel.typed.spec import Mismatch, VariableSpec
from mendel.typed.state import State

_set = object.__setattr__


class Configuration:
    """What all configurations do, whatever their class: check, and keep who they are."""

    __slots__ = ()
    __mendel__: State

    def __setattr__(self, name: str, value: Any) -> None:
        assign(self, name, value)

    def __delattr__(self, name: str) -> None:
        raise ReadOnlyParameter(f"`{name}` of `{shown(self)}` cannot be deleted")

    def __getattr__(self, name: str) -> Any:
        return _absent(self, name)

    def __eq__(self, other: Any) -> bool:
        from mendel.typed.comparing import equal

        return bool(answer) if (answer := equal(self, other)) is not NotImplemented else NotImplemented

    def __hash__(self) -> int:
        if self.__mendel__.sealed is None:
            raise TypeError(
                f"an unsealed configuration of `{shown(self)}` has no hash; seal it first, or use `sealed_set(…)`"
            )
        from mendel.typed.identity import identity

        return hash(identity(self))

    def __repr__(self) -> str:
        return _represented(self)

    def __copy__(self) -> Any:
        from mendel.typed.copying import copyconfig

        return copyconfig(self)

    def __deepcopy__(self, memo: Any) -> Any:
        return self.__copy__()

    def __reduce__(self) -> Any:
        from mendel.typed.loading import from_state_dict
        from mendel.typed.saving import state_dict

        return from_state_dict, (state_dict(self),)


def configuration_class(schema: Schema) -> Any:
    """The class whose objects are configurations of the schema's class."""
    if schema.configuration is None:
        cls = schema.cls
        if issubclass(cls, Configuration):
            return cls
        namespace: Dict[str, Any] = {
            "__slots__": ("__mendel__",),
            "__module__": cls.__module__,
            "__qualname__": cls.__qualname__,
            "__doc__": cls.__doc__,
            "__mendel_plan__": _plan(schema),
        }
        for name in schema.fields:
            if hasattr(cls, name):
                namespace[name] = _Unset(name)
        schema.configuration = type.__new__(type(cls), cls.__name__, (Configuration, cls), namespace)
        schema.plan = namespace["__mendel_plan__"]
    return schema.configuration


class _Unset:
    """Stands for a field whose name the base classes use for something else."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __get__(self, configuration: Any, owner: Any) -> Any:
        if configuration is None:
            return self
        return _absent(configuration, self.name)


def _plan(schema: Schema) -> Any:
    """What the native module has to know to compute identities."""
    from mendel.typed.deprecation import stands_for

    convert = (
        stands_for if schema.successor is not None and schema.converter is not None and not schema.replaced else None
    )
    fields = [planned(schema, field) for field in schema.fields.values()]
    return _native.Plan(schema.type_id, issubclass(schema.cls, InstanceConfig), convert, fields)


def planned(schema: Schema, field: Field) -> Tuple[str, str, bool, Any, Any]:
    """A field as the native module knows it: name, rule, whether it may be absent, default, reader."""
    from mendel.typed.content import reader

    optional = field.spec.optional and field.default is None
    default = read = None
    if field.kind.meta and field.generator is None:
        rule = "meta"
    elif field.generator is not None:
        rule = "generated"
    elif field.spec.is_path and field.identity is None:
        rule = "path"
    elif field.kind is CONSTANT:
        rule = "constant"
    elif field.ignored and not field.required:
        rule, default = "unless default", lambda: schema.fresh_default(field)
    else:
        rule = "counts"
    if field.identity is not None:
        read = reader(field.identity)
    return field.name, rule, optional, default, read


def build(schema: Schema, values: Dict[str, Any], place: Tuple[CodeType, int]) -> Any:
    """Makes a configuration.

    Raises:
        ConfigurationError: Values that cannot be; all of them are told.
    """
    if schema.value_class is not None and schema.value_class is schema.cls:
        raise TypeError(f"`{schema.cls.__qualname__}` is a value class; configurations are made of its base")
    kind = schema.configuration or configuration_class(schema)
    configuration = kind.__new__(kind)
    state = State(schema, place)
    _set(configuration, "__mendel__", state)
    data = configuration.__dict__
    data.update(schema.defaults)
    faults: List[Fault] = []
    fields = schema.fields
    variables = False
    for name, value in values.items():
        field = fields.get(name)
        if field is None or field.kind is CONSTANT or field.generator is not None or type(value) in _WRAPPED:
            faults.extend(_set_otherwise(configuration, name, value))
            continue
        try:
            data[name] = field.convert(value)
        except Mismatch as mismatch:
            faults.append(_fault(configuration, name, mismatch))
        variables = variables or type(field.spec) is VariableSpec
    for name, make in schema.makers:
        if name not in data:
            data[name] = make()
    if faults:
        raise_faults(faults)
    if variables:
        _check_variables(configuration)
    if schema.successor is not None and schema.replaced:
        from mendel.typed.deprecation import replace

        return replace(configuration)
    return configuration


def assign(configuration: Any, name: str, value: Any) -> None:
    """Sets a value.

    Raises:
        SealedConfiguration: The configuration was sealed.
        ReadOnlyParameter: The value is a constant, or generated.
        UnknownField: There is no such field.
        InvalidValue: The value is not of the declared type.
    """
    state = configuration.__mendel__
    if name == "__orig_class__":
        _check_orig_class(configuration, value)
        return
    if state.sealed is not None:
        raise SealedConfiguration(
            f"field `{name}` of `{shown(configuration)}` cannot be set any more: the configuration was sealed "
            f"in {state.sealed}; `copyconfig(…)` gives one that can be changed ({here()})"
        )
    field = state.schema.fields.get(name)
    state.validated = False
    if field is None or field.kind is CONSTANT or field.generator is not None or type(value) in _WRAPPED:
        raise_faults(_set_otherwise(configuration, name, value))
        return
    try:
        configuration.__dict__[name] = field.convert(value)
    except Mismatch as mismatch:
        raise_faults([_fault(configuration, name, mismatch)])
    if type(field.spec) is VariableSpec:
        _check_variables(configuration)


def _set_otherwise(configuration: Any, name: str, value: Any) -> List[Fault]:
    """Sets what is no plain value of a plain field; answers what is wrong."""
    state = configuration.__mendel__
    schema = state.schema
    field = schema.fields.get(name)
    if field is None:
        rename = schema.renamed.get(name)
        if rename is not None:
            rename(configuration, value)
            return []
        if name.startswith("_"):
            configuration.__dict__[name] = value
            return []
        if any(name in schema_of(former).fields for former in _former_classes(state)):
            from mendel.typed.deprecation import warn_dropped

            warn_dropped(configuration, name)
            return []
        return [Fault(UnknownField, f"`{shown(configuration)}` has no field `{name}`{_nearest(name, schema)}", here())]
    if field.kind is CONSTANT:
        text = f"`{name}` of `{shown(configuration)}` is a constant, which only the class can change"
        return [Fault(ReadOnlyParameter, text, here())]
    if field.generator is not None:
        text = f"`{name}` of `{shown(configuration)}` is generated when the task is sealed, and cannot be set"
        return [Fault(ReadOnlyParameter, text, here())]
    plain = _WRAPPED[type(value)](configuration, field, value)
    try:
        configuration.__dict__[name] = field.convert(plain)
    except Mismatch as mismatch:
        return [_fault(configuration, name, mismatch)]
    return []


def _tagged(configuration: Any, field: Field, value: Any) -> Any:
    from mendel.typed.tags import unwrap

    return unwrap(configuration, field, value)


class Wrapped:
    """A value with a note for the field that it is given to."""

    value: Any


_WRAPPED: Dict[type, Any] = {}


def wrapped(kind: type) -> type:
    """Lets values of ``kind`` be unwrapped when they are set."""
    _WRAPPED[kind] = _tagged
    return kind


def _former_classes(state: State) -> List[type]:
    return [former.__mendel__.schema.cls for former in state.former]


def _fault(configuration: Any, name: str, mismatch: Mismatch) -> Fault:
    if mismatch.value is None:
        told = "`None` is only for optional fields"
    else:
        told = f"{short(mismatch.value)} is not {_article(mismatch.expected)}"
    hint = f"; {mismatch.hint}" if mismatch.hint else ""
    text = f"field `{name}{mismatch.where}` of `{shown(configuration)}`: {told}"
    expected = f", expected `{mismatch.expected}`" if mismatch.value is None else ""
    return Fault(InvalidValue, f"{text}{expected}{hint}", here())


def _article(expected: str) -> str:
    return expected if " " in expected and not expected.endswith("]") else f"`{expected}`"


def short(value: Any) -> str:
    """A value for a message, cut where it is long."""
    from mendel.typed.state import is_configuration

    text = f"a configuration of `{shown(value)}`" if is_configuration(value) else repr(value)
    return text if len(text) <= 80 else f"{text[:77]}…"


def shown(configuration: Any) -> str:
    """The type id of a configuration's class."""
    return str(configuration.__mendel__.schema.type_id)


def built_at(configuration: Any) -> Place:
    """Where a configuration was made."""
    code, line = configuration.__mendel__.place
    return Place(code if isinstance(code, str) else code.co_filename, line)


def _nearest(name: str, schema: Schema) -> str:
    from difflib import get_close_matches

    near = get_close_matches(name, [*schema.fields, *schema.renamed], 1)
    if near:
        return f"; did you mean `{near[0]}`?"
    return f"; it has {', '.join(f'`{one}`' for one in schema.fields)}" if schema.fields else "; it has none"


def _check_variables(configuration: Any) -> None:
    from mendel.typed.nested import variable_conflict

    conflict = variable_conflict(configuration)
    if conflict:
        raise_faults([Fault(InvalidValue, f"`{shown(configuration)}`: {conflict}", here())])


def _check_orig_class(configuration: Any, alias: Any) -> None:
    from mendel.typed.annotation import Reader

    spec = Reader(vars(__import__("typing"))).spec(alias)
    try:
        spec.convert(configuration)
    except Mismatch as mismatch:
        raise_faults([_fault(configuration, mismatch.where.lstrip("."), Mismatch(mismatch.value, mismatch.expected))])


def _absent(configuration: Any, name: str) -> Any:
    """Answers for a name that a configuration has no value for.

    Raises:
        AttributeError: There is no answer.
    """
    state = configuration.__mendel__
    field = state.schema.fields.get(name)
    if field is not None:
        if field.generator is not None:
            raise AttributeError(
                f"`{name}` of `{shown(configuration)}` is filled in when the task that owns it is sealed"
            )
        raise AttributeError(f"`{name}` of `{shown(configuration)}` has no value yet")
    if state.job is not None and not name.startswith("_"):
        return state.job.member(name)
    if name.startswith("__"):
        raise AttributeError(name)
    raise AttributeError(f"`{shown(configuration)}` has no field `{name}`{_nearest(name, state.schema)}")


def _represented(configuration: Any, depth: int = 3) -> str:
    from mendel.typed.state import is_configuration

    schema = configuration.__mendel__.schema
    if depth == 0:
        return f"{schema.cls.__qualname__}(…)"
    values = configuration.__dict__
    parts = [
        f"{name}={_represented(values[name], depth - 1) if is_configuration(values[name]) else short(values[name])}"
        for name in schema.fields
        if name in values
    ]
    return f"{schema.cls.__qualname__}({', '.join(parts)})"
