"""Tasks: one folder of a tree, its specification, and what became of it."""

from __future__ import annotations

import copy
import os
from pathlib import Path
from types import MappingProxyType
from typing import Any, Dict, FrozenSet, Iterable, Iterator, Mapping

from mendel.pipeline import completion as completions
from mendel.pipeline.benchmark import Benchmark
from mendel.pipeline.config import Config, merge
from mendel.pipeline.input_id import decode_input_ids
from mendel.pipeline.load import load_from_module, stage_of
from mendel.pipeline.pipeline import Pipeline, create_pipeline
from mendel.pipeline.stage_class import EVENTS, Stage

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mendel.pipeline.completion import Completion
    from mendel.pipeline.status import Status
    from mendel.pipeline.types import InputID, PathLike, PendingReason, PipelineData, TaskData

FILES = ("task.yml", "task.yaml")


class Task:
    """One task of a tree. Derive from it to override any of its rules.

    Args:
        path: Its folder.
        spec: Its own specification.
        parent: The task of the enclosing folder, if that is one.
    """

    def __init__(self, path: PathLike, spec: Dict[str, Any], parent: Task | None = None) -> None:
        self.path = Path(path)
        self.spec = spec
        self.parent = parent

    @property
    def parents(self) -> Iterator[Task]:
        """The tasks it inherits from, nearest first."""
        task = self.parent
        while task is not None:
            yield task
            task = task.parent

    @property
    def root(self) -> Task:
        """The task at the top of its tree."""
        return self if self.parent is None else self.parent.root

    @property
    def full_spec(self) -> Dict[str, Any]:
        """The specification with all that is inherited; its own keys win."""
        inherited = {} if self.parent is None else self.parent.full_spec
        return merge(inherited, self.spec)

    @property
    def runnable(self) -> bool:
        """Whether it has a pipeline and results of its own."""
        return bool(self.full_spec.get("runnable", False))

    @property
    def input_ids(self) -> list[InputID]:
        """The inputs, sorted and without duplicates."""
        return decode_input_ids(self.full_spec.get("input_ids", []))

    @property
    def marginal_stages(self) -> Iterable[str]:
        """Ids of the stages whose outputs are not stored."""
        for name in self.full_spec.get("marginal_stages") or []:
            yield load_from_module(name)().id if "." in name else name

    def resolve_path(self, path: PathLike | None) -> Path | None:
        """A path as the specification means it: relative to the folder of the task.

        `~`, `{DIRNAME}` (the name of the folder) and `{ROOTDIR}` (the folder of the root
        task) are filled in.
        """
        if path is None:
            return None
        text = os.path.expanduser(os.fspath(path))
        text = text.replace("{DIRNAME}", self.path.resolve().name).replace("{ROOTDIR}", str(self.root.path.resolve()))
        return (self.path / text).resolve()

    def create_config(self) -> Config:
        """The hyperparameters: those of the parent, then the base file, then its own."""
        config = Config() if self.parent is None else self.parent.create_config()
        base = self.spec.get("base_config_path", self.spec.get("base_config"))
        if base is not None:
            from mendel.pipeline.yaml_file import read_mapping

            path = self.resolve_path(base)
            assert path is not None, "a path that is not null resolves to one"
            config.merge(read_mapping(path))
        return config.merge(copy.deepcopy(self.spec.get("config") or {}))

    def create_pipeline(self, *args: Any, **kwargs: Any) -> Pipeline:
        """The pipeline that the specification names.

        Raises:
            AssertionError: It names none.
        """
        named = self.full_spec.get("pipeline")
        if named is None:
            raise AssertionError(f"task `{self.path}` has no `pipeline`, and inherits none")
        scopes = {name: self.resolve_path(path) for name, path in (self.full_spec.get("scopes") or {}).items()}
        if isinstance(named, str):
            pipeline: Pipeline = load_from_module(named)(*args, scopes=scopes, **kwargs)
            return pipeline
        return create_pipeline([stage_of(name) for name in named], *args, scopes=scopes, **kwargs)

    def setup_callbacks(self, pipeline: Pipeline) -> None:
        """Adds the methods `on_<stage>_<event>` of the task to the stages."""
        for stage in pipeline.stages:
            for event in EVENTS:
                method = getattr(self, f"on_{stage.id.replace('-', '_')}_{event}", None)
                if callable(method):
                    stage.add_callback(event, method)  # type: ignore[arg-type]

    def get_full_spec_with_config(self, config: Config) -> Dict[str, Any]:
        """The specification as it would be run with these hyperparameters."""
        return {**self.full_spec, "config": copy.deepcopy(config.entries)}

    def compute_sha(self, config: Config | None = None) -> str:
        """Digest of the specification as it would be run; the order of keys does not count."""
        return completions.spec_digest(
            self.get_full_spec_with_config(self.create_config() if config is None else config)
        )

    def get_marginal_fields(self, pipeline: Pipeline) -> FrozenSet[str]:
        """The fields that are not stored."""
        marginal = set(self.marginal_stages)
        return frozenset(name for stage in pipeline.stages if stage.id in marginal for name in stage.outputs)

    def strip_marginals(self, pipeline: Pipeline, data_chunk: PipelineData) -> PipelineData:
        """A shallow copy of the data of one input without the fields that are not stored."""
        marginal = self.get_marginal_fields(pipeline)
        return {name: data_chunk[name] for name in data_chunk if name not in marginal}

    @property
    def completion(self) -> Completion | None:
        """The record of the last completion, if there is one."""
        return completions.read(self)

    @property
    def digest(self) -> Mapping[str, Any] | None:
        """The specification as it was last completed, read-only; None if it never was."""
        found = self.completion
        return None if found is None or found.full_spec is None else MappingProxyType(found.full_spec)

    @property
    def data_filepath(self) -> Path:
        """Where the old tool keeps its data; never written here."""
        return self.path / "data.dill.gz"

    @property
    def digest_task_filepath(self) -> Path:
        """A view of the last completion: the specification."""
        return completions.view(self, ".task.json")

    @property
    def digest_sha_filepath(self) -> Path:
        """A view of the last completion: digests of the specification and of each stage."""
        return completions.view(self, ".sha.json")

    @property
    def times_filepath(self) -> Path:
        """A view of the last completion: seconds of each stage and input."""
        return completions.view(self, "times.csv")

    @property
    def times(self) -> Benchmark[float]:
        """Seconds of each stage and input."""
        times: Benchmark[float] = Benchmark(self.times_filepath)
        found = self.completion
        return times if found is None else found.fill(times)

    def is_pending(self, pipeline: Pipeline, config: Config) -> PendingReason:
        """Why it has to run; empty when it is up to date or not runnable."""
        if not self.runnable:
            return ""
        found = self.completion
        if found is None:
            return "incomplete"
        if not found.has_pipeline(pipeline):
            return "pipeline"
        return "" if found.spec_digest == self.compute_sha(config) else "specification"

    def find_first_diverging_stage(self, pipeline: Pipeline, config: Config) -> Stage | None:
        """The first stage whose last result here is not what it would make; None if all are."""
        found = self.completion
        if found is None:
            return pipeline.stages[0] if len(pipeline.stages) else None
        stage: Stage | None = found.first_diverging(pipeline, config)
        return stage

    def find_pickup_task(self, pipeline: Pipeline, config: Config) -> Dict[str, Any]:
        """The task whose results serve best, and the first stage that is left to run.

        Returns:
            `task`, None where nothing serves, and `first_diverging_stage`, None where
            nothing is left to run.
        """
        best: Dict[str, Any] = {"task": None, "first_diverging_stage": next(iter(pipeline.stages), None)}
        best_position = 0
        for candidate in (*self.parents, self):
            if candidate.completion is None:
                continue
            stage = candidate.find_first_diverging_stage(pipeline, config)
            if stage is None:
                return {"task": candidate, "first_diverging_stage": None}
            position = pipeline.find(stage.id)
            if position > best_position:
                best, best_position = {"task": candidate, "first_diverging_stage": stage}, position
        return best

    def run(
        self,
        config: Config,
        pipeline: Pipeline | None = None,
        pickup: bool = True,
        strip_marginals: bool = True,
        status: Status | None = None,
    ) -> TaskData:
        """Runs the task in this process: only what no stored result answers.

        Args:
            config: The hyperparameters.
            pipeline: The pipeline, else that of the specification.
            pickup: Use stored results.
            strip_marginals: Leave out the outputs of marginal stages.
            status: Where to report, or None.

        Returns:
            The data of each input; values are brought when they are read.

        Raises:
            AssertionError: The task is not runnable.
            StageError: A stage failed for an input; what others gave is kept.
        """
        if not self.runnable:
            raise AssertionError(f"task `{self.path}` is not runnable")
        from mendel.pipeline.session import run

        pipeline = self.create_pipeline() if pipeline is None else pipeline
        self.setup_callbacks(pipeline)
        return run(self, pipeline, config, pickup, strip_marginals, status)

    def load(self, pipeline: Pipeline | None = None) -> TaskData:
        """The data of the last completion.

        Args:
            pipeline: Check that the stored fields are those of this pipeline.

        Raises:
            LookupError: It was never completed.
            ValueError: Ids or fields are not those of the task.
        """
        return completions.load(self, pipeline)

    def store(self, pipeline: Pipeline, data: TaskData, config: Config, times: Benchmark[float]) -> None:
        """Records a completion with its data.

        Args:
            pipeline: What made the data.
            data: The fields of each input; marginal ones are not stored.
            config: The hyperparameters.
            times: Seconds of each stage and input.
        """
        completions.store(self, pipeline, data, config, times)

    def reset(self) -> None:
        """Forgets the last completion; files of the folder stay."""
        completions.forget(self)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Task):
            return NotImplemented
        return self.path.resolve() == other.path.resolve() and self.full_spec == other.full_spec

    def __hash__(self) -> int:
        return hash(self.path.resolve())

    def __repr__(self) -> str:
        return f'<{type(self).__name__} "{self.path}" {self.create_config().sha.hexdigest()[:7]}>'
