"""Job documents: what the planner hands to the worker, and the pipeline that it names."""

from __future__ import annotations

import importlib
import json
import os
import sys
from pathlib import Path
from typing import Any, Dict, FrozenSet, Iterable

from mendel.compat.shim import provide_repype
from mendel.pipeline.config import Config
from mendel.pipeline.job import Job
from mendel.pipeline.load import load_from_module, stage_of
from mendel.pipeline.observation import Observation
from mendel.pipeline.pipeline import Pipeline, create_pipeline
from mendel.pipeline.plain import restored
from mendel.pipeline.task import Task
from mendel.pipeline.types import Document

VARIABLE = "MENDEL_STAGES"
"""Names the environment variable with the path of the job document."""


class JobTask(Task):
    """The task of a job document, with everything resolved already.

    Args:
        document: The document.
    """

    def __init__(self, document: Document) -> None:
        super().__init__(document["task"]["path"], restored(document.get("full_spec") or {}))
        self.document = document
        self.named: Dict[int, str] = {}
        """The dotted path by which each stage was named, by its identity in memory."""
        self.observation: Observation | None = None
        """Observes how the pipeline is made, where one does."""

    @property
    def input_ids(self) -> list[Any]:
        """The inputs, in the order of the document."""
        return list(self.document.get("inputs", []))

    @property
    def marginal_stages(self) -> Iterable[str]:
        """The marginal stages, by id or by class."""
        return [load_from_module(name)().id if "." in name else name for name in self.document.get("marginal") or []]

    def create_config(self) -> Config:
        """The effective hyperparameters."""
        return Config(restored(self.document.get("config") or {}))

    def create_pipeline(self, *args: Any, **kwargs: Any) -> Pipeline:
        """The pipeline of the document."""
        named = self.document["pipeline"]
        scopes = {name: Path(path) for name, path in (self.document.get("scopes") or {}).items()}
        if "class" in named:
            return adopted(load_from_module(named["class"])(*args, scopes=scopes, **kwargs))
        stages = [self._stage(name) for name in named["stages"]]
        self.named = {id(stage): name for stage, name in zip(stages, named["stages"])}
        return create_pipeline(stages, *args, scopes=scopes, **kwargs)

    def _stage(self, name: str) -> Any:
        return stage_of(name, None if self.observation is None else self.observation.make)


class Adopted(Pipeline):
    """A pipeline of another package, whose stages are decided here.

    Args:
        host: That pipeline; its stages see it, and its rules are asked.
    """

    def __init__(self, host: Any) -> None:
        super().__init__(host.stages, getattr(host, "scopes", {}))
        self.host = host
        self._resolve = host.resolve
        host.resolve = self.resolve

    def configure(self, base_config: Config, input_id: Any, *args: Any, **kwargs: Any) -> Config:
        """The hyperparameters of one input, by the rules of the other pipeline."""
        own = type(base_config)(base_config.entries)
        answer = self.host.configure(own.copy(), input_id, *args, **kwargs)
        return Config(answer.entries)

    def resolve(self, scope: str, input_id: Any = None) -> Path | None:
        """The path of an input in a scope."""
        path: Path | None = self._resolve(scope, input_id)
        if path is not None and self.steps is not None:
            self.steps.resolved(scope, input_id, path)
        return path


def adopted(pipeline: Any) -> Pipeline:
    """The pipeline itself where it is one of ours, else one that stands for it."""
    return pipeline if isinstance(pipeline, Pipeline) else Adopted(pipeline)


def read_document() -> Document:
    """The job document of this process; its import roots come first on the path.

    Raises:
        ValueError: There is none, or this version does not know it.
    """
    path = os.environ.get(VARIABLE)
    if not path:
        raise ValueError(f"`{VARIABLE}` does not name a job document")
    document: Document = json.loads(Path(path).read_text("utf-8"))
    if document.get("version") != 1:
        raise ValueError(f"job document `{path}` has version `{document.get('version')}`, and 1 is known")
    prepare_imports(document)
    return document


def prepare_imports(document: Document) -> None:
    """Puts the import roots of a document first on the path."""
    for root in reversed(document.get("roots") or []):
        if root in sys.path:
            sys.path.remove(root)
        sys.path.insert(0, root)
    importlib.invalidate_caches()
    provide_repype()


def job_of(document: Document, task: JobTask, run: str) -> Job:
    """What the executor is asked for."""
    folders = {document["task"]["path"], document["task"].get("root") or document["task"]["path"]}
    marginal: FrozenSet[str] = frozenset(() if document.get("keep_marginals") else task.marginal_stages)
    return Job(
        task=document["task"]["path"],
        project=document["project"],
        run=run,
        code=dict(document.get("code") or {}),
        folders=tuple(dict.fromkeys([*document.get("roots", []), document["project"]]))
        if document.get("planned")
        else (),
        planned=int(document.get("planned") or 0),
        environment=document.get("environment") or {},
        unnamed=tuple(document.get("unnamed") or ()),
        params=document.get("params") or {},
        marginal=marginal,
        force=bool(document.get("force")),
        pickup=bool(document.get("pickup", True)),
        cutoff=bool(document.get("cutoff", True)),
        pickle=any((Path(folder) / "task.yml").exists() for folder in folders),
    )
