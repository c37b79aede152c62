"""Putting a configuration into the one field that takes it: ``Outer() @ Inner(x=1)``."""

from __future__ import annotations

from mendel.typed.building import assign, shown
from mendel.typed.errors import NotUsable
from mendel.typed.kinds import CONSTANT
from mendel.typed.nested import ConfigSpec
from mendel.typed.place import here
from mendel.typed.spec import Spec, UnionSpec
from mendel.typed.state import is_configuration

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def compose(outer: Any, inner: Any) -> Any:
    """Sets the only field of ``outer`` that takes ``inner``; answers ``outer``.

    Raises:
        NotUsable: No field takes it, or several do.
        TypeError: One of the two is no configuration.
    """
    if not is_configuration(outer) or not is_configuration(inner):
        return NotImplemented
    fields = outer.__mendel__.schema.fields.values()
    taking = [
        field.name
        for field in fields
        if field.kind is not CONSTANT and field.generator is None and _takes(field.spec, inner)
    ]
    if len(taking) > 1:
        listed = ", ".join(f"`{name}`" for name in taking)
        raise NotUsable(
            f"several fields of `{shown(outer)}` take a `{shown(inner)}`: {listed}; set one by name ({here()})"
        )
    if not taking:
        listed = ", ".join(f"`{field.name}: {field.spec.text}`" for field in fields) or "none"
        raise NotUsable(f"no field of `{shown(outer)}` takes a `{shown(inner)}`; its fields: {listed} ({here()})")
    assign(outer, taking[0], inner)
    return outer


def _takes(spec: Spec, value: Any) -> bool:
    if isinstance(spec, UnionSpec):
        return any(_takes(member, value) for member in spec.members)
    return isinstance(spec, ConfigSpec) and spec.exact(value)
