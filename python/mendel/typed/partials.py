"""Partial identities: folders that tasks share which differ only in some parameters."""

from __future__ import annotations

from mendel.typed.state import State

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Sequence

    from mendel.typed.fields import Field
    from mendel.typed.identity import Identifier


class Group:
    """A name for parameters that are left out together."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return f"param_group({self.name!r})"

    def __eq__(self, other: Any) -> bool:
        return isinstance(other, Group) and other.name == self.name

    def __hash__(self) -> int:
        return hash(self.name)


def param_group(name: str) -> Group:
    """A group for ``field(groups=[…])``."""
    return Group(name)


class Partial:
    """Which parameters of a task count for a shared folder."""

    name = ""
    """The name it was given in the class."""

    def __init__(
        self, excluded: frozenset[Any], included: frozenset[Any], exclude_all: bool, exclude_no_group: bool
    ) -> None:
        self.excluded = excluded
        self.included = included
        self.exclude_all = exclude_all
        self.exclude_no_group = exclude_no_group

    def counts(self, field: Field) -> bool:
        """Whether a field is part of this partial identity, as far as groups decide."""
        groups = set(field.groups)
        if groups & self.included:
            return True
        if self.exclude_all or (groups & self.excluded):
            return False
        return bool(groups) or not self.exclude_no_group


def partial(
    *,
    exclude_groups: Sequence[Any] = (),
    include_groups: Sequence[Any] = (),
    exclude_all: bool = False,
    exclude_no_group: bool = False,
) -> Any:
    """Declares a partial identity, as a member of the class.

    Args:
        exclude_groups: Fields in any of these groups do not count.
        include_groups: Fields in any of these groups count in any case.
        exclude_all: No field counts that is not included.
        exclude_no_group: Fields without a group do not count.
    """
    return Partial(frozenset(exclude_groups), frozenset(include_groups), exclude_all, exclude_no_group)


def partial_identity(configuration: Any, chosen: Partial) -> Identifier:
    """The identity of a configuration without what ``chosen`` leaves out."""
    from mendel import _native
    from mendel.typed import state as states
    from mendel.typed.building import planned
    from mendel.typed.identity import Identifier

    schema = configuration.__mendel__.schema
    fields = [planned(schema, field) for field in schema.fields.values() if chosen.counts(field)]
    plan = _native.Plan(schema.type_id, False, None, fields)
    view = type("PartialView", (_View,), {"__mendel_plan__": plan})
    return Identifier(_native.configuration_identity(view(configuration), states.epoch()))


class _View:
    """The values of a configuration, by themselves."""

    def __init__(self, configuration: Any) -> None:
        self.__dict__.update(configuration.__dict__)
        self.__mendel__ = State(configuration.__mendel__.schema, configuration.__mendel__.place)
