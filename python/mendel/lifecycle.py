"""The life of a task: started, stopped, completed, failed, published, reset, closed."""

from __future__ import annotations

import json
import time

from mendel.errors import NeedsServer
from mendel.notes import warn
from mendel.run_handle import RunHandle
from mendel.task_type import TaskStatusEnum, shown_status

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Iterable

    from mendel.store import Document

_MOVES = {
    "start": "running",
    "stop": "stopped",
    "complete": "completed",
    "fail": "failed",
    "publish": "published",
    "reset": "draft",
}


class Lifecycle(RunHandle):
    """The members of a task that concern its status."""

    def started(self, ignore_errors: bool = True, force: bool = False) -> bool:
        """Says that the task runs.

        Args:
            ignore_errors: Log a move that the status does not allow, instead of raising.
            force: Accepted for compatibility.

        Returns:
            Whether the task runs now.
        """
        return self._move("start", ignore_errors, owner=_owner())

    def stopped(
        self,
        ignore_errors: bool = True,
        force: bool = False,
        status_reason: str | None = None,
        status_message: str | None = None,
    ) -> bool:
        """Says that the task was stopped; see :meth:`started`."""
        return self._move("stop", ignore_errors, reason=status_reason or "", message=status_message or "")

    def completed(
        self,
        ignore_errors: bool = True,
        force: bool = False,
        status_reason: str | None = None,
        status_message: str | None = None,
    ) -> bool:
        """Says that the task ended well; see :meth:`started`."""
        return self._move("complete", ignore_errors, reason=status_reason or "", message=status_message or "")

    def mark_failed(
        self,
        ignore_errors: bool = True,
        status_reason: str | None = None,
        status_message: str | None = None,
        force: bool = False,
    ) -> bool:
        """Says that the task failed, with a short reason and a sentence."""
        return self._move("fail", ignore_errors, reason=status_reason or "", message=status_message or "")

    failed = mark_failed

    def mark_started(self, force: bool = False) -> bool:
        """Says by hand that the task runs."""
        return self.started(force=force)

    def mark_stopped(self, force: bool = False, status_message: str | None = None) -> bool:
        """Says by hand that the task was stopped."""
        return self.stopped(force=force, status_message=status_message)

    def mark_completed(
        self, ignore_errors: bool = True, status_message: str | None = None, force: bool = False
    ) -> bool:
        """Says by hand that the task ended well."""
        return self.completed(ignore_errors, force, status_message=status_message)

    def publish(self, ignore_errors: bool = True, publish_model: bool = True) -> bool:
        """Makes an ended task read-only for ever, and its last output model usable for others.

        Raises:
            ValueError: The task has not ended.
        """
        status = self.get_status()
        ended = (TaskStatusEnum.completed, TaskStatusEnum.stopped, TaskStatusEnum.failed, TaskStatusEnum.published)
        if status not in ended:
            raise ValueError(f"a task that is `{status}` cannot be published; it has not ended")
        if publish_model and status != TaskStatusEnum.published:
            model = getattr(self, "output_model", None)
            if model is not None and not model.published:
                model.publish()
                self._settle()
        return self._move("publish", ignore_errors)

    def _move(self, to: str, ignore_errors: bool, **details: Any) -> bool:
        """Changes the status; asking for the status there is succeeds."""
        from mendel import _native

        self._settle()
        target = _MOVES[to]
        try:
            found = self._ask_run()
            if found is None:
                self._open().move(json.dumps({"to": to, "time": int(time.time() * 1000), **details}))
                self._facts["status"] = target
                return True
            if found["status"] != target:
                found = self._store.move(self.id, to, **details)
            self._begin_attempt(found)
            return True
        except _native.MendelError as error:
            if not ignore_errors:
                raise
            warn("task `%s` did not become `%s`: %s", self.id, shown_status(target), error)
            return False

    def reset(self, set_started_on_success: bool = False, force: bool = False) -> None:
        """Forgets what the task reported; its status becomes ``created``.

        Args:
            set_started_on_success: Start it again at once.
            force: Needed under an agent, where nothing happens without it.
        """
        if self._attached and not force:
            warn("task `%s` runs under an agent and was not reset; `force=True` does so", self.id)
            return
        self._settle()
        self._begin_attempt(self._store.move(self.id, "reset"), anew=True)
        if set_started_on_success:
            self._begin_attempt(self._store.move(self.id, "start", owner=_owner()))

    def _begin_attempt(self, facts: Document, anew: bool = False) -> None:
        """Takes over the facts after a move; a new attempt is reported by a new writer."""
        changed = anew or facts.get("attempt") != self._facts.get("attempt")
        self._facts = facts
        if changed:
            if self._writer is not None:
                self._writer.close()
                self._writer = None
            self._forget_results()

    def _forget_results(self) -> None:
        """What this process remembers of the results; each subject forgets its own."""

    def close(self) -> None:
        """Stores everything pending and ends the task; another may begin."""
        from mendel import main_task

        main_task.close(self)

    def delete(self, delete_artifacts_and_models: bool = True, raise_on_error: bool = False) -> bool:
        """Deletes the task with all that belongs to it; whether there was one."""
        from mendel import _native

        try:
            self._store.delete(self.id)
            return True
        except _native.MendelError:
            if raise_on_error:
                raise
            return False

    def wait_for_status(
        self,
        status: Iterable[str] = (TaskStatusEnum.completed, TaskStatusEnum.stopped, TaskStatusEnum.closed),
        raise_on_status: Iterable[str] | None = (TaskStatusEnum.failed,),
        check_interval_sec: float = 60.0,
    ) -> None:
        """Waits until the task has one of the statuses; a store that is away is waited for.

        Args:
            status: Statuses to wait for.
            raise_on_status: Statuses to raise on.
            check_interval_sec: Seconds between two looks.

        Raises:
            RuntimeError: The status became one of ``raise_on_status``.
        """
        from mendel import _native

        wanted = {str(word) for word in ([status] if isinstance(status, str) else status)}
        bad = {str(word) for word in ([raise_on_status] if isinstance(raise_on_status, str) else raise_on_status or ())}
        while True:
            try:
                current = str(self.get_status())
            except _native.Unreachable:
                current = ""
            if current in wanted:
                break
            if current in bad:
                reason = self._facts.get("status_message") or self._facts.get("status_reason") or ""
                raise RuntimeError(f"task `{self.id}` is `{current}`: {reason}".rstrip(": "))
            time.sleep(check_interval_sec)
        self.reload()

    def execute_remotely(self, queue_name: str | None = None, clone: bool = False, exit_process: bool = True) -> Any:
        """Goes on elsewhere: leaves this process, after queueing the task or a clone.

        Under an agent nothing happens. Without a queue the task is reset to a draft and
        the process ends with code 0.

        Raises:
            ValueError: Neither a clone nor the end of the process is wanted.
            NeedsServer: A queue is named, and the workspace has none.
        """
        if self._attached:
            return None
        if not clone and not exit_process:
            raise ValueError("`clone=False` needs `exit_process=True`: one task cannot run twice")
        if queue_name is not None:
            raise NeedsServer(f"putting the task on queue `{queue_name}`")
        from mendel import main_task

        return main_task.leave(self, clone, exit_process)

    def is_main_task(self) -> bool:
        """Whether this is the task that ``Task.init`` made in this process."""
        return self._main and not self._closed

    def is_current_task(self) -> bool:
        """Deprecated: :meth:`is_main_task` takes its place."""
        import warnings

        warnings.warn(
            "`is_current_task` is deprecated; `is_main_task` takes its place", DeprecationWarning, stacklevel=2
        )
        return self.is_main_task()


def _owner() -> Document:
    from mendel import _native

    owner: Document = json.loads(_native.owner())
    return owner
