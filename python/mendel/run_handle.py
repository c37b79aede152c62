"""What every tracked task has: its run's id and facts, a way to ask, and a way to report.

A task of this process reports through a journal and keeps its own view of the facts, so
that it works without anyone answering. A fetched task asks and changes the store.
"""

from __future__ import annotations

import json
import os
import threading
import time

from mendel.errors import TaskClosed
from mendel.store import Store
from mendel.task_type import TaskStatusEnum, shown_status

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from mendel import _native
    from mendel.background import Uploads, Watcher
    from mendel.store import Document

PATIENCE = 2.0


class RunHandle:
    """The part of a tracked task that all its subjects build on."""

    def __init__(self, store: Store, facts: Document, writer: _native.RunWriter | None = None) -> None:
        self._store = store
        self._facts = facts
        self._writer = writer
        self._main = False
        self._attached = False
        self._closed = False
        self._offset = 0
        self._lock = threading.RLock()
        self._uploads_made: Uploads | None = None
        self._watcher_made: Watcher | None = None

    @property
    def id(self) -> str:
        """The id: 32 hexadecimal digits."""
        return str(self._facts["id"])

    @property
    def task_id(self) -> str:
        """The id, under its older name."""
        return self.id

    @property
    def name(self) -> str:
        """The name."""
        return str(self._facts["name"])

    @name.setter
    def name(self, value: str) -> None:
        self.set_name(value)

    @property
    def project(self) -> str:
        """Name of the project, which also serves as its id."""
        return str(self._facts["project"])

    @property
    def task_type(self) -> str:
        """What the task is for, one of :class:`mendel.TaskTypes`."""
        return str(self._facts.get("type", "training"))

    @property
    def comment(self) -> str:
        """The comment."""
        return str(self._facts.get("comment", ""))

    @comment.setter
    def comment(self, value: str) -> None:
        self.set_comment(value)

    @property
    def parent(self) -> str | None:
        """Id of the parent task."""
        return self._facts.get("parent")

    @parent.setter
    def parent(self, value: str | None) -> None:
        self._change(parent=value)

    @property
    def tags(self) -> list[str]:
        """The tags, sorted."""
        return sorted(self._facts.get("tags", []))

    @property
    def data(self) -> Document:
        """Everything stored about the run, as last loaded."""
        return self._facts

    def set_name(self, name: str) -> None:
        """Renames the task."""
        self._change(name=str(name))

    def set_comment(self, comment: str) -> None:
        """Sets the comment."""
        self._change(comment=str(comment))

    def set_parent(self, parent: Any) -> None:
        """Sets the parent: an id, a task, or ``None`` for none.

        Raises:
            ValueError: The task would become its own ancestor.
        """
        wanted = getattr(parent, "id", parent)
        ancestor, seen = wanted, set()
        while ancestor is not None and ancestor not in seen:
            if ancestor == self.id:
                raise ValueError(f"task `{self.id}` would become its own ancestor")
            seen.add(ancestor)
            found = self._store.run(ancestor)
            ancestor = found.get("parent") if found else None
        self._change(parent=wanted)

    def add_tags(self, tags: Any) -> None:
        """Adds one tag or several to those there are; does nothing under an agent."""
        if self._attached:
            return
        added = [tags] if isinstance(tags, str) else [str(tag) for tag in tags]
        self._change(add_tags=added)

    def set_tags(self, tags: Any) -> None:
        """Sets the tags in place of those there are."""
        wanted = [tags] if isinstance(tags, str) else [str(tag) for tag in tags]
        removed = [tag for tag in self.tags if tag not in wanted]
        self._change(add_tags=wanted, remove_tags=removed)

    def get_tags(self) -> list[str]:
        """The tags, sorted."""
        return self.tags

    def get_project_name(self) -> str:
        """Name of the project."""
        return self.project

    def get_archived(self) -> bool:
        """Whether the task is put away."""
        self.reload()
        return bool(self._facts.get("archived", False))

    def set_archived(self, archive: bool) -> None:
        """Puts the task away, or takes it back."""
        self._change(archived=bool(archive))

    def reload(self) -> None:
        """Loads everything stored about the task anew."""
        self._settle()
        found = self._ask_run()
        if found is not None:
            self._facts = found

    def get_status(self) -> TaskStatusEnum:
        """The status as it is now; nothing else is loaded."""
        self._settle()
        found = self._ask_run()
        if found is not None:
            for fact in ("status", "status_reason", "status_message", "attempt"):
                self._facts[fact] = found.get(fact, "")
        return shown_status(self._facts.get("status", "draft"))

    @property
    def status(self) -> TaskStatusEnum:
        """The status as it is now."""
        return self.get_status()

    def _ask_run(self) -> Document | None:
        from mendel import _native

        try:
            return self._store.run(self.id)
        except _native.Unreachable:
            if not self._main:
                raise
            return None

    def _open(self) -> _native.RunWriter:
        """The writer that reports into this run.

        Raises:
            TaskClosed: The task was closed.
        """
        if self._closed:
            raise TaskClosed(f"task `{self.name}` is closed; nothing more can be reported into it")
        writer = self._writer
        if writer is None:
            from mendel import _native

            with self._lock:
                if self._writer is None:
                    attempt = int(self._facts.get("attempt", 1))
                    self._writer = _native.RunWriter(self._store.workspace, self.id, attempt, _api())
                writer = self._writer
        return writer

    def _change(self, **update: Any) -> None:
        """Changes facts of the run: by journal for the task of this process, else at once."""
        if self._main:
            self._open().update(json.dumps(update))
            apply(self._facts, update)
        else:
            self._facts = self._store.update(self.id, update)

    def _settle(self, timeout: float = 30.0, patience: float = PATIENCE) -> bool:
        """Waits until the store has everything reported so far; whether it has."""
        if self._uploads_made is not None:
            self._uploads_made.wait(timeout)
        if self._writer is None or self._closed:
            return True
        return self._acknowledged(timeout, patience)

    def _acknowledged(self, timeout: float, patience: float = PATIENCE) -> bool:
        """Waits until the store has what was reported, also by other threads meanwhile.

        Args:
            timeout: Seconds to wait at most.
            patience: Seconds to wait while there is trouble and nothing gets through.
        """
        writer, start = self._open(), time.monotonic()
        delivered, moved = -1, start
        while True:
            left = start + timeout - time.monotonic()
            counts = writer.flush(True, max(0.0, min(left, patience)))
            now = time.monotonic()
            if counts["acknowledged"]:
                return True
            if counts["delivered"] != delivered:
                delivered, moved = counts["delivered"], now
            if now - start >= timeout or (now - moved >= patience and writer.last_error() is not None):
                return False
            time.sleep(0.005)

    @property
    def _uploads(self) -> Uploads:
        if self._uploads_made is None:
            from mendel.background import Uploads

            self._uploads_made = Uploads()
        return self._uploads_made

    @property
    def _watcher(self) -> Watcher:
        if self._watcher_made is None:
            from mendel.background import Watcher

            self._watcher_made = Watcher()
        return self._watcher_made

    def __repr__(self) -> str:
        return f"<Task {self.id} `{self.project}` / `{self.name}`>"


def _api() -> str | None:
    """The address to deliver to; ``MENDEL_OFFLINE`` keeps everything in the journal."""
    return "off" if os.environ.get("MENDEL_OFFLINE", "") not in ("", "0") else None


def apply(facts: Document, update: Document) -> None:
    """Changes ``facts`` as the store will once it has ``update``.

    Example:
        >>> facts = {"tags": ["a"], "comment": ""}
        >>> apply(facts, {"add_tags": ["b"], "comment": "x"})
        >>> facts
        {'tags': ['a', 'b'], 'comment': 'x'}
    """
    for key, value in update.items():
        if key == "add_tags":
            facts["tags"] = sorted({*facts.get("tags", []), *value})
        elif key == "remove_tags":
            facts["tags"] = [tag for tag in facts.get("tags", []) if tag not in value]
        elif key == "replace_params":
            facts["params"] = list(value)
        elif key == "set_params":
            kept = {(param.get("section", ""), param["name"]): param for param in facts.get("params", [])}
            kept.update({(param.get("section", ""), param["name"]): param for param in value})
            facts["params"] = list(kept.values())
        elif key == "documents":
            documents = {**facts.get("documents", {}), **value}
            facts["documents"] = {name: body for name, body in documents.items() if body is not None}
        else:
            facts[key] = value
