"""The inputs of a job: its pipeline in this process, and what becomes of each input."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Tuple

from mendel.pipeline.document import JobTask, job_of
from mendel.pipeline.errors import user_traceback
from mendel.pipeline.observation import Observation
from mendel.pipeline.place import store_of
from mendel.pipeline.resources import Need, Pool, need_of, written_size
from mendel.pipeline.session import write_config
from mendel.pipeline.status import Status
from mendel.pipeline.steps import Outcome, Steps
from mendel.pipeline.types import Document


@dataclass
class Failure:
    """Why an input failed."""

    input_id: Any
    stage: str | None
    error: str
    traceback: str


class Inputs:
    """The inputs of one job in this process.

    Args:
        document: The job.
        run: The run that results are recorded under.
    """

    def __init__(self, document: Document, run: str) -> None:
        self.document = document
        self.task = JobTask(document)
        store = store_of(self.task)
        roots = document.get("roots") or ()
        observation = Observation(document["project"], store.workspace, document.get("unnamed") or (), roots)
        self.task.observation = observation
        with observation.making():
            self.pipeline = self.task.create_pipeline()
        self.config = self.task.create_config()
        self.steps = Steps(job_of(document, self.task, run), store, self.pipeline, observation)
        self.pipeline.steps = self.steps
        self.pool, self.need = self._share()

    def _share(self) -> Tuple[Pool, Need]:
        """The units that this job shares with others, and what its inputs need of them.

        Raises:
            ValueError: What it needs is not written as it should be, or more than there is.
        """
        place = self.document.get("pool") or os.path.join(store_of(self.task).workspace, "cache", f"pool-{os.getpid()}")
        pool = Pool(Path(place), max(1, int(self.document.get("jobs") or 1)))
        name = self.document["task"]["path"]
        need = need_of(self.document.get("resources"), f"task `{name}`")
        pool.check(need, f"task `{name}`")
        for stage in self.pipeline.stages:
            what = f"stage `{stage.id}`"
            own = need_of(getattr(stage, "resources", None), what, need)
            pool.check(own, what)
            self.steps.needs[stage.id] = own
        self.steps.pool = pool
        return pool, need

    def limit(self, stage: str | None) -> int | None:
        """How much memory a worker may have resident in a stage."""
        return self.steps.needs.get(stage or "", self.need).memory

    def _limit(self, stage: Any, cause: BaseException) -> str:
        limit = self.limit(None if stage is None else stage.id)
        if limit is None or not isinstance(cause, MemoryError):
            return ""
        return f"; its `resources` allow {written_size(limit)} of memory"

    def run(self, input_id: Any, status: Status | None) -> Outcome | Failure:
        """Takes one input through the pipeline; an error of it is an answer."""
        try:
            with self.steps.configuring():
                config = self.pipeline.configure(self.config, input_id)
            _, final, _ = self.pipeline.process(input_id=input_id, data={}, config=config, status=status)
            write_config(self.pipeline, input_id, final)
            return self.steps.outcomes[input_id]
        except Exception as error:
            stage = getattr(error, "stage", None)
            cause = error.__cause__ if stage is not None and error.__cause__ is not None else error
            text = f"{type(cause).__name__}: {cause}{self._limit(stage, cause)}"
            return Failure(input_id, None if stage is None else stage.id, text, user_traceback(error))
