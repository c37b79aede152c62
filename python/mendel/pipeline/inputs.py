"""Takes the inputs of a job through its pipeline: here, or in child processes."""

from __future__ import annotations

import multiprocessing
import signal
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from typing import Any, Dict, Iterator, List

from mendel.pipeline.document import JobTask, job_of, prepare_imports
from mendel.pipeline.errors import user_traceback
from mendel.pipeline.observation import Observation
from mendel.pipeline.place import store_of
from mendel.pipeline.session import write_config
from mendel.pipeline.status import Status, update
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
        self.task = JobTask(document)
        store = store_of(self.task)
        roots = document.get("roots") or ()
        observation = Observation(document["project"], store.workspace, document.get("unnamed") or (), roots)
        observation.watch.hand_on()
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


def here(inputs: Inputs, ids: List[Any], status: Status | None) -> Iterator[Outcome | Failure]:
    """Takes the inputs through one by one."""
    for step, input_id in enumerate(ids):
        _announce(status, input_id, step, len(ids))
        yield inputs.run(input_id, status)


def _announce(status: Status | None, input_id: Any, step: int, count: int) -> None:
    update(status, info="process", input_id=input_id, step=step, step_count=count)


class Child:
    """A process that takes inputs through, one after the other.

    Args:
        document: The job.
        run: The run that results are recorded under.
    """

    def __init__(self, document: Document, run: str) -> None:
        context = multiprocessing.get_context("spawn")
        self.pipe, theirs = context.Pipe()
        self._process = context.Process(target=_work, args=(document, run, theirs), daemon=True)
        self._process.start()
        theirs.close()
        self.busy: Any = None

    def send(self, input_id: Any) -> None:
        """Hands over an input."""
        self.busy = [input_id]
        self.pipe.send(self.busy)

    def death(self) -> str:
        """How the process ended."""
        self._process.join()
        code = self._process.exitcode or 0
        if code < 0:
            return f"the process was killed by {signal.Signals(-code).name}"
        return f"the process ended with exit code {code}"

    def close(self) -> None:
        """Lets the process end."""
        self.pipe.close()
        self._process.join(timeout=5)
        if self._process.is_alive():
            self._process.terminate()


def in_children(
    document: Document, run: str, ids: List[Any], jobs: int, status: Status | None
) -> Iterator[Outcome | Failure]:
    """Takes the inputs through in processes that live on; one that dies fails its input only."""
    waiting = list(enumerate(ids))
    children = [Child(document, run) for _ in range(min(jobs, len(waiting)))]
    try:
        for child in children:
            _next(child, waiting, len(ids), status)
        while any(child.busy is not None for child in children):
            by_pipe: Dict[Any, Child] = {child.pipe: child for child in children if child.busy is not None}
            for pipe in wait(list(by_pipe)):
                child = by_pipe[pipe]
                try:
                    kind, *told = child.pipe.recv()
                except (EOFError, ConnectionResetError):
                    input_id, how = child.busy[0], child.death()
                    yield Failure(input_id, None, how, f"input `{input_id}`: {how}\n")
                    children.remove(child)
                    if waiting:
                        children.append(Child(document, run))
                        _next(children[-1], waiting, len(ids), status)
                    continue
                if kind == "status":
                    _repeat(status, *told)
                    continue
                child.busy = None
                _next(child, waiting, len(ids), status)
                yield told[0]
    finally:
        for child in children:
            child.close()


def _next(child: Child, waiting: List[Any], count: int, status: Status | None) -> None:
    if waiting:
        step, input_id = waiting.pop(0)
        _announce(status, input_id, step, count)
        child.send(input_id)


def _repeat(status: Status | None, message: Any, intermediate: bool) -> None:
    """Reports here what a child reported."""
    if status is not None:
        if intermediate:
            status.intermediate(message)
        elif message is not None:
            status.write(message)


def _work(document: Document, run: str, pipe: Connection) -> None:
    """What a child does."""
    prepare_imports(document)
    inputs = Inputs(document, run)
    status = Status(listener=lambda _, message, intermediate: pipe.send(("status", message, intermediate)))
    try:
        while True:
            (input_id,) = pipe.recv()
            pipe.send(("done", inputs.run(input_id, status)))
    except (EOFError, ConnectionError):
        # Nobody hands over inputs any more; what was finished is in the store.
        return
