"""Submitting a task: everything is checked and settled first, then it is queued."""

from __future__ import annotations

from pathlib import Path

from mendel.typed import active
from mendel.typed.building import shown
from mendel.typed.dependencies import marker, origins
from mendel.typed.deprecation import stands_for
from mendel.typed.errors import Fault, NotUsable, raise_faults
from mendel.typed.experiments import RunMode
from mendel.typed.hooks import hooks_of
from mendel.typed.identity import identity
from mendel.typed.instances import DirectoryContext
from mendel.typed.job_folder import PARAMS, JobFolder
from mendel.typed.jobs import Job, JobState, TransientMode
from mendel.typed.place import here
from mendel.typed.saving import Saver
from mendel.typed.scripting import of_script
from mendel.typed.sealing import seal, validate
from mendel.typed.sources import answers
from mendel.typed.tags import tags
from mendel.typed.tasks import Prepare, is_task
from mendel.typed.tokens import TokenDependency
from mendel.typed.walking import everything, is_history, shown_path

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Sequence

    from mendel.typed.experiments import experiment


def submit(
    task: Any,
    init_tasks: Sequence[Any] = (),
    max_retries: int | None = None,
    transient: TransientMode = TransientMode.NONE,
) -> Any:
    """Queues a task in the current experiment, else in that of the script; answers its outputs.

    A task that means what another one of the experiment means joins it. One that succeeded
    before is not executed again.

    Raises:
        ConfigurationError: Something is missing, wrong, or not submitted itself.
        NotUsable: There is no experiment here, nor a workspace for one of this script.
    """
    current = active.experiment or of_script()
    task = stands_for(task)
    state = task.__mendel__
    if isinstance(state.job, Job) and current.jobs.get(state.job.identity) is state.job:
        return _outputs(task, _joined(current, state.job, max_retries, transient))
    _prepare(task, init_tasks)
    name = identity(task)
    known = current.jobs.get(name)
    folder = known.folder if known is not None else JobFolder(current.workspace, shown(task), name.hex)
    seal(task, DirectoryContext(folder.path, shared=current.workspace))
    state.digest, state.fixed = bytes.fromhex(name.hex), True
    if known is not None:
        state.job = _joined(current, known, max_retries, transient)
        return _outputs(task, known)
    job = Job(task, str(name), folder)
    job.tags = tags(task)
    job.dependencies = [_job_of(current, path, task, origin) for path, origin, waits in origins(task) if waits]
    job.tokens = [one for one in state.dependencies if isinstance(one, TokenDependency)]
    job.dependencies += [_job_of(current, (), task, one) for one in state.dependencies if one not in job.tokens]
    if max_retries is not None:
        job.max_retries = max_retries
    job.transient, job.needed = transient, transient is TransientMode.NONE
    if current.mode is not RunMode.DRY_RUN:
        _apply_hooks(job)
    state.job = job
    try:
        outputs = _outputs(task, job)
        _write(current, job)
    except BaseException:
        state.job = None
        raise
    if current.mode in (RunMode.NORMAL, RunMode.PREPARE) and not job.folder.is_done():
        below = [one for _, one in everything(task, is_history) if isinstance(one, Prepare)]
        job.preparations = [current.prepare(one) for one in below]
    current.add(job)
    return outputs


def _prepare(task: Any, init_tasks: Sequence[Any]) -> None:
    """Gives a task what runs before it, and checks it with everything below."""
    state = task.__mendel__
    given = tuple(stands_for(one) for one in init_tasks)
    if given and state.sealed is not None and given != state.init_tasks:
        raise NotUsable(f"`{shown(task)}` is sealed, and init tasks are part of what it means; submit a copy")
    if given:
        state.init_tasks = given
    faults = []
    for path, one in everything(task, is_history):
        if one is not task and is_task(one) and not is_history(one):
            text = f"`{shown_path(path)}` of `{shown(task)}` is a task of class `{shown(one)}` that was not submitted"
            faults.append(Fault(NotUsable, f"{text}; submit it first", here()))
    raise_faults(faults)
    validate(task)


def _joined(current: experiment, job: Job, max_retries: int | None, transient: TransientMode) -> Job:
    """A job that is submitted once more: with the larger number of tries, and again if it failed."""
    job.transient = min(job.transient, transient, key=lambda mode: mode.value)
    if job.transient is TransientMode.NONE and not job.needed:
        job.needed = True
        if job.state is JobState.UNSCHEDULED and current.scheduler is not None:
            current.scheduler.again(job)
    job.max_retries = max(job.max_retries, max_retries or 0)
    if job.state is JobState.ERROR and current.scheduler is not None:
        current.scheduler.again(job)
    return job


def _job_of(current: experiment, path: Any, task: Any, origin: Any) -> Job:
    found = origin if isinstance(origin, Job) else origin.__mendel__.job
    if not isinstance(found, Job):
        where = f"`{shown_path(path)}` of `{shown(task)}`" if path else f"`{shown(task)}`"
        raise NotUsable(f"{where} depends on `{origin!r}`, which was not submitted")
    if found.identity not in current.jobs:
        # It was submitted in an experiment before; its end is known from its folder.
        current.add(found)
    return found


def _apply_hooks(job: Job) -> None:
    for hook, cls in hooks_of(job.task):
        try:
            hook.process(job, job.launcher)
        except Exception as error:
            name = f"submit hook `{type(hook).__qualname__}` of `{cls.__qualname__}`"
            raise NotUsable(f"{name} failed: {type(error).__name__}: {error}") from error


def _outputs(task: Any, job: Job) -> Any:
    """What submitting a task answers: what it says itself, else the task."""
    dep = marker(task)
    newer = getattr(type(task), "__submit__", None)
    if newer is not None:
        return newer(task, dep, _no_action)
    older = getattr(type(task), "task_outputs", None)
    return older(task, dep) if older is not None else task


def _no_action(*_: Any, **__: Any) -> None:
    """Actions are offered by an experiment that is followed; nothing offers them here."""


def _write(current: experiment, job: Job) -> None:
    """Writes down what to run, where that is new."""
    if current.mode is RunMode.DRY_RUN:
        job.state = JobState.DONE if job.folder.is_done() else JobState.UNSCHEDULED
        return
    if answers(job, current.rerun_stale) or job.folder.is_alive():
        return
    job.folder.ours.mkdir(parents=True, exist_ok=True)
    bases: list[tuple[str, Path]] = [("task", job.path), ("workspace", current.workspace)]
    job.folder.write(PARAMS, Saver(bases=bases).document(job.task))
    if current.mode is not RunMode.NORMAL:
        job.state = JobState.UNSCHEDULED
