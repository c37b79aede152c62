"""Stages: what a step of a pipeline declares, and how it is run for one input."""

from __future__ import annotations

import re
import time
from typing import Any, Callable, Collection, Dict, List, Literal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mendel.pipeline.config import Config
    from mendel.pipeline.pipeline import Pipeline
    from mendel.pipeline.status import Status
    from mendel.pipeline.types import InputID, PipelineData

StageEvent = Literal["start", "end", "skip", "after"]
"""What a callback hears of; `after` is `end` or `skip`."""

StageCallback = Callable[..., None]
"""Called with stage, event, pipeline, input_id, data, config and status."""

EVENTS = ("start", "end", "skip", "after")
_WORDS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+")


def suggest_stage_id(class_name: str) -> str:
    """The id of a stage whose class has that name.

    Example:
        >>> suggest_stage_id("TheGreat123PCMapperStage")
        'the-great-123-pc-mapper'
    """
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", class_name):
        raise AssertionError(
            f"`{class_name}` gives no stage id: a name begins with a letter, and has only such and `_`"
        )
    words = [word.lower() for word in _WORDS.findall(class_name)]
    if len(words) > 1 and words[-1] == "stage":
        words.pop()
    return "-".join(words)


class Stage:
    """One step of a pipeline: fields in, fields out.

    Derive from it, declare the fields, and write `process`:

    Example:
        >>> class Double(Stage):
        ...     inputs = ["x"]
        ...     outputs = ["y"]
        ...
        ...     def process(self, x, pipeline, config, status=None):
        ...         return {"y": x * config.get("factor", 2)}
        >>> Double().id
        'double'
    """

    id: str
    """Names the stage within its pipeline; derived from the name of the class."""

    inputs: Collection[str] = []
    """The fields it reads."""

    outputs: Collection[str] = []
    """The fields it makes."""

    consumes: Collection[str] = []
    """The fields it reads, and which are gone afterwards."""

    enabled_by_default: bool = True
    """Whether it runs where its hyperparameter `enabled` says nothing."""

    signature_bump: Any = None
    """Any plain value; another one makes results of the stage stale."""

    pickle: bool = False
    """Whether values without a format of their own are stored as pickles."""

    def __init__(self) -> None:
        given = getattr(type(self), "id", None)
        self.id = suggest_stage_id(type(self).__name__) if given is None else given
        if self.id.endswith("+"):
            raise AssertionError(f"stage id `{self.id}` ends with `+`, which means the stage after it")
        cls = type(self)
        self.consumes = frozenset(cls.consumes)
        self.inputs = frozenset(cls.inputs) | self.consumes
        self.outputs = frozenset(cls.outputs)
        self._callbacks: Dict[str, List[StageCallback]] = {}

    def process(self, pipeline: Pipeline, config: Config, status: Status | None = None, **inputs: Any) -> PipelineData:
        """Makes the outputs of one input.

        Args:
            pipeline: The pipeline; its `resolve` gives the paths of scopes.
            config: The hyperparameters of this stage.
            status: Where to report progress, or None.
            **inputs: The declared fields, by name.

        Returns:
            The declared outputs, by name, and nothing else.
        """
        raise NotImplementedError(f"stage `{self.id}` (`{type(self).__qualname__}`) has no `process`")

    def configure(self, pipeline: Pipeline, input_id: InputID, *args: Any, **kwargs: Any) -> Dict[str, Any]:
        """Rules that fill in hyperparameters of one input.

        Returns:
            For each key a factor, the default of the user's factor, and optionally a
            mapping with `type`, `min` and `max`.
        """
        return {}

    def run(
        self,
        pipeline: Pipeline,
        input_id: InputID,
        data: PipelineData,
        config: Config,
        status: Status | None = None,
        **kwargs: Any,
    ) -> float:
        """Runs the stage, or skips it where it is disabled, and changes `data`.

        Args:
            pipeline: The pipeline.
            input_id: The input.
            data: The fields of the input.
            config: The hyperparameters of this stage.
            status: Where to report progress, or None.
            **kwargs: Handed on to the callbacks.

        Returns:
            The seconds that `process` took.

        Raises:
            AssertionError: It made other fields than it declares.
        """
        about = {"pipeline": pipeline, "input_id": input_id, "data": data, "config": config, "status": status, **kwargs}
        if not config.set_default("enabled", self.enabled_by_default):
            self.skip(**about)
            return 0.0
        self.callback("start", **about)
        given = {name: data[name] for name in sorted(self.inputs)}
        began = time.perf_counter()
        made = self.process(pipeline=pipeline, config=config, status=status, **given)
        seconds = time.perf_counter() - began
        data.update(check_outputs(self, made))
        for name in self.consumes:
            del data[name]
        self.callback("end", **about)
        return seconds

    def skip(
        self,
        pipeline: Pipeline,
        input_id: InputID,
        data: PipelineData,
        config: Config,
        status: Status | None = None,
        **kwargs: Any,
    ) -> None:
        """Tells the callbacks that the stage is not run."""
        self.callback("skip", pipeline=pipeline, input_id=input_id, data=data, config=config, status=status, **kwargs)

    def callback(self, event: StageEvent, **kwargs: Any) -> None:
        """Calls the callbacks of an event."""
        for callback in list(self._callbacks.get(event, ())):
            callback(stage=self, event=event, **kwargs)

    def add_callback(self, event: StageEvent, callback: StageCallback) -> None:
        """Adds a callback.

        Raises:
            ValueError: There is no such event.
        """
        for name in _events(event):
            self._callbacks.setdefault(name, []).append(callback)

    def remove_callback(self, event: StageEvent, callback: StageCallback) -> None:
        """Removes a callback that was added for that event."""
        for name in _events(event):
            self._callbacks.get(name, []).remove(callback)

    @property
    def signature(self) -> str:
        """What the stage is, as text: its declarations and its code."""
        from mendel.pipeline.fingerprint import signature

        return signature(type(self), self)

    @property
    def sha(self) -> str:
        """Digest of the signature."""
        from mendel import _native

        return _native.digest(self.signature.encode())

    def __str__(self) -> str:
        return self.id

    def __repr__(self) -> str:
        return f"<{type(self).__name__}, id: {self.id}>"

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        if not isinstance(other, Stage):
            return NotImplemented
        return self.id == other.id and self.sha == other.sha

    def __hash__(self) -> int:
        return hash(self.id)


def check_outputs(stage: Stage, made: Any) -> Dict[str, Any]:
    """What a stage returned, if it is exactly what the stage declares.

    Raises:
        AssertionError: Fields are missing or were never declared.
    """
    if not hasattr(made, "keys"):
        raise AssertionError(
            f"stage `{stage.id}` must return a mapping of its outputs, and returned `{type(made).__name__}`"
        )
    missing = sorted(set(stage.outputs) - set(made.keys()))
    extra = sorted(set(made.keys()) - set(stage.outputs))
    faults = []
    if missing:
        faults.append("did not return " + _listed(missing))
    if extra:
        faults.append("returned " + _listed(extra) + ", which it does not declare")
    if faults:
        raise AssertionError(f"stage `{stage.id}` " + " and ".join(faults))
    return dict(made)


def _listed(names: List[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _events(event: str) -> tuple[str, ...]:
    if event not in EVENTS:
        raise ValueError(f"there is no event `{event}`; events are `start`, `end`, `skip` and `after`")
    return ("end", "skip") if event == "after" else (event,)
