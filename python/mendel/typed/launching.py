"""Starting the process of a job: a run is made in the workspace, and a supervisor holds it.

The supervisor is the one that ``mendel run`` uses. It has a session of its own and does not
need us: it goes on when the process that prepared the experiment is gone. It inherits the
lock of the job's folder, so that the lock is free exactly when nobody is left.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from mendel import _native
from mendel.store import now
from mendel.typed import active
from mendel.typed.errors import NotUsable
from mendel.typed.job_folder import LAUNCH, OURS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Sequence

    from mendel.typed.jobs import Job

STOP_GRACE_SECONDS = 30
_OF_ANOTHER_RUN = ("MENDEL_RUN_ID", "MENDEL_ATTEMPT", "MENDEL_API", "MENDEL_OBSERVE", "MENDEL_STAGES")


class LocalLauncher:
    """Starts jobs on this machine.

    Args:
        workspace: The folder that holds ``jobs/``.
        project: The project of the runs.

    Raises:
        NotUsable: The command ``mendel`` is not installed with the package.
    """

    def __init__(self, workspace: Path, project: str) -> None:
        binary = _native.binary()
        if binary is None:
            raise NotUsable("the command `mendel` is not installed beside the package, and holds the processes of jobs")
        self.binary = os.fspath(binary)
        self.workspace = workspace
        self.project = project
        self.store = workspace / OURS
        _native.workspace_create(self.store)
        self._client: _native.Client | None = None

    def start(self, job: Job, locks: Sequence[int], attempt: int) -> subprocess.Popen[bytes]:
        """Starts an attempt. The locks are handed to the supervisor; close them afterwards."""
        run = self._create_run(job)
        job.run = run
        job.folder.write(f"{OURS}/{LAUNCH}", self._told(job, attempt, run))
        process = subprocess.Popen(
            [self.binary, "supervise"],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={name: value for name, value in os.environ.items() if name not in _OF_ANOTHER_RUN},
            cwd=self.workspace,
            pass_fds=tuple(locks),
            start_new_session=True,
        )
        assert process.stdin is not None
        with process.stdin as pipe:
            pipe.write(json.dumps(self._batch(job, run, locks)).encode() + b"\n")
        return process

    def outcome(self, job: Job) -> tuple[str, str]:
        """Why a job that left no mark ended, as the workspace knows it."""
        try:
            run = json.loads(self._connected().run(job.run) or "{}") if job.run else {}
        except _native.MendelError:
            run = {}
        reason = str(run.get("status_reason") or "")
        known = "memory" if "memory" in reason else "cancelled" if run.get("status") == "stopped" else "failed"
        return known, str(run.get("status_message") or reason or "its process died and left no mark")

    def _connected(self) -> _native.Client:
        if self._client is None:
            self._client = _native.connect(self.store)
        return self._client

    def _create_run(self, job: Job) -> str:
        facts = {
            "id": _native.new_id(),
            "name": job.name,
            "project": self.project,
            "kind": "typed",
            "type": "training",
            "user": os.environ.get("USER") or os.environ.get("LOGNAME") or "",
            "created": now(),
            "params": _params(job.task),
            "tags": sorted(f"{name}={value}" for name, value in job.tags.items()),
            "identity": job.identity,
            "script": {"entry": job.task.__mendel__.schema.type_id, "root": str(job.path)},
        }
        request = json.dumps({"runs": [facts]})
        try:
            made = self._connected().create_runs(request)
        except _native.Unreachable:
            # What answers the workspace goes when it is idle, and comes again when it is asked for.
            self._client = None
            made = self._connected().create_runs(request)
        return str(json.loads(made)[0]["id"])

    def _batch(self, job: Job, run: str, locks: Sequence[int]) -> dict[str, Any]:
        entry = job.task.__mendel__.schema.type_id
        return {
            "workspace": str(self.store),
            "slots": 1,
            "stop_grace": STOP_GRACE_SECONDS,
            "watched": "optional",
            "package": str(Path(__file__).resolve().parent.parent),
            "binary": self.binary,
            "jobs": [
                {
                    "run": run,
                    "launch": {"kind": "typed", "entry": entry, "task": str(job.path), "name": job.name},
                    "root": str(job.path),
                    "folder": {"kind": "in_place", "path": str(job.folder.ours)},
                    "environment": {"python": sys.executable, "variables": self._variables(job, locks), "lock": None},
                    "identity": job.identity,
                    "keep": {
                        "console": True,
                        "monitor": True,
                        "large_outputs": False,
                        "artifacts": False,
                        "result": False,
                    },
                }
            ],
        }

    def _variables(self, job: Job, locks: Sequence[int]) -> dict[str, str]:
        return {
            **job.launcher.environ,
            **job.environ,
            active.VARIABLE: str(self.workspace),
            "MENDEL_TAGS": json.dumps(job.tags),
            "MENDEL_LOCK_HANDLES": ",".join(map(str, locks)),
        }

    def _told(self, job: Job, attempt: int, run: str) -> dict[str, Any]:
        return {
            "attempt": attempt,
            "run": run,
            "sys_path": [os.path.abspath(path) for path in sys.path],
            "tags": job.tags,
            "environ": {**job.launcher.environ, **job.environ},
            "kind": job.launcher.kind,
        }


def _params(task: Any) -> list[dict[str, Any]]:
    """The plain values of a task and of what is below it, for lists of runs."""
    from mendel.typed.walking import everything, is_history, shown_path

    rows = []
    for path, one in everything(task, is_history):
        for name in one.__mendel__.schema.fields:
            value = one.__dict__.get(name)
            if type(value) in (bool, int, float, str) and _fits(value):
                rows.append({"name": shown_path((*path, name)), "value": value, "origin": {"from": "code"}})
    return rows


def _fits(value: Any) -> bool:
    """Whether a value can stand in a JSON document as it is."""
    if isinstance(value, float):
        return value - value == 0
    if isinstance(value, str):
        return value.isprintable() and len(value) <= 1000
    return bool(-(1 << 63) <= value < (1 << 63))
