"""Workers: processes that take the inputs of a task through its pipeline, one after the other.

User code runs nowhere else, so a process that dies takes one input with it: another goes on with
the rest. A worker is a fork of this process, which has loaded the pipeline; where that is not
safe, it is a process of its own.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from multiprocessing.connection import Connection, Pipe, wait
from typing import Any, Dict, Generator, List, Sequence, Set, Tuple, Union

from mendel import _native
from mendel.pipeline.document import prepare_imports
from mendel.pipeline.inputs import Failure, Inputs
from mendel.pipeline.preload import Watch
from mendel.pipeline.randomness import Seeds
from mendel.pipeline.reports import Reports
from mendel.pipeline.resources import resident, written_size
from mendel.pipeline.status import Status, update
from mendel.pipeline.steps import Outcome

LIMIT_SECONDS = 0.05
"""How often the memory of workers is looked at, where it is limited."""

LOOK_SECONDS = 0.2
"""How often it is looked whether a worker died whose pipe somebody else holds open."""

Answers = Generator[Union[Outcome, Failure], None, None]

END_SECONDS = 5
"""How long a worker that is told to end may take."""


class Worker:
    """A process that takes inputs through.

    Args:
        pid: Its id.
        pipe: Where it is handed inputs.
    """

    def __init__(self, pid: int, pipe: Connection) -> None:
        self.pid = pid
        self.pipe = pipe
        self.busy: Tuple[Any, ...] = ()
        """The input it was handed, and the number of that."""
        self.stage: str | None = None
        self.done = 0
        self.has_begun = False
        self.why: str | None = None
        self._status: int | None = None

    def hand(self, step: int, input_id: Any) -> None:
        """Hands over an input; one that is dead is found out when it is listened to."""
        self.busy, self.stage, self.has_begun = (step, input_id), None, False
        with contextlib.suppress(OSError):
            self.pipe.send((input_id,))

    def has_ended(self) -> bool:
        """Whether the process is gone."""
        if self._status is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            self._status = status if pid else None
        return self._status is not None

    def death(self) -> Failure:
        """How the process ended, and with which input."""
        self._wait(END_SECONDS)
        code = os.waitstatus_to_exitcode(self._status or 0)
        how = f"the process ended with exit code {code}"
        if code < 0:
            named = {one.value: one.name for one in signal.Signals}
            how = f"the process was killed by {named.get(-code, f'signal {-code}')}"
        return Failure(self.busy[1], self.stage, self.why or how, "")

    def wait(self) -> None:
        """Waits for the end of the process, however long it takes."""
        while not self.has_ended():
            time.sleep(0.01)

    def end(self) -> List[str]:
        """Ends the process, in the middle of an input too; answers the installed packages that it loaded."""
        loaded: List[str] = []
        with contextlib.suppress(OSError, EOFError):
            if self.busy and not self.has_ended():
                os.kill(self.pid, signal.SIGINT)
            elif not self.busy:
                self.pipe.send(())
                loaded = self.pipe.recv()[1] if self.pipe.poll(END_SECONDS) else []
        self.pipe.close()
        self._wait(END_SECONDS)
        return loaded

    def _wait(self, seconds: float) -> None:
        """Waits for the end of the process, and makes it end when it takes too long."""
        until = time.monotonic() + seconds
        while not self.has_ended():
            if time.monotonic() > until:
                os.kill(self.pid, signal.SIGKILL)
            time.sleep(0.001)


class Crew:
    """The workers of one task.

    Args:
        inputs: The task.
        fresh: Whether each worker is a process of its own, and no fork.
        watch: Knows which packages are installed ones.
        reports: Where to report what becomes of inputs and stages.
    """

    def __init__(self, inputs: Inputs, fresh: bool, watch: Watch, reports: Reports) -> None:
        self.reports = reports
        self._inputs = inputs
        self._fresh = fresh
        self._watch = watch
        self._seeds = Seeds()
        self._workers: List[Worker] = []
        self.counts = {"computed": 0, "reused": 0, "waited": 0}
        """How many steps were computed, found, and computed by another run that was waited for."""
        self.loaded: Dict[str, None] = {}
        """The installed packages that workers loaded, in the order of their loading."""

    def go_through(self, ids: List[Any], jobs: int, status: Status | None) -> Answers:
        """Takes the inputs through, so many at once; one that dies fails its input only."""
        waiting = list(enumerate(ids))
        try:
            while waiting or self._busy():
                while waiting and len(self._busy()) < jobs and (not self._busy() or self._inputs.pool.has_room()):
                    step, input_id = waiting.pop(0)
                    update(status, info="process", input_id=input_id, step=step, step_count=len(ids))
                    self.reports.tell("process", input=input_id, number=step)
                    self._idle().hand(step, input_id)
                for worker in self._heard():
                    try:
                        answer = self._listen(worker, status)
                    except EOFError:
                        self._remove(worker)
                        if worker.done and not worker.has_begun:
                            # It died of what was before; this input is for another.
                            waiting.insert(0, worker.busy)
                            continue
                        answer = worker.death()
                    if answer is not None:
                        yield answer
        except KeyboardInterrupt:
            # The workers heard it as well; how long they may take is decided by whoever sent it.
            for worker in self._busy():
                worker.wait()
            raise
        finally:
            for worker in self._workers:
                self.loaded.update(dict.fromkeys(worker.end()))
            self._workers.clear()

    def _busy(self) -> List[Worker]:
        return [worker for worker in self._workers if worker.busy]

    def _idle(self) -> Worker:
        for worker in [one for one in self._workers if not one.busy]:
            if not worker.has_ended():
                return worker
            self._remove(worker)
        self._workers.append(self._spawn() if self._fresh else self._fork())
        return self._workers[-1]

    def _remove(self, worker: Worker) -> None:
        worker.pipe.close()
        self._workers.remove(worker)

    def _heard(self) -> Sequence[Worker]:
        """The busy workers that say something or are gone."""
        busy = self._busy()
        limited = any(self._limit_of(worker) is not None for worker in busy)
        heard = wait([worker.pipe for worker in busy], LIMIT_SECONDS if limited else LOOK_SECONDS)
        for worker in busy if limited else ():
            self._hold_to_limit(worker)
        return [worker for worker in busy if worker.pipe in heard or worker.has_ended()]

    def _count(self, message: Any) -> None:
        facts = message if isinstance(message, dict) else {}
        how = {"end-stage": "computed", "skip-stage": facts.get("why", "")}.get(facts.get("info", ""), "")
        if how in self.counts:
            self.counts[how] += 1

    def _limit_of(self, worker: Worker) -> int | None:
        return self._inputs.limit(worker.stage)

    def _hold_to_limit(self, worker: Worker) -> None:
        """Ends a worker that has more memory than its step may have."""
        limit = self._limit_of(worker)
        has = 0 if limit is None else resident(worker.pid)
        if limit is not None and has > limit and not worker.has_ended():
            worker.why = f"it had {written_size(has)} of memory, and its `resources` allow {written_size(limit)}"
            os.kill(worker.pid, signal.SIGKILL)

    def _listen(self, worker: Worker, status: Status | None) -> Outcome | Failure | None:
        """Takes one message of a worker; the answer, if it is one.

        Raises:
            EOFError: It is gone.
        """
        if not worker.pipe.poll() and worker.has_ended():
            raise EOFError
        try:
            kind, *told = worker.pipe.recv()
        except OSError as error:
            raise EOFError from error
        if kind == "status":
            message, intermediate = told
            if isinstance(message, dict) and message.get("info") == "start-stage":
                worker.stage = message["stage"]
            self._count(message)
            self.reports.tell_status(worker.busy[1], worker.stage, message, intermediate)
            _repeat(status, message, intermediate)
        elif kind == "begun":
            worker.has_begun = True
        else:
            worker.busy = ()
            worker.done += 1
            answer: Outcome | Failure = told[0]
            return answer
        return None

    def _fork(self) -> Worker:
        ours, theirs = Pipe()
        parent = os.getpid()
        sys.stdout.flush()
        sys.stderr.flush()
        pid = os.fork()
        if pid:
            theirs.close()
            return Worker(pid, ours)
        _native.die_with_parent(parent)
        ours.close()
        for worker in self._workers:
            worker.pipe.close()
        self._workers.clear()
        self._seeds.spread()
        # From here it ends as any interpreter does, with all that was registered for it.
        sys.exit(work(self._inputs, theirs, self._watch))

    def _spawn(self) -> Worker:
        ours, theirs = Pipe()
        words = [sys.executable, "-m", "mendel.pipeline.crew", str(theirs.fileno()), self._inputs.steps.job.run]
        process = subprocess.Popen(words, pass_fds=[theirs.fileno()])
        theirs.close()
        ours.send((self._inputs.document, os.getpid()))
        # It is waited for here, by its id.
        process.returncode = 0
        return Worker(process.pid, ours)


def _repeat(status: Status | None, message: Any, intermediate: bool) -> None:
    """Reports here what a worker reported."""
    if status is not None:
        if intermediate:
            status.intermediate(message)
        elif message is not None:
            status.write(message)


def work(inputs: Inputs, pipe: Connection, watch: Watch) -> int:
    """What a worker does: takes through what it is handed."""
    known: Set[str] = set(sys.modules)
    lock = threading.Lock()

    def tell(*told: Any) -> None:
        # Stages may report from threads of theirs.
        with lock:
            pipe.send(told)

    inputs.steps.observation.watch.hand_on()
    status = Status(listener=lambda _, message, intermediate: tell("status", message, intermediate))
    try:
        while handed := pipe.recv():
            inputs.pool.take(inputs.need)
            tell("begun")
            try:
                answer = inputs.run(handed[0], status)
            finally:
                inputs.pool.give_back()
            sys.stdout.flush()
            tell("done", answer)
        tell("loaded", [name for name in watch.installed() if name not in known])
    except (EOFError, ConnectionError):
        # Nobody hands over inputs any more; what was finished is in the store.
        return 0
    except KeyboardInterrupt:
        return 128 + signal.SIGINT
    return 0


def main() -> int:
    """A worker that is no fork."""
    pipe = Connection(int(sys.argv[1]))
    document, parent = pipe.recv()
    _native.die_with_parent(parent)
    prepare_imports(document)
    return work(Inputs(document, sys.argv[2]), pipe, Watch())


if __name__ == "__main__":
    # Under this name the classes of this module would exist twice.
    from mendel.pipeline import crew

    sys.exit(crew.main())
