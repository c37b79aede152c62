"""Runs the task of a job document: `python -m mendel.pipeline.worker`.

Each input is kept as it finishes; the completion is noted last, when all of them are.
Exit code 0: all inputs well; 1: some failed; 2: the job cannot be begun.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
from pathlib import Path
from typing import Any, Dict, List

from mendel.pipeline import fork_safety, preload, randomness
from mendel.pipeline.completion import describe, of_outcomes, write_note
from mendel.pipeline.crew import Crew
from mendel.pipeline.document import JobTask, read_document
from mendel.pipeline.errors import has_user_frames, user_traceback
from mendel.pipeline.input_id import written
from mendel.pipeline.inputs import Failure, Inputs
from mendel.pipeline.place import store_of
from mendel.pipeline.reports import Reports
from mendel.pipeline.session import begin_run
from mendel.pipeline.status import Lines, Status, update
from mendel.pipeline.steps import Outcome
from mendel.pipeline.types import Document


def main() -> int:
    """Runs the job."""
    randomness.begin()
    watch = preload.Watch()
    try:
        document = read_document()
        task = JobTask(document)
        run = os.environ.get("MENDEL_RUN_ID")
        own = None if run else begin_run(store_of(task), task)
        before = fork_safety.open_files()
        inputs = Inputs(document, run or str(own))
    except Exception as error:
        if has_user_frames(error):
            print(user_traceback(error), file=sys.stderr, end="")
        print(f"error: {error}", file=sys.stderr)
        return 2
    fresh = bool(document.get("isolate")) or fork_safety.why_not(before) is not None
    crew = Crew(inputs, fresh, watch, Reports())
    try:
        code = _run(inputs, crew)
    except KeyboardInterrupt:
        # It ends by that signal, as it would without anybody catching it.
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGINT)
        raise
    if own is not None:
        store_of(task).move(own, "complete" if code == 0 else "fail")
    _tell_imports(watch.installed(), crew)
    return code


def _run(inputs: Inputs, crew: Crew) -> int:
    document = inputs.document
    status = Status(listener=Lines(sys.stderr))
    ids, jobs = inputs.task.input_ids, int(document.get("jobs") or 1)
    update(status, info="enter", task=document["task"].get("name") or document["task"]["path"])
    outcomes: List[Outcome] = []
    failures: List[Failure] = []
    stages = [stage.id for stage in inputs.pipeline.stages]
    crew.reports.tell("enter", task=inputs.steps.job.task, inputs=len(ids), stages=stages)
    anew = document.get("force") or not document.get("pickup", True)
    crew.reports.tell("start", source="scratch" if anew else "stored results")
    answers = crew.go_through(ids, jobs, status)
    with contextlib.closing(answers):
        for answer in answers:
            if isinstance(answer, Outcome):
                outcomes.append(answer)
                crew.reports.tell("done", input=answer.input_id)
                _tell(answer)
                continue
            failures.append(answer)
            crew.reports.tell("error", input=answer.input_id, stage=answer.stage, error=answer.error)
            _tell_failure(document, answer)
            if document.get("fail_fast"):
                break
    inputs.steps.flush()
    store_of(inputs.task).update(inputs.steps.job.run, {"documents": {"steps": crew.counts}})
    if failures:
        print(f"{len(failures)} of {len(ids)} inputs failed", file=sys.stderr)
        return 1
    crew.reports.tell("storing")
    _complete(document, inputs, outcomes)
    crew.reports.tell("completed")
    return 0


def _tell_imports(names: List[str], crew: Crew) -> None:
    """Lists the installed packages that were loaded, for the tasks that come after."""
    place = os.environ.get(preload.VARIABLE)
    if place is not None:
        Path(place).write_text(json.dumps([*dict.fromkeys([*names, *crew.loaded])]), "utf-8")


def _tell(outcome: Outcome) -> None:
    computed = ", ".join(dict.fromkeys(outcome.computed)) or "nothing"
    print(f"input {outcome.input_id}: computed {computed}; reused {len(outcome.reused)} stages", flush=True)


def _tell_failure(document: Document, failure: Failure) -> None:
    where = f", stage `{failure.stage}`" if failure.stage else ""
    print(f"task `{document['task']['path']}`, input `{failure.input_id}`{where}: {failure.error}", file=sys.stderr)
    print(failure.traceback, file=sys.stderr, end="", flush=True)


def _complete(document: Document, inputs: Inputs, outcomes: List[Outcome]) -> None:
    """Notes that the task is completed."""
    full_spec = {**(document.get("full_spec") or {}), "config": document.get("config") or {}}
    times: Dict[str, Dict[str, float]] = {}
    for outcome in outcomes:
        for stage, seconds in outcome.seconds.items():
            times.setdefault(stage, {})[written(outcome.input_id)] = seconds
    facts: Dict[str, Any] = {
        "run": inputs.steps.job.run,
        "pipeline": describe(inputs.pipeline, inputs.config),
        "inputs": inputs.task.input_ids,
        "bare": any("input_id" in stage.consumes for stage in inputs.pipeline.stages),
        "marginal": sorted(inputs.steps.job.marginal),
        "times": times,
        "fields": {written(outcome.input_id): outcome.fields for outcome in outcomes},
        "configs": {written(outcome.input_id): outcome.config for outcome in outcomes},
        **of_outcomes(outcomes),
    }
    write_note(inputs.steps.vault, inputs.task, full_spec, **facts)


if __name__ == "__main__":
    # Under this name the classes of this module would exist twice.
    from mendel.pipeline import worker

    sys.exit(worker.main())
