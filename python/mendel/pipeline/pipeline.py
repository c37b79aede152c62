"""Pipelines: stages in order, what each input goes through, and where scopes lie."""

from __future__ import annotations

import contextlib
import math
import os
from pathlib import Path
from typing import Any, Dict, FrozenSet, Iterable, List, Mapping, Sequence, Type

from mendel.pipeline.config import Config
from mendel.pipeline.order import check_distinct, ordered
from mendel.pipeline.rules import apply_rules

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mendel.pipeline.stage_class import Stage
    from mendel.pipeline.status import Status
    from mendel.pipeline.steps import Steps
    from mendel.pipeline.types import InputID, PathLike, PipelineData


class StageError(Exception):
    """User code of a stage failed; the error itself is the cause.

    Args:
        stage: The stage.
        input_id: The input it was for.
        error: What was raised.
        method: The method of the stage that failed.
    """

    def __init__(
        self,
        stage: Stage,
        input_id: InputID | None = None,
        error: BaseException | None = None,
        method: str = "process",
    ) -> None:
        why = f": {type(error).__name__}: {error}" if error is not None else ""
        super().__init__(f"stage `{stage.id}` failed for input `{input_id}`{why}")
        self.stage = stage
        self.input_id = input_id
        self.method = method


class ProcessingControl:
    """Tells which stages lie between a first and a last one, both included.

    Args:
        first_stage: Id of the first stage; with `+` at its end, the one after it. None begins
            with the first.
        last_stage: Id of the last stage. None ends with the last.
    """

    def __init__(self, first_stage: str | None = None, last_stage: str | None = None) -> None:
        self.first_stage = first_stage
        self.last_stage = last_stage
        self._started = first_stage is None
        self._ended = False

    def step(self, stage: str) -> bool:
        """Whether `stage`, the next in order, is to be run."""
        if self._ended:
            return False
        if self.first_stage == f"{stage}+":
            self._started = True
            self._ended = self.last_stage == stage
            return False
        self._started = self._started or self.first_stage == stage
        if self._started and self.last_stage is not None and self.last_stage == stage:
            self._ended = True
        return self._started


class Pipeline:
    """Stages that each input goes through, in order.

    Args:
        stages: The stages, in the order in which they run; `create_pipeline` finds one.
        scopes: Patterns of paths by name; `%s` or `%d` stands for the input.
    """

    def __init__(self, stages: Iterable[Stage] = (), scopes: Mapping[str, PathLike] | None = None) -> None:
        self.stages: List[Stage] = list(stages)
        self.scopes: Dict[str, Any] = dict(scopes or {})
        self.steps: Steps | None = None

    def process(
        self,
        input_id: InputID | None,
        config: Config,
        first_stage: str | None = None,
        last_stage: str | None = None,
        data: PipelineData | None = None,
        status: Status | None = None,
        **kwargs: Any,
    ) -> tuple[PipelineData, Config, Dict[str, float]]:
        """Takes one input through the stages.

        Args:
            input_id: The input.
            config: The hyperparameters; they are not changed.
            first_stage: Id of the first stage to run; earlier ones run only where the fields
                they make are missing in `data`.
            last_stage: Id of the last stage to run.
            data: Fields that are there already; needed with `first_stage`.
            status: Where to report, or None.
            **kwargs: Handed on to the stages.

        Returns:
            The fields, the final hyperparameters, and the seconds of each stage that ran.

        Raises:
            StageError: A stage failed.
        """
        if first_stage is not None and data is None:
            raise ValueError("`first_stage` needs `data`: the fields that earlier stages made")
        config = config.copy()
        fields: PipelineData = {} if data is None else (dict(data) if type(data) is dict else data)
        fields["input_id"] = input_id
        if self.steps is not None and first_stage is None and last_stage is None:
            return self.steps.process(input_id, config, status, **kwargs)
        extra = self.get_extra_stages(first_stage, last_stage, fields.keys())
        control, seconds = ProcessingControl(first_stage, last_stage), {}
        from mendel.pipeline.status import update

        for stage in self.stages:
            about: Dict[str, Any] = {"pipeline": self, "input_id": input_id, "data": fields}
            about.update(config=section(config, stage.id), status=status, **kwargs)
            if not control.step(stage.id) and stage.id not in extra:
                stage.skip(**about)
                continue
            if status is not None:
                update(status, info="start-stage", stage=stage.id, intermediate=True)
            try:
                seconds[stage.id] = stage.run(**about)
            except Exception as error:
                raise StageError(stage, input_id, error) from error
        return fields, config, seconds

    def get_extra_stages(
        self, first_stage: str | None, last_stage: str | None, available_inputs: Iterable[str]
    ) -> List[str]:
        """Ids of stages before the first that must run, because fields that they make are missing."""
        control = ProcessingControl(first_stage, last_stage)
        chosen = [stage for stage in self.stages if control.step(stage.id)]
        available = {"input_id", *available_inputs}
        extra: List[str] = []
        while True:
            present = available.union(*(stage.outputs for stage in chosen), ())
            needed = {name for stage in chosen for name in (*stage.inputs, *stage.consumes)}
            missing = needed - present
            makers = [stage for stage in self.stages if stage not in chosen and missing & set(stage.outputs)]
            if not makers:
                return extra
            chosen += makers
            extra += [stage.id for stage in makers]

    def find(self, stage_id: str, not_found_dummy: Any = math.inf) -> Any:
        """The position of a stage, or `not_found_dummy`."""
        positions = (position for position, stage in enumerate(self.stages) if stage.id == stage_id)
        return next(positions, not_found_dummy)

    def stage(self, stage_id: str) -> Stage | None:
        """The stage of that id, or None."""
        return next((stage for stage in self.stages if stage.id == stage_id), None)

    def append(self, stage: Stage, after: str | int | None = None) -> int:
        """Adds a stage at the end, or after the one of that id or position (-1 for the first place).

        Returns:
            The position it got.

        Raises:
            RuntimeError: There is a stage of that id.
            LookupError: There is no stage to put it after.
        """
        if any(one is stage or one.id == stage.id for one in self.stages):
            raise RuntimeError(f"the pipeline has a stage `{stage.id}` already")
        if isinstance(after, str):
            position = self.find(after, None)
            if position is None:
                known = ", ".join(f"`{one.id}`" for one in self.stages)
                raise LookupError(f"there is no stage `{after}` to append after; stages are {known}")
        else:
            position = len(self.stages) - 1 if after is None else after
        if not -1 <= position < max(len(self.stages), 1):
            raise LookupError(f"there is no stage at position {position}")
        self.stages.insert(position + 1, stage)
        return int(position) + 1

    def configure(self, base_config: Config, input_id: InputID, *args: Any, **kwargs: Any) -> Config:
        """The hyperparameters of one input: a copy, filled in by the rules of the stages.

        Raises:
            StageError: The rules of a stage cannot be told, or not be applied.
        """
        config = base_config.copy()
        for stage in self.stages:
            try:
                with contextlib.nullcontext() if self.steps is None else self.steps.configuring(stage):
                    rules = stage.configure(self, input_id, *args, **kwargs)
                apply_rules(config, stage.id, rules)
            except Exception as error:
                raise StageError(stage, input_id, error, method="configure") from error
        return config

    def resolve(self, scope: str, input_id: InputID | None = None) -> Path | None:
        """The path of an input in a scope; None for an unknown scope or no input.

        Raises:
            ValueError: The pattern does not fit the input.
        """
        if scope not in self.scopes or input_id is None:
            return None
        path = scope_path(scope, self.scopes[scope], input_id)
        if self.steps is not None:
            self.steps.resolved(scope, input_id, path)
        return path

    @property
    def fields(self) -> FrozenSet[str]:
        """All fields that ever are in the data of an input."""
        return frozenset({"input_id"}.union(*(stage.outputs for stage in self.stages)))

    @property
    def persistent_fields(self) -> FrozenSet[str]:
        """The fields that are left at the end."""
        return self.fields.difference(*(stage.consumes for stage in self.stages))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Pipeline):
            return NotImplemented
        return self.stages == other.stages and self.scopes == other.scopes

    def __hash__(self) -> int:
        return hash(tuple(stage.id for stage in self.stages))


def section(config: Config, stage_id: str) -> Config:
    """The hyperparameters of one stage, shared with those of the task."""
    found = config.set_default(stage_id, {}, override_none=True)
    if not isinstance(found, Config):
        raise ValueError(f"`config` of stage `{stage_id}` must be a mapping, and is `{found!r}`")
    return found


def scope_path(scope: str, pattern: PathLike, input_id: InputID) -> Path:
    """The path of an input in a scope of that pattern.

    Raises:
        ValueError: The pattern does not fit the input.
    """
    text = os.fspath(pattern)
    try:
        # A scope without placeholder is one path for all inputs.
        filled = text % input_id if "%" in text.replace("%%", "") else text.replace("%%", "%")
    except (TypeError, ValueError) as error:
        raise ValueError(f"scope `{scope}`: pattern `{text}` does not fit input `{input_id!r}`: {error}") from error
    return Path(filled).resolve()


def create_pipeline(
    stages: Sequence[Stage], *args: Any, pipeline_cls: Type[Pipeline] = Pipeline, **kwargs: Any
) -> Pipeline:
    """A pipeline of the stages, in an order that their fields allow.

    Args:
        stages: The stages, in any order.
        *args: Handed on to the pipeline.
        pipeline_cls: Its class.
        **kwargs: Handed on to the pipeline.

    Raises:
        AmbiguousStages: Two stages share an id, or make the same field.
        NoOrder: There is no order.
    """
    check_distinct(stages)
    return pipeline_cls(ordered(stages), *args, **kwargs)
