"""``experiment``: a named group of submissions, and the record of each time it ran."""

from __future__ import annotations

import fcntl
import json
import os
import platform
import shutil
import socket
import sys
import time
from enum import Enum
from pathlib import Path

from mendel.typed import active
from mendel.typed.errors import NotUsable
from mendel.typed.job_folder import write
from mendel.typed.jobs import Job, JobState, TransientMode
from mendel.typed.launching import LocalLauncher
from mendel.typed.paths import safe
from mendel.typed.scheduling import Scheduler, slots_by_default

TYPE_CHECKING = False
if TYPE_CHECKING:
    from concurrent.futures import Future, ThreadPoolExecutor
    from types import TracebackType
    from typing import Any

LOCK_SECONDS = 0.2


class RunMode(Enum):
    """What an experiment does with what is submitted."""

    NORMAL = "normal"
    DRY_RUN = "dry-run"
    GENERATE = "generate"
    PREPARE = "prepare"


class FailedExperiment(RuntimeError):
    """Jobs of the experiment failed; ``jobs`` lists them."""

    def __init__(self, name: str, jobs: list[Job]) -> None:
        self.jobs = jobs
        lines = "".join(f"\n  {job.told()}" for job in jobs)
        super().__init__(f"{len(jobs)} of the jobs of experiment `{name}` did not succeed:{lines}")


class GracefulExperimentExit(Exception):
    """Raised within the block to leave it; jobs that run go on."""


class experiment:
    """Submits tasks as a group, and waits for them at the end of the block.

        with experiment("workspace", "study"):
            Fit(epochs=3).submit()

    Args:
        workspace: The folder that holds the jobs.
        name: The name of the experiment; one of a name runs at once.
        mode: ``NORMAL``; ``DRY_RUN`` writes and starts nothing; ``GENERATE`` starts nothing;
            ``PREPARE`` makes ready what tasks need prepared, and starts nothing.
        jobs: How many jobs run at once; by default as many as there are cores.
        on_failure: ``"raise"`` a :class:`FailedExperiment` at the end, or ``"report"`` it.
        rerun_stale: Make results again that older code made; else they are used, with a note,
            unless ``__mendel_stale__`` of the class is ``"rerun"`` or ``"reuse"``.

    Raises:
        FailedExperiment: At the end of the block, when jobs did not succeed.
        NotUsable: An argument cannot be.
    """

    def __init__(
        self,
        workspace: str | os.PathLike[str],
        name: str,
        *,
        mode: RunMode | str = RunMode.NORMAL,
        jobs: int | None = None,
        on_failure: str = "raise",
        rerun_stale: bool = False,
    ) -> None:
        if on_failure not in ("raise", "report"):
            raise NotUsable(f'`on_failure` is "raise" or "report", not {on_failure!r}')
        if jobs is not None and jobs < 1:
            raise NotUsable(f"`jobs` is at least 1, not {jobs}")
        self.workspace = Path(workspace).expanduser().resolve()
        self.name = name
        self.mode = RunMode(mode)
        self.jobs: dict[str, Job] = {}
        self.scheduler: Scheduler | None = None
        self._slots = jobs or slots_by_default()
        self._on_failure = on_failure
        self.rerun_stale = rerun_stale
        self._preparations: dict[str, Future[None]] = {}
        self._preparing: ThreadPoolExecutor | None = None
        self._run: Path | None = None
        self._lock: int | None = None

    @staticmethod
    def current() -> experiment | None:
        """The experiment whose block is being executed."""
        found: experiment | None = active.experiment
        return found

    @property
    def folder(self) -> Path:
        """The folder of the experiment in its workspace."""
        return self.workspace / "experiments" / safe(self.name)

    @property
    def resultspath(self) -> Path:
        """A folder for what this time of running the experiment finds; made when absent.

        Raises:
            NotUsable: The experiment does not run.
        """
        if self._run is None:
            raise NotUsable("an experiment has results while it runs, and not in a dry run")
        path = self._run / "results"
        path.mkdir(exist_ok=True)
        return path

    def __enter__(self) -> experiment:
        """Begins: takes the name, and lets tasks be submitted."""
        if active.experiment is not None:
            raise NotUsable("experiments do not lie within each other")
        if self.mode is not RunMode.DRY_RUN:
            self._open()
        if self.mode is RunMode.NORMAL:
            self.scheduler = Scheduler(LocalLauncher(self.workspace, self.name), self._slots, self.rerun_stale)
        active.experiment = self
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> bool:
        """Waits, unless the block was left by an exception; jobs that run then go on."""
        try:
            if error is None:
                self.wait()
        except BaseException as problem:
            error = problem
            raise
        finally:
            if self.scheduler is not None:
                self.scheduler.close()
            active.experiment = None
            self._close(error)
        return isinstance(error, GracefulExperimentExit)

    def wait(self) -> None:
        """Waits until all jobs have ended and everything about them is written down.

        Raises:
            FailedExperiment: Jobs did not succeed.
        """
        if self.mode is RunMode.DRY_RUN:
            for job in self.jobs.values():
                needed = ", ".join(one.told_short() for one in job.dependencies)
                print(f"{job.told_short()}  {job.state.value}{f', after {needed}' if needed else ''}")
        for preparation in self._preparations.values():
            if self.mode is RunMode.PREPARE:
                preparation.result()
        if self.scheduler is not None:
            self.scheduler.wait()
        failed = [job for job in self.jobs.values() if job.state is JobState.ERROR]
        if failed and self._on_failure == "raise":
            raise FailedExperiment(self.name, failed)
        for job in failed:
            print(job.told(), file=sys.stderr)

    def prepare(self, configuration: Any) -> Future[None]:
        """Makes something ready in the background; once for each identity."""
        from concurrent.futures import ThreadPoolExecutor

        from mendel.typed.identity import identity

        name = identity(configuration)
        if name not in self._preparations:
            if self._preparing is None:
                self._preparing = ThreadPoolExecutor(self._slots, "mendel-prepare")
            self._preparations[name] = self._preparing.submit(configuration.instance().prepare)
        return self._preparations[name]

    def add(self, job: Job) -> None:
        """Takes a job that was submitted, and writes it down."""
        self.jobs[job.identity] = job
        if self._run is not None:
            link = self._run / "jobs" / f"{job.folder.path.parent.name}.{job.folder.path.name}"
            if not link.is_symlink():
                link.symlink_to(os.path.relpath(job.path, link.parent))
            row = {
                "identity": job.identity,
                "type_id": job.task.__mendel__.schema.type_id,
                "path": str(job.path.relative_to(self.workspace)),
                "tags": job.tags,
                "depends": [needed.identity for needed in job.dependencies],
            }
            with open(self._run / "jobs.jsonl", "a", encoding="utf-8") as stream:
                stream.write(json.dumps(row) + "\n")
        if self.scheduler is not None:
            self.scheduler.add(job)

    def save(self, value: Any, name: str = "default") -> Path:
        """Saves configurations with this time of running, for others to load.

        Raises:
            NotUsable: The experiment does not run.
        """
        from mendel.typed.saving import save

        if self._run is None:
            raise NotUsable("an experiment saves while it runs, and not in a dry run")
        return save(value, self._run / "data" / safe(name))

    def load(self, name: str = "default", experiment_name: str | None = None) -> Any:
        """What the newest run of an experiment saved under a name."""
        from mendel.typed.loading import load

        other = self.workspace / "experiments" / safe(experiment_name or self.name)
        runs = sorted(path.parents[1] for path in other.glob(f"[0-9]*/data/{safe(name)}"))
        if not runs:
            raise NotUsable(f"no run of experiment `{experiment_name or self.name}` saved `{name}`")
        return load(runs[-1] / "data" / safe(name))

    def _open(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self._take_name()
        stamp = time.strftime("%Y%m%d_%H%M%S")
        number = 0
        while self._run is None:
            path = self.folder / (f"{stamp}.{number}" if number else stamp)
            try:
                path.mkdir()
                self._run = path
            except FileExistsError:
                number += 1
        (self._run / "jobs").mkdir()
        write(self._run / "environment.json", _environment())
        write(self._run / "status.json", {"status": "running", "started": time.time()})
        part = self.folder / f".current.{os.getpid()}"
        part.unlink(missing_ok=True)
        part.symlink_to(self._run.name)
        os.replace(part, self.folder / "current")

    def _take_name(self) -> None:
        """Waits until no other process runs the experiment."""
        self._lock = os.open(self.folder / ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        told = False
        while True:
            try:
                fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if not told:
                    told = True
                    holder = _text(self.folder / "holder.json")
                    print(f"experiment `{self.name}` runs already: {holder}; waiting for it", file=sys.stderr)
                time.sleep(LOCK_SECONDS)
        write(self.folder / "holder.json", {"host": socket.gethostname(), "pid": os.getpid(), "since": time.ctime()})

    def _close(self, error: BaseException | None) -> None:
        if self._preparing is not None:
            self._preparing.shutdown(wait=False)
        for job in self.jobs.values():
            if error is None and job.transient is TransientMode.REMOVE and job.state is JobState.DONE:
                shutil.rmtree(job.path)
        if self._run is not None:
            states = {job.identity: [job.state.value, job.reason] for job in self.jobs.values()}
            status = "done" if error is None else "failed" if isinstance(error, FailedExperiment) else "left"
            write(self._run / "status.json", {"status": status, "ended": time.time(), "jobs": states})
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None


def _text(path: Path) -> str:
    try:
        return " ".join(path.read_text(encoding="utf-8").split())
    except OSError:
        return "somebody who left no name"


def _environment() -> dict[str, Any]:
    """What this process runs with: Python, packages, the project and the state of its code."""
    from importlib import metadata

    from mendel import script

    entry = script.entry()
    packages = {dist.metadata["Name"]: dist.version for dist in metadata.distributions()}
    return {
        "python": platform.python_version(),
        "host": socket.gethostname(),
        "command": sys.argv,
        "project": entry.root,
        "packages": {name: packages[name] for name in sorted(filter(None, packages))},
    }
