"""The order of stages: which comes first follows from the fields, never from luck."""

from __future__ import annotations

from typing import Any, List, Sequence

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mendel.pipeline.stage_class import Stage


class AmbiguousStages(AssertionError, ValueError):
    """Two stages share an id, or make the same field."""


class NoOrder(RuntimeError, ValueError):
    """There is no order in which every stage has its fields."""


def check_distinct(stages: Sequence[Stage]) -> None:
    """Refuses stages of the same id, and fields that two stages make.

    Raises:
        AmbiguousStages: With the classes and fields.
    """
    owners: dict[str, Stage] = {}
    for stage in stages:
        other = owners.setdefault(stage.id, stage)
        if other is not stage or sum(one is stage for one in stages) > 1:
            raise AmbiguousStages(f"stages {_class(other)} and {_class(stage)} have the same id `{stage.id}`")
    makers: dict[str, Stage] = {}
    for stage in stages:
        for name in sorted(_names(stage.outputs)):
            other = makers.setdefault(name, stage)
            if other is not stage:
                raise AmbiguousStages(f"field `{name}` is made by {_class(other)} and by {_class(stage)}")


def ordered(stages: Sequence[Stage]) -> List[Stage]:
    """The stages in the order in which they run.

    The first remaining stage, as declared, is taken whose inputs are there and whose
    consumed fields no other remaining stage needs.

    Raises:
        NoOrder: With what each remaining stage lacks, and which consumption blocks it.
    """
    check_distinct(stages)
    _check_consumers(stages)
    placed: List[Stage] = []
    available, remaining = {"input_id"}, list(stages)
    while remaining:
        stage = next((stage for stage in remaining if not _obstacles(stage, remaining, available)), None)
        if stage is None:
            lines = [f"{_class(stage)}: {'; '.join(_obstacles(stage, remaining, available))}" for stage in remaining]
            so_far = ", ".join(f"`{stage.id}`" for stage in placed) or "none"
            raise NoOrder(f"the stages have no order; placed so far: {so_far}; remaining: " + " | ".join(lines))
        remaining.remove(stage)
        placed.append(stage)
        available = (available | _names(stage.outputs)) - _names(stage.consumes)
    return placed


def _obstacles(stage: Stage, remaining: Sequence[Stage], available: set[str]) -> List[str]:
    needed = _names(stage.inputs) | _names(stage.consumes)
    found = [f"lacks `{name}`" for name in sorted(needed - available)]
    for other in remaining:
        if other is not stage:
            shared = _names(stage.consumes) & (_names(other.inputs) | _names(other.consumes))
            found += [f"consumes `{name}`, which {_class(other)} still needs" for name in sorted(shared)]
    return found


def _check_consumers(stages: Sequence[Stage]) -> None:
    consumers: dict[str, Stage] = {}
    for stage in stages:
        for name in sorted(_names(stage.consumes)):
            other = consumers.setdefault(name, stage)
            if other is not stage:
                raise NoOrder(
                    f"{_class(other)} and {_class(stage)} both consume `{name}`, and can never be ordered: "
                    "one of them must read it as an input"
                )


def _names(fields: Any) -> set[str]:
    return set(fields)


def _class(stage: Any) -> str:
    cls = type(stage)
    return f"`{cls.__module__}.{cls.__qualname__}` (`{stage.id}`)"
