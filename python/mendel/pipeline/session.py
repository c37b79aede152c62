"""Runs a task in this process: the run it is recorded under, its inputs, and their errors."""

from __future__ import annotations

import contextlib
import getpass
import json
import os
from pathlib import Path
from typing import Any, Dict, Iterator

from mendel import _native
from mendel.pipeline.benchmark import Benchmark
from mendel.pipeline.cells import Fields
from mendel.pipeline.completion import pickles
from mendel.pipeline.config import Config
from mendel.pipeline.job import Job
from mendel.pipeline.place import project_of, store_of
from mendel.pipeline.status import derive, update
from mendel.pipeline.steps import Steps
from mendel.pipeline.task import Task
from mendel.pipeline.yaml_text import block
from mendel.store import Store, now

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mendel.pipeline.status import Status
    from mendel.pipeline.types import TaskData

_OWN_LOAD, _OWN_PICKUP, _OWN_STRIP = Task.load, Task.find_pickup_task, Task.strip_marginals


def run(task: Task, pipeline: Any, config: Config, pickup: bool, strip: bool, status: Status | None) -> TaskData:
    """Runs a task, and records its completion.

    Raises:
        StageError: A stage failed for an input; the others were gone through, and kept.
    """
    found = task.find_pickup_task(pipeline, config) if pickup else {"task": None, "first_diverging_stage": None}
    source, first = found["task"], found["first_diverging_stage"]
    begin: Dict[str, Any] = {"task": _shown(task), "pickup": _shown(source) if source else None}
    update(status, info="start", **begin, first_stage=first.id if source and first is not None else None)
    # Results are found by what they mean; only who overrides that rule is handed data.
    overridden = type(task).find_pickup_task is not _OWN_PICKUP or (source and type(source).load is not _OWN_LOAD)
    given = source.load() if source is not None and overridden else {}
    first_stage = first.id if given and first is not None else None
    data: Dict[Any, Any] = {}
    times: Benchmark[float] = Benchmark(Path(os.devnull))
    with recorded(task, pipeline, config, pickup, strip):
        if given and first is None:
            data = {input_id: given[input_id] for input_id in task.input_ids}
        else:
            _process(task, pipeline, config, status, given, first_stage, data, times)
        update(status, info="storing", intermediate=True)
        task.store(pipeline, data, config, times)
    update(status, info="completed", task=_shown(task))
    return {input_id: _stripped(task, pipeline, chunk) for input_id, chunk in data.items()} if strip else data


def _stripped(task: Task, pipeline: Any, chunk: Any) -> Any:
    """The data of one input without marginal fields, and without bringing the others."""
    if not isinstance(chunk, Fields) or type(task).strip_marginals is not _OWN_STRIP:
        return task.strip_marginals(pipeline, chunk)
    for name in task.get_marginal_fields(pipeline):
        chunk.cells.pop(name, None)
    return chunk


def _process(
    task: Task,
    pipeline: Any,
    config: Config,
    status: Status | None,
    given: Dict[Any, Any],
    first_stage: str | None,
    data: Dict[Any, Any],
    times: Benchmark[float],
) -> None:
    """Takes every input through the pipeline; the first error is raised after the last input."""
    failed: BaseException | None = None
    ids = task.input_ids
    for step, input_id in enumerate(ids):
        inner = derive(status)
        update(inner, info="process", task=_shown(task), input_id=input_id, step=step, step_count=len(ids))
        known = given.get(input_id)
        try:
            data[input_id], final, seconds = pipeline.process(
                input_id=input_id,
                data={} if known is None else known,
                config=_configured(pipeline, config, input_id),
                first_stage=None if known is None else first_stage,
                status=inner,
            )
        except Exception as error:
            update(status, info="error", task=_shown(task), input_id=input_id, error=str(error))
            failed = failed or error
            continue
        write_config(pipeline, input_id, final)
        steps = getattr(pipeline, "steps", None)
        if isinstance(steps, Steps) and input_id in steps.outcomes:
            seconds = steps.outcomes[input_id].seconds
        for stage, spent in seconds.items():
            times[stage, input_id] = spent
    if failed is not None:
        raise failed


def _configured(pipeline: Any, config: Config, input_id: Any) -> Config:
    steps = getattr(pipeline, "steps", None)
    with steps.configuring() if isinstance(steps, Steps) else contextlib.nullcontext():
        configured: Config = pipeline.configure(config, input_id)
    return configured


def write_config(pipeline: Any, input_id: Any, final: Config) -> None:
    """Writes the final hyperparameters of an input to the scope `config`, where there is one."""
    if "config" not in pipeline.scopes:
        return
    path = pipeline.resolve("config", input_id)
    if path is None:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    partial.write_text("\n".join(block(final.entries)) + "\n", "utf-8")
    os.replace(partial, path)
    steps = getattr(pipeline, "steps", None)
    if isinstance(steps, Steps) and input_id in steps.outcomes:
        digest, size = steps.vault.store.put_blob(path)
        mode = os.stat(path).st_mode & 0o777
        file = {"scope": "config", "path_suffix": "", "digest": digest, "size": size, "mode": mode}
        steps.outcomes[input_id].files.append(file)


@contextlib.contextmanager
def recorded(task: Task, pipeline: Any, config: Config, pickup: bool, strip: bool) -> Iterator[Steps]:
    """Makes the run of a task, and lets its pipeline find and keep results."""
    store = store_of(task)
    run = begin_run(store, task)
    marginal = frozenset(task.marginal_stages) if strip else frozenset()
    job = Job(
        task=_shown(task),
        project=str(project_of(task)),
        run=run,
        marginal=marginal,
        pickup=pickup,
        pickle=pickles(task),
    )
    steps = Steps(job, store, pipeline)
    pipeline.steps = steps
    try:
        yield steps
    except BaseException as error:
        store.move(run, "fail", reason=type(error).__name__, message=str(error)[:2000])
        raise
    finally:
        steps.flush()
        pipeline.steps = None
    store.move(run, "complete")


def begin_run(store: Store, task: Task) -> str:
    """A run that this process executes."""
    run = _native.new_id()
    path = task.path.resolve()
    store.create(
        {
            "id": run,
            "name": path.name or "task",
            "project": task.root.path.resolve().name or "default",
            "kind": "staged",
            "user": getpass.getuser(),
            "created": now(),
            "script": {"entry": str(path), "root": str(project_of(task))},
        }
    )
    store.move(run, "start", owner=json.loads(_native.owner()))
    return run


def _shown(task: Task) -> str:
    return str(task.path.resolve())
