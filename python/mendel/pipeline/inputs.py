"""The inputs of a job: its pipeline in this process, and what becomes of each input."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from mendel.pipeline.document import JobTask, job_of
from mendel.pipeline.errors import user_traceback
from mendel.pipeline.observation import Observation
from mendel.pipeline.place import store_of
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
            text = f"{type(cause).__name__}: {cause}"
            return Failure(input_id, None if stage is None else stage.id, text, user_traceback(error))
