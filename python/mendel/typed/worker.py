"""Executes one task in a process of its own; started by a supervisor.

The end is written down by the process itself, so that it is known whoever watched.
"""

from __future__ import annotations

import fcntl
import json
import os
import socket
import sys
import time
import traceback
from pathlib import Path

from mendel.typed import active, sources
from mendel.typed.cancelling import Cancellation, GracefulTimeout, TaskCancelled
from mendel.typed.instances import DirectoryContext, build_together
from mendel.typed.job_folder import LAUNCH, OURS, PARAMS, write

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

EXIT_CANCELLED = 143
LOCK_VARIABLE = "MENDEL_LOCK_HANDLES"


class Worker:
    """One attempt of one task.

    Args:
        folder: The folder of the task.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.told = json.loads((folder / OURS / LAUNCH).read_text(encoding="utf-8"))
        self.document = json.loads((folder / PARAMS).read_text(encoding="utf-8", errors="surrogatepass"))
        root = self.document["objects"][self.document["value"]["object"]]
        from mendel.typed.paths import safe

        self.name = safe(str(root["type_id"]).rpartition(".")[2])
        self.started = time.time()
        self.outputs: list[str] = []

    def execute(self) -> int:
        """Executes the task, writes down its end, and answers the exit code."""
        write(
            self.folder / f"{self.name}.pid", {"pid": os.getpid(), "host": socket.gethostname(), "since": self.started}
        )
        cancellation = Cancellation()
        code, reason, error, trace = 0, "", "", ""
        try:
            self._run()
        except SystemExit as end:
            if end.code not in (None, 0):
                code, reason, error = 1, "failed", f"sys.exit({end.code!r})"
        except TaskCancelled as end:
            code, reason, error = EXIT_CANCELLED, "cancelled", str(end)
        except GracefulTimeout as end:
            code, reason, error = 1, "timeout", str(end)
        except BaseException as end:  # noqa: BLE001 - whatever it is, it is the end of the task
            code, reason, error = 1, "failed", f"{type(end).__name__}: {end}"
            trace = traceback.format_exc()
        cancellation.ignore()
        if cancellation.came and not reason:
            code, reason, error = EXIT_CANCELLED, "cancelled", "the task was told to stop"
        if trace:
            sys.stderr.write(trace)
        sys.stdout.flush()
        sys.stderr.flush()
        self._mark(reason, error, trace)
        return code

    def _mark(self, reason: str, error: str, trace: str) -> None:
        told: dict[str, Any] = {"started": self.started, "ended": time.time(), "attempt": self.told["attempt"]}
        told["outputs"] = self.outputs
        if reason:
            told.update(reason=reason, error=error, traceback=trace)
        write(self.folder / f"{self.name}.{'failed' if reason else 'done'}", told)
        (self.folder / f"{self.name}.pid").unlink(missing_ok=True)

    def _run(self) -> None:
        from mendel.typed.loading import Loader, workspace_of

        workspace = workspace_of(self.folder)
        bases = {"task": self.folder, "workspace": workspace}
        loader = Loader(self.document, bases, discard_id=False)
        task = loader.value()
        context = DirectoryContext(self.folder, shared=workspace)
        instance, *init_tasks = build_together([task, *task.__mendel__.init_tasks], context)
        main = self._main_folder(task, context)
        for one in (instance, *_below(instance), *init_tasks):
            own = getattr(one.mendel_config.__mendel__.job, "path", None) if one is not instance else None
            one.__dict__["__taskdir__"] = own or self.folder
            one.__dict__["__maintaskdir__"] = own or main
            one.__dict__["__tags__"] = dict(self.told["tags"])
        os.environ["MENDEL_MAIN_TASK_DIR"] = str(main)
        for light in init_tasks:
            light.execute()
        try:
            instance.execute()
        finally:
            sources.record(self.folder)
        self.outputs = self._made([instance, *_below(instance)])

    def _made(self, instances: list[Any]) -> list[str]:
        """The generated paths below the folder that are there now."""
        found = set()
        for one in instances:
            configuration: Any = one.mendel_config
            for name in configuration.__mendel__.generated:
                path = Path(configuration.__dict__[name])
                if path.exists() and self.folder in path.parents:
                    found.add(path.relative_to(self.folder).as_posix())
        return sorted(found)

    def _main_folder(self, task: Any, context: DirectoryContext) -> Path:
        """The folder that the task shares, where its class declares a partial identity."""
        from mendel.typed.partials import partial_identity

        schema = task.__mendel__.schema
        folders = [
            context.partial_folder(schema.type_id, chosen.name, partial_identity(task, chosen).hex)
            for chosen in schema.partials.values()
        ]
        # In one order for everybody, so that no two tasks wait for each other.
        for folder in sorted(folders):
            folder.mkdir(parents=True, exist_ok=True)
            _hold(folder.with_name(f".{folder.name}.lock"))
        return folders[0] if folders else self.folder


def _hold(lock: Path) -> None:
    """Waits until nobody else holds a shared folder, and holds it until this process ends."""
    fcntl.flock(os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644), fcntl.LOCK_EX)


def _below(instance: Any) -> list[Any]:
    """The instances of all configurations below one."""
    from mendel.typed.config import Config

    found: list[Any] = []
    seen: set[int] = set()
    todo: list[Any] = [instance]
    while todo:
        one = todo.pop()
        if isinstance(one, Config):
            if id(one) in seen:
                continue
            seen.add(id(one))
            found.append(one)
            configuration: Any = one.mendel_config
            todo.extend(one.__dict__.get(name) for name in configuration.__mendel__.schema.fields)
        elif isinstance(one, (list, tuple, set, frozenset)):
            todo.extend(one)
        elif isinstance(one, dict):
            todo.extend(one.values())
    return found


def main() -> int:
    """Executes the task whose folder the environment names."""
    here = os.getcwd()
    # The folder that we start in must not hide a module of anybody.
    sys.path[:] = [path for path in sys.path if path not in ("", here)]
    folder = Path(os.environ["MENDEL_TASK_DIR"])
    for lock in filter(None, os.environ.pop(LOCK_VARIABLE, "").split(",")):
        os.set_inheritable(int(lock), False)
    worker = Worker(folder)
    sys.path.extend(path for path in worker.told["sys_path"] if path not in sys.path)
    os.environ.setdefault(active.VARIABLE, str(folder.parents[2]))
    os.chdir(folder)
    return worker.execute()


if __name__ == "__main__":
    sys.exit(main())
