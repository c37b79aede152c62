"""Batches: the tasks of a tree, which of them are pending, and running them one by one."""

from __future__ import annotations

import asyncio
import os
import pickle
import sys
from pathlib import Path
from typing import Any, Dict, Iterator, List, Type

from mendel.pipeline.config import Config
from mendel.pipeline.status import derive, update
from mendel.pipeline.task import FILES, Task
from mendel.pipeline.yaml_file import read_mapping

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mendel.pipeline.pipeline import Pipeline
    from mendel.pipeline.status import Status
    from mendel.pipeline.types import PathLike, PendingReason, TaskData


class RunContext:
    """A task with the hyperparameters and the pipeline that it is run with.

    Args:
        task: The task.
    """

    def __init__(self, task: Task) -> None:
        self.task = task
        self.config: Config = task.create_config()
        self.pipeline: Pipeline = task.create_pipeline()

    @property
    def pending(self) -> PendingReason:
        """Why the task has to run; empty when it has not."""
        return self.task.is_pending(self.pipeline, self.config)

    def run(self, *args: Any, **kwargs: Any) -> TaskData:
        """Runs the task in this process; see `Task.run`."""
        return self.task.run(self.config, self.pipeline, *args, **kwargs)

    def __getstate__(self) -> Dict[str, Any]:
        return {"task": self.task, "config": self.config.entries}

    def __setstate__(self, state: Dict[str, Any]) -> None:
        self.task = state["task"]
        self.config = Config(state["config"])
        self.pipeline = self.task.create_pipeline()

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, RunContext):
            return NotImplemented
        return self.task == other.task and self.config == other.config and self.pipeline == other.pipeline

    def __hash__(self) -> int:
        return hash(self.task)

    def __repr__(self) -> str:
        return f"<RunContext {self.task!r}>"


class Batch:
    """The tasks of one or more trees.

    Args:
        task_cls: The class of the tasks.
    """

    def __init__(self, task_cls: Type[Task] = Task) -> None:
        self.task_cls = task_cls
        self.tasks: Dict[Path, Task] = {}
        self._resolved: Dict[Path, Task] = {}
        self._process: Any = None
        self._cancelled = False

    @property
    def resolved_tasks(self) -> Dict[Path, Task]:
        """The tasks by their absolute paths."""
        return dict(self._resolved)

    def task(self, path: PathLike, spec: Dict[str, Any] | None = None) -> Task | None:
        """The task of a folder; read once, with the tasks that it inherits from.

        Args:
            path: The folder.
            spec: Its specification, in place of its file.

        Returns:
            None where the folder is no task.
        """
        path = Path(path)
        known = self._resolved.get(path.resolve())
        if known is not None:
            return known
        if spec is None:
            spec = _read_spec(path)
            if spec is None:
                return None
        above = path.parent if path.name else None
        parent = None if above is None or above.resolve() == path.resolve() else self.task(above)
        task = self.task_cls(path=path, spec=spec, parent=parent)
        self.tasks[path] = self._resolved[path.resolve()] = task
        return task

    def load(self, root_path: PathLike) -> None:
        """Reads the task of a folder and all below it.

        Raises:
            AssertionError: There is no such folder.
        """
        root = Path(root_path)
        if not root.is_dir():
            raise AssertionError(f"`{root}` is no folder")
        for folder in _folders(root):
            self.task(folder)

    @property
    def contexts(self) -> List[RunContext]:
        """The runnable tasks, parents first."""
        tasks = [task for _, task in sorted(self._resolved.items())]
        return [RunContext(task) for task in tasks if task.runnable]

    @property
    def pending(self) -> List[RunContext]:
        """The tasks that have to run, parents first."""
        return [context for context in self.contexts if context.pending]

    def context(self, path: PathLike) -> RunContext | None:
        """The task of a folder as it is run; None where there is none."""
        task = self.task(path)
        return None if task is None else RunContext(task)

    async def run(self, contexts: List[RunContext] | None = None, status: Status | None = None) -> bool:
        """Runs tasks, each in a process of its own, parents first; one that fails stops no other.

        Args:
            contexts: The tasks, else all that are pending.
            status: Where to report, or None.

        Returns:
            Whether all of them ended well.
        """
        chosen = sorted(self.pending if contexts is None else contexts, key=lambda one: one.task.path.resolve())
        self._cancelled = False
        failed: int | None = None
        for step, context in enumerate(chosen):
            inner = derive(status)
            facts: Dict[str, Any] = {"task": str(context.task.path.resolve()), "step": step, "step_count": len(chosen)}
            update(inner, info="enter", **facts)
            code = await self._run_one(context, inner)
            if code != 0:
                failed = code
            if self._cancelled:
                break
        if failed is not None or self._cancelled:
            update(status, info="interrupted", exit_code=None if self._cancelled else failed)
            return False
        return True

    async def cancel(self) -> None:
        """Ends the task that is running; finished inputs are kept."""
        self._cancelled = True
        process = self._process
        if process is not None and process.returncode is None:
            process.terminate()
            await process.wait()

    async def _run_one(self, context: RunContext, status: Status | None) -> int:
        """Runs one task in its own process; answers its exit code."""
        if self._cancelled:
            return 1
        handed = _pickler().dumps((context, status))
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(["", *sys.path])[1:]}
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "mendel.pipeline.context",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            env=environment,
        )
        answer, _ = await self._process.communicate(input=handed)
        words = (answer if isinstance(answer, str) else (answer or b"").decode()).split()
        return int(words[-1]) if words and words[-1].isdigit() else 1


def _pickler() -> Any:
    try:
        import dill  # type: ignore[import-untyped, unused-ignore]
    except ImportError:
        return pickle
    return dill


def _folders(root: Path) -> Iterator[Path]:
    """The folders below one, itself first, without hidden ones."""
    for folder, names, files in os.walk(root):
        names[:] = sorted(name for name in names if not name.startswith("."))
        if any(name in files for name in FILES):
            yield Path(folder)


def _read_spec(path: Path) -> Dict[str, Any] | None:
    found = [path / name for name in FILES if (path / name).is_file()]
    if not found:
        return None
    spec = read_mapping(found[0])
    for other in found[1:]:
        again = read_mapping(other)
        for key in sorted(set(spec) & set(again)):
            if spec[key] != again[key]:
                raise ValueError(f"`{found[0]}` and `{other}` contradict each other in `{key}`")
        spec = {**again, **spec}
    return spec


__all__ = ["Batch", "RunContext"]
