"""Which job starts when: after what it depends on, and no more at once than there are slots.

One thread decides. Truth lies in the folders of the jobs: a mark says how one ended, its
lock whether it is alive. So an experiment that is started again finds what runs, and
follows it, whoever started it.
"""

from __future__ import annotations

import os
import subprocess
import threading

from mendel.typed.jobs import Job, JobState
from mendel.typed.sources import answers
from mendel.typed.tasks import ResumableTask
from mendel.typed.tokens import Queue

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mendel.typed.launching import LocalLauncher

POLL_SECONDS = 0.05


def slots_by_default() -> int:
    """As many jobs at once as there are cores for this process."""
    try:
        return max(1, len(os.sched_getaffinity(0)))
    except AttributeError:
        return os.cpu_count() or 1


class Scheduler:
    """Runs the jobs of one experiment.

    Args:
        launcher: What starts a job.
        slots: How many run at once.
        rerun_stale: Make results of older code again.
    """

    def __init__(self, launcher: LocalLauncher, slots: int, rerun_stale: bool) -> None:
        self.launcher = launcher
        self.slots = slots
        self.rerun_stale = rerun_stale
        self.jobs: dict[str, Job] = {}
        self.faults: list[BaseException] = []
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self._looked_at: set[str] = set()
        self._queues: dict[str, Queue] = {}
        self._changed = threading.Condition()
        self._closed = False
        self._thread: threading.Thread | None = None

    def add(self, job: Job) -> None:
        """Takes over a job; it starts when it may."""
        with self._changed:
            self.jobs[job.identity] = job
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="mendel-scheduler", daemon=True)
                self._thread.start()
            self._changed.notify_all()

    def again(self, job: Job) -> None:
        """Queues a job that failed once more."""
        with self._changed:
            job.state, job.reason, job.message, job.blocked_by = JobState.WAITING, "", "", None
            job.ended.clear()
            self._looked_at.discard(job.identity)
            self._changed.notify_all()

    def wait(self) -> None:
        """Waits until all jobs have ended, those too that are added meanwhile.

        Raises:
            BaseException: What broke the scheduler itself, or a callback.
        """
        with self._changed:
            while not self.faults and not all(job.ended.is_set() for job in self.jobs.values()):
                self._changed.wait(1)
        if self.faults:
            raise self.faults[0]

    def close(self) -> None:
        """Starts nothing more. What runs goes on."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
            thread = self._thread
        if thread is not None:
            thread.join()
        for queue in self._queues.values():
            queue.leave()

    def _work(self) -> None:
        try:
            while True:
                with self._changed:
                    if self._closed:
                        return
                    jobs = [job for job in self.jobs.values() if not job.ended.is_set()]
                    if not jobs:
                        self._changed.wait()
                        continue
                moved = [self._step(job) for job in jobs]
                if not any(moved):
                    with self._changed:
                        if not self._closed:
                            self._changed.wait(POLL_SECONDS)
        except BaseException as error:  # noqa: BLE001 - it is raised where somebody waits
            with self._changed:
                self.faults.append(error)
                for job in self.jobs.values():
                    if not job.ended.is_set():
                        job.state, job.reason, job.message = JobState.ERROR, "failed", f"the scheduler broke: {error}"
                        job.ended.set()
                self._changed.notify_all()

    def _step(self, job: Job) -> bool:
        """Moves a job on; answers whether its state changed."""
        before = job.state
        if job.state is JobState.WAITING:
            self._look_at_folder(job)
        if job.state is JobState.WAITING:
            self._look_at_dependencies(job)
        if job.state is JobState.READY:
            self._begin(job)
        if job.state is JobState.RUNNING:
            self._follow(job)
        return job.state is not before

    def _look_at_folder(self, job: Job) -> None:
        """Finds out, once, whether a job ran before or runs now, and whether it has to run."""
        if job.identity in self._looked_at:
            return
        # Whatever becomes of it later is found when its lock is taken.
        self._looked_at.add(job.identity)
        if answers(job, self.rerun_stale):
            self._end(job)
        elif job.folder.is_alive():
            job.state = JobState.RUNNING
        elif not job.needed:
            job.state = JobState.UNSCHEDULED
            job.ended.set()

    def _look_at_dependencies(self, job: Job) -> None:
        for needed in job.dependencies:
            if needed.state is JobState.UNSCHEDULED:
                needed.needed = True
                self.again(needed)
            if needed.state is JobState.ERROR:
                job.blocked_by = needed.blocked_by or needed
                self._end(job, "dependency", f"{job.blocked_by.told_short()} failed")
                return
        for preparation in job.preparations:
            if not preparation.done():
                return
            error = preparation.exception()
            if error is not None:
                self._end(job, "failed", f"preparing it failed: {type(error).__name__}: {error}")
                return
        if all(needed.state is JobState.DONE for needed in job.dependencies):
            job.state = JobState.READY

    def _begin(self, job: Job) -> None:
        """Starts a job, unless another process was faster."""
        if len(self._processes) >= self.slots:
            return
        held = self._tokens(job)
        if held is None:
            return
        lock = job.folder.acquire()
        try:
            if lock is None:
                job.state = JobState.RUNNING
                return
            held.append(lock)
            if answers(job, self.rerun_stale):
                self._end(job)
                return
            job.attempt = job.folder.begin_attempt(keep=isinstance(job.task, ResumableTask))
            self._processes[job.identity] = self.launcher.start(job, held, job.attempt)
        finally:
            for handle in held:
                os.close(handle)
        job.state = JobState.RUNNING

    def _tokens(self, job: Job) -> list[int] | None:
        """The locks of the tokens that a job needs; ``None`` while they are not all free."""
        if not job.tokens:
            return []
        if job.identity not in self._queues:
            self._queues[job.identity] = Queue(job.tokens)
        held = self._queues[job.identity].acquire()
        if held is not None:
            del self._queues[job.identity]
        return held

    def _follow(self, job: Job) -> None:
        process = self._processes.get(job.identity)
        if process is not None:
            if process.poll() is None:
                return
            del self._processes[job.identity]
        elif job.folder.is_alive():
            return
        if job.folder.is_done():
            self._end(job)
            return
        failure = job.folder.failure()
        if failure is not None:
            reason, message = str(failure.get("reason", "failed")), str(failure.get("error", ""))
        else:
            reason, message = self.launcher.outcome(job)
        if reason == "timeout" and job.attempt < job.max_retries and isinstance(job.task, ResumableTask):
            job.state = JobState.READY
        else:
            self._end(job, reason, message)

    def _end(self, job: Job, reason: str = "", message: str = "") -> None:
        job.state = JobState.ERROR if reason else JobState.DONE
        job.reason, job.message = reason, message
        if not reason:
            for callback in job.callbacks:
                callback(job.task)
        job.ended.set()
        with self._changed:
            self._changed.notify_all()
