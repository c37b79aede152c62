"""The one main task of this process: how it begins, is found again, and ends."""

from __future__ import annotations

import atexit
import json
import os
import sys
import threading

from mendel import script
from mendel.downloads import LastTasks
from mendel.errors import TaskNotFound, UsageError
from mendel.notes import warn
from mendel.run_handle import _api
from mendel.store import Store, now

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Mapping

    from mendel.store import Document
    from mendel.tracked_task import TrackedTask

CLOSE_SECONDS = 30.0

_lock = threading.RLock()
_current: TrackedTask | None = None
_fallback: str | None = None
_stores: dict[str, Store] = {}
_credentials: dict[str, str] = {}


class Wanted:
    """What ``Task.init`` was asked for."""

    def __init__(
        self, project: str | None, name: str | None, purpose: str, reuse: bool | str, tags: tuple[str, ...] = ()
    ) -> None:
        self.project = project
        self.name = name
        self.purpose = purpose
        self.reuse = reuse
        self.tags = tags


class CaptureChoice:
    """What is to be captured."""

    def __init__(
        self,
        arguments: bool | Mapping[str, bool],
        frameworks: bool | Mapping[str, bool],
        resources: bool,
        streams: bool | Mapping[str, bool],
    ) -> None:
        self.arguments = arguments
        self.frameworks = frameworks
        self.resources = resources
        self.streams = streams


def current() -> TrackedTask | None:
    """The main task; inside of ``mendel run`` that run, also without ``init``."""
    if _current is not None or not os.environ.get("MENDEL_RUN_ID"):
        return _current
    with _lock:
        return _current or _attach(os.environ["MENDEL_RUN_ID"])


def begin(wanted: Wanted, capture: CaptureChoice, output_uri: Any) -> TrackedTask:
    """Begins the main task, or answers the one there is."""
    global _current
    with _lock:
        task = current()
        if task is not None and task._session is not None:
            _must_agree(task, wanted)
            return task
        if task is None:
            task = _start(wanted)
            _current = task
        # A run that was given a destination keeps it, whatever its script says.
        if output_uri and not (task._attached and task.output_uri):
            destination = str(output_uri) if output_uri is not True else str(store().workspace)
            task._change(documents={"output": {"destination": destination}})
        if wanted.tags:
            task.add_tags(list(wanted.tags))
        from mendel.capture.session import Session

        task._session = Session(task, capture)
        task._session.begin()
        return task


def _must_agree(task: TrackedTask, wanted: Wanted) -> None:
    if task._attached:
        return
    for what, given, known in (("project", wanted.project, task.project), ("name", wanted.name, task.name)):
        if given is not None and given != known:
            raise UsageError(
                f"the main task of this process has the {what} `{known}`, not `{given}`; "
                "`close` ends it, `Task.create` makes a sub-task"
            )


def _attach(run: str) -> TrackedTask:
    """The run that a supervisor started this process for."""
    global _current
    from mendel import _native
    from mendel.tracked_task import TrackedTask

    workspace = _native.workspace_find()
    attempt = int(os.environ.get("MENDEL_ATTEMPT") or 1)
    asked = _store_of(workspace)
    facts: Document | None = None
    try:
        facts = asked.run(run)
    except _native.MendelError as error:
        warn("the facts of run `%s` are not known: %s", run, error)
    if facts is None:
        facts = {"id": run, "name": script.entry().name, "project": "default", "status": "running"}
    facts["attempt"] = attempt
    task = TrackedTask(asked, facts, _native.RunWriter(workspace, run, attempt, _api()))
    task._main = task._attached = True
    _current = task
    atexit.register(_leave_attached, task, os.getpid())
    return task


def _leave_attached(task: TrackedTask, process: int) -> None:
    """What an attached task still holds is stored before its process ends."""
    if os.getpid() == process and task._session is None:
        close(task, leaving=True)


def _start(wanted: Wanted) -> TrackedTask:

    workspace = _usable(_workspace())
    facts = new_facts(wanted.project, wanted.name, wanted.purpose)
    known = LastTasks(workspace)
    key = (facts["project"], facts["name"], facts["type"])
    last = wanted.reuse if isinstance(wanted.reuse, str) else (known.get(*key) if wanted.reuse else None)
    task = None
    if last and _api() == "off" and not isinstance(wanted.reuse, str):
        last = None
    if last:
        facts["id"] = last if isinstance(wanted.reuse, str) else facts["id"]
        task = _again(_store_of(workspace), last, facts, forced=isinstance(wanted.reuse, str))
    task = task or _anew(_store_of(workspace), facts)
    known.put(*key, task.id)
    return task


def _usable(workspace: str) -> str:
    """The workspace made ready; one in a temporary folder where it cannot be, since tracking never ends a training."""
    global _fallback
    from mendel import _native

    try:
        _native.workspace_create(workspace)
    except (_native.MendelError, OSError) as error:
        if _fallback is None:
            import tempfile

            _fallback = os.path.join(tempfile.mkdtemp(prefix="mendel-"), ".mendel")
            warn("the workspace `%s` cannot be used: %s; this process records into `%s`", workspace, error, _fallback)
        _native.workspace_create(_fallback)
        return _fallback
    return workspace


def _anew(asked: Store, facts: Document) -> TrackedTask:
    """A new run, made in the journal: nobody needs to answer."""
    from mendel import _native
    from mendel.tracked_task import TrackedTask

    writer = _native.RunWriter(asked.workspace, facts["id"], 1, _api())
    owner = json.loads(_native.owner())
    writer.create(json.dumps({**facts, "owner": owner}))
    writer.move(json.dumps({"to": "start", "time": now(), "owner": owner}))
    task = TrackedTask(asked, {**facts, "status": "running", "attempt": 1}, writer)
    task._main = True
    return task


def _again(asked: Store, run: str, facts: Document, forced: bool) -> TrackedTask | None:
    """The earlier run, reset and started again; ``None`` where it must not be."""
    from mendel import _native
    from mendel.tracked_task import TrackedTask

    try:
        asked.deliver_leftovers(run)
        earlier = asked.run(run)
        if earlier is None or not _is_free(asked, earlier, facts, forced):
            if earlier is not None and forced:
                raise UsageError(f"task `{run}` cannot be used again: it is `{earlier['status']}`")
            return None
        if earlier["status"] != "draft":
            asked.move(run, "reset")
        cleared = dict.fromkeys(earlier.get("documents", {}))
        asked.update(run, {"replace_params": [], "documents": cleared, "name": facts["name"]})
        started = asked.move(run, "start", owner=json.loads(_native.owner()))
    except _native.MendelError as error:
        warn("the last task was not used again: %s", error)
        return None
    task = TrackedTask(asked, started, _native.RunWriter(asked.workspace, run, int(started["attempt"]), _api()))
    task._main = True
    return task


def _is_free(asked: Store, earlier: Document, facts: Document, forced: bool) -> bool:
    """Whether nothing of value is lost by resetting ``earlier``."""
    from mendel import _native

    if earlier["status"] in ("published", "queued") or earlier.get("archived"):
        return False
    if earlier["status"] == "running":
        owner = earlier.get("owner")
        if owner is None or _native.owner_alive(json.dumps(owner)):
            return False
    if forced:
        return True
    same = all(earlier.get(fact) == facts[fact] for fact in ("project", "name", "type"))
    artifacts = [artifact for artifact in asked.artifacts(earlier["id"]) if artifact.get("type") != "deleted"]
    return same and not artifacts and not asked.models(earlier["id"])


def new_facts(project: str | None, name: str | None, purpose: str) -> Document:
    """The facts of a new run; names are those of repository and script by default."""
    from mendel import _native

    found = script.entry()
    return {
        "id": _native.new_id(),
        "name": (name or found.name).strip(),
        "project": (project or found.project).strip(),
        "kind": "script",
        "type": purpose,
        "user": os.environ.get("USER") or os.environ.get("LOGNAME") or "",
        "created": now(),
        "params": [],
        "tags": [],
        "comment": "",
        "documents": {},
    }


def close(task: Any, to: str = "complete", reason: str = "", message: str = "", leaving: bool = False) -> None:
    """Ends a task: what is pending is stored; the main task also gets its status.

    A run of ``mendel run`` is closed by its supervisor, not here. A process that is
    ``leaving`` does not wait for the store: what it could not deliver lies in the journal.
    """
    global _current
    with _lock:
        if task._closed:
            return
        session, task._session = task._session, None
        if session is not None:
            session.end()
        if task._watcher_made is not None:
            task._watcher_made.stop()
        if task._uploads_made is not None and not task._uploads_made.wait(600.0):
            warn("some uploads of task `%s` did not end", task.id)
        writer = task._writer
        if writer is not None:
            if task._main and not task._attached and task._facts.get("status") == "running":
                change = {"to": to, "time": now(), "reason": reason, "message": message}
                writer.move(json.dumps(change))
            if not leaving:
                task._acknowledged(CLOSE_SECONDS)
            writer.close()
        task._closed = True
        if task._logger is not None:
            task._logger._forget()
        if _current is task:
            _current = None


def leave(task: Any, clone_first: bool, exit_process: bool) -> Any:
    """Leaves this process so that the task, or a clone, can go on elsewhere."""
    made = clone(existing(task.id), None, None, None, None) if clone_first else None
    if not clone_first:
        close(task, "stop", "execute_remotely")
        store().move(task.id, "reset")
    if exit_process:
        if task._main:
            close(task)
        sys.exit(0)
    return made


def clone(
    facts: Document, name: str | None, comment: str | None, parent: str | None, project: str | None
) -> TrackedTask:
    """A draft made from the facts of another run."""
    from mendel import _native

    kept = (
        "type",
        "kind",
        "user",
        "params",
        "script",
        "snapshot",
        "identity",
        "code",
        "environment",
        "documents",
        "tags",
    )
    made = {fact: facts[fact] for fact in kept if facts.get(fact) is not None}
    made.update(
        id=_native.new_id(),
        created=now(),
        name=name or f"Clone of {facts['name']}",
        comment=facts.get("comment", "") if comment is None else comment,
        parent=parent or facts.get("parent") or facts["id"],
        project=project or facts["project"],
        kind="manual",
    )
    asked = store()
    return tracked(asked.create(made))


def existing(run: str) -> Document:
    """The facts of a run.

    Raises:
        TaskNotFound: There is none of that id.
    """
    from mendel import _native

    try:
        facts = store().run(str(run))
    except _native.Refused as error:
        raise TaskNotFound(f"there is no task `{run}`: {error}") from error
    except ValueError as error:
        raise TaskNotFound(f"there is no task `{run}`: {error}") from error
    if facts is None:
        raise TaskNotFound(f"there is no task `{run}`")
    return facts


def tracked(facts: Document) -> TrackedTask:
    """The task of a run; that of this process where it is the main one."""
    from mendel.tracked_task import TrackedTask

    if _current is not None and _current.id == facts["id"]:
        return _current
    return TrackedTask(store(), facts)


def store() -> Store:
    """The store of the workspace this process works in."""
    if _current is not None:
        return _current._store
    return _store_of(_workspace())


def _workspace() -> str:
    """The workspace folder of this process, or the folder that stands for a server."""
    from mendel import _native

    return _fallback or _native.workspace_find()


def _store_of(workspace: str) -> Store:
    return _stores.setdefault(str(workspace), Store(str(workspace)))


def set_credentials(**given: str | None) -> None:
    """Keeps hosts and keys that a script sets."""
    _credentials.update({name: value for name, value in given.items() if value})


def web_host() -> str:
    """Address of the web interface: environment, else code, else this machine."""
    for family in ("MENDEL", "CLEARML", "TRAINS"):
        host = os.environ.get(f"{family}_WEB_HOST")
        if host:
            return host
    return _credentials.get("web_host") or "http://localhost:8080"
