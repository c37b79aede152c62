"""Work beside the script: uploads in order, and watching objects for changes.

Both are daemon threads made when first needed; neither lets an exception reach the
script.
"""

from __future__ import annotations

import queue
import threading
import time

from mendel.notes import warn

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable

WATCH_SECONDS = 2.0


class Uploads:
    """Runs jobs one after the other in a thread of its own.

    Example:
        >>> uploads, done = Uploads(), []
        >>> uploads.add(lambda: done.append(1))
        >>> uploads.wait(10), done
        (True, [1])
    """

    def __init__(self) -> None:
        self._jobs: queue.Queue[Callable[[], object] | None] = queue.Queue()
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()
        self.failures: list[str] = []

    def add(self, job: Callable[[], object]) -> None:
        """Runs ``job`` once the earlier ones are done."""
        with self._lock:
            self._jobs.put(job)
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._work, name="mendel-uploads", daemon=True)
                self._thread.start()

    def wait(self, timeout: float) -> bool:
        """Waits until nothing is left, for at most ``timeout`` seconds; whether that is so."""
        if self._thread is threading.current_thread():
            return False
        end = time.monotonic() + timeout
        with self._jobs.all_tasks_done:
            while self._jobs.unfinished_tasks:
                left = end - time.monotonic()
                if left <= 0 or self._thread is None or not self._thread.is_alive():
                    return False
                self._jobs.all_tasks_done.wait(min(left, 1.0))
        return True

    def _work(self) -> None:
        while True:
            job = self._jobs.get()
            try:
                if job is not None:
                    job()
            except Exception as error:
                self.failures.append(str(error))
                warn("an upload failed: %s", error)
            finally:
                self._jobs.task_done()


class Watcher:
    """Calls checks every few seconds, and all of them once more when asked.

    Args:
        period: Seconds between two rounds.
    """

    def __init__(self, period: float = WATCH_SECONDS) -> None:
        self._checks: dict[str, Callable[[], object]] = {}
        self._period = period
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._turn = threading.RLock()

    def add(self, name: str, check: Callable[[], object]) -> None:
        """Calls ``check`` from now on, in place of an earlier one of that name."""
        self._checks[name] = check
        if self._thread is None or not self._thread.is_alive():
            self._thread = threading.Thread(target=self._work, name="mendel-watch", daemon=True)
            self._thread.start()

    def remove(self, name: str) -> None:
        """Calls the check of that name no more."""
        with self._turn:
            self._checks.pop(name, None)

    def check_now(self) -> None:
        """Calls every check once."""
        with self._turn:
            for name, check in list(self._checks.items()):
                try:
                    check()
                except Exception as error:
                    warn("watching `%s` failed: %s", name, error)

    def stop(self) -> None:
        """Ends the watching after a last round."""
        self.check_now()
        self._stop.set()

    def _work(self) -> None:
        while not self._stop.wait(self._period):
            self.check_now()
