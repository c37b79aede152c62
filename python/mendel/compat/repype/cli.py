"""The old command line: lists the pending tasks of a tree, and runs them."""

from __future__ import annotations

import argparse
import asyncio
import os
import time
from pathlib import Path
from typing import Any, Dict, List, Sequence, Type

from . import status as statuses
from .batch import Batch, RunContext
from .status import StatusReader
from .task import Task

__all__ = ["StatusReaderConsoleAdapter", "format_hms", "main", "run_cli", "run_cli_ex"]

_RULE = "-" * 80


def format_hms(seconds: float) -> str:
    """A duration as minutes and seconds, with hours where there are some."""
    from mendel.pipeline.status import format_seconds

    return format_seconds(seconds)


class StatusReaderConsoleAdapter(StatusReader):
    """Prints the messages of a status.

    Args:
        *args: As of a status reader.
        indent: Blanks for each level.
        batch: The batch that the messages are about.
        **kwargs: As of a status reader.
    """

    progress_bar_length = 20

    def __init__(self, *args: Any, indent: int = 2, batch: Batch | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.indent = indent
        self.batch = batch
        self._width = 0
        self._began: Dict[tuple[int, ...], tuple[float, int]] = {}

    def clear_line(self, line: str) -> str:
        """A line that covers the intermediate one before it."""
        covered = line.ljust(self._width)
        self._width = 0
        return covered

    def handle_new_status(self, positions: List[int], status: Any, intermediate: bool) -> None:
        """Prints one message."""
        if intermediate and os.environ.get("REPYPE_CLI_INTERMEDIATE", "1") == "0":
            return
        if status is None:
            width = self._width
            if width:
                print(" " * width, end="\r", flush=True)
            return
        lines = self.full_format(positions, status, intermediate).split("\n")
        lines[0] = self.clear_line(lines[0])
        print("\n".join(lines), end="\r" if intermediate else "\n", flush=True)
        if intermediate:
            self._width = len(lines[-1])

    def full_format(self, positions: List[int], status: Any, intermediate: bool) -> str:
        """The text of a message, indented."""
        margin = " " * (self.indent * (len(positions) - 1))
        return "\n".join(margin + line for line in self.format(positions, status, intermediate).split("\n"))

    def format_dry_run_task(self, task_path: str) -> str:
        """The line of a task that would be run."""
        context = None if self.batch is None else self.batch.context(task_path)
        reason = "" if context is None else context.pending
        return f"- {task_path} ({reason})" if reason else f"- {task_path}"

    def format(self, positions: List[int], status: Any, intermediate: bool) -> str:
        """The text of a message."""
        if not isinstance(status, dict):
            return str(status)
        place = f"({status['step'] + 1}/{status['step_count']})" if "step_count" in status else ""
        info = status.get("info")
        if info == "batch":
            return self._of_batch(status)
        if info == "enter":
            return f"\n{place} Entering task: {status['task']}"
        if info == "start":
            if status.get("pickup"):
                return f"Picking up from: {status['pickup']} ({status.get('first_stage') or 'copy'})"
            return "Starting from scratch"
        if info == "process":
            return f"\n{place} Processing: {status['input_id']}"
        if info == "start-stage":
            return f"Running stage: {status['stage']}"
        if info == "storing":
            return "Storing results..."
        if info == "completed":
            return "Results have been stored ✅"
        if info == "error":
            where = f'the stage "{status["stage"]}" of ' if status.get("stage") else ""
            text = status.get("traceback") or status.get("error") or ""
            return (
                f"\n🔴 An error occurred while processing {where}the task {status['task']}:\n"
                f"{_RULE}\n{text.rstrip()}\n{_RULE}"
            )
        if info == "interrupted":
            return "\n🔴 Batch run interrupted"
        return self._of_progress(positions, status) if info == "progress" else str(status)

    def format_progress_details(self, details: Any) -> str:
        """The text beside a progress bar."""
        return str(details)

    def _of_batch(self, status: Dict[str, Any]) -> str:
        text = f"\n{len(status['batch'])} task(s) selected for running"
        if status.get("dry_run"):
            lines = [self.format_dry_run_task(path) for path in status["batch"]]
            text += '\nDRY RUN: use "--run" to run the tasks instead\n\nSelected tasks:\n' + "\n".join(lines)
        return text

    def _of_progress(self, positions: Sequence[int], status: Dict[str, Any]) -> str:
        step, most, key = status["step"], status["max_steps"], tuple(positions)
        if step == 0 or key not in self._began:
            self._began[key] = (time.monotonic(), step)
        began, first = self._began[key]
        text = f"({step} / {most})"
        if step > first:
            left = (time.monotonic() - began) / (step - first) * (most - step)
            text = f"({step} / {most}, ETA: {format_hms(left)})"
        bar = "=" * int(self.progress_bar_length * (status["progress"] or 0))
        text = f"[{bar.ljust(self.progress_bar_length)}] {100 * (status['progress'] or 0):.1f}% {text}"
        details = status.get("details")
        return text if details is None else f"{self.format_progress_details(details)} {text}"


def run_cli_ex(*args: Any, **kwargs: Any) -> bool:
    """Runs `main` to its end."""
    return asyncio.run(main(*args, **kwargs))


def run_cli(task_cls: Type[Task] = Task, status_reader_cls: Type[StatusReader] = StatusReaderConsoleAdapter) -> bool:
    """Reads the words of the command line, and does what they say."""
    parser = argparse.ArgumentParser()
    parser.add_argument("path", help="folder of the tasks")
    parser.add_argument("--run", action="store_true", help="run the pending tasks")
    parser.add_argument("--reset", action="store_true", help="forget completions")
    parser.add_argument("--task", dest="tasks", action="append", default=[], help="only this task")
    parser.add_argument("--task-dir", dest="task_dirs", action="append", default=[], help="only this folder and below")
    found = parser.parse_args()
    return run_cli_ex(**vars(found), task_cls=task_cls, status_reader_cls=status_reader_cls)


async def main(
    path: str | os.PathLike[str],
    run: bool = False,
    reset: bool = False,
    tasks: Sequence[str | os.PathLike[str]] = (),
    task_dirs: Sequence[str | os.PathLike[str]] = (),
    task_cls: Type[Task] = Task,
    status_reader_cls: Type[StatusReader] = StatusReaderConsoleAdapter,
) -> bool:
    """Lists, runs or resets the tasks of a folder.

    Returns:
        Whether all went well.
    """
    batch = Batch(task_cls)
    batch.load(path)
    contexts = _chosen(batch.contexts, tasks, task_dirs)
    if reset:
        return _reset(contexts)
    pending = [context for context in contexts if context.pending]
    with statuses.create() as status:
        about: Dict[str, Any] = {"batch": batch} if issubclass(status_reader_cls, StatusReaderConsoleAdapter) else {}
        async with status_reader_cls(status.filepath, **about):
            paths = [str(context.task.path.resolve()) for context in pending]
            statuses.update(status, info="batch", batch=paths, dry_run=not run)
            return await batch.run(pending, status=status) if run else True


def _chosen(contexts: List[RunContext], tasks: Sequence[Any], folders: Sequence[Any]) -> List[RunContext]:
    if not tasks and not folders:
        return contexts
    exact = {Path(task).resolve() for task in tasks}
    below = [Path(folder).resolve() for folder in folders]
    return [
        context
        for context in contexts
        if context.task.path.resolve() in exact or any(context.task.path.resolve().is_relative_to(one) for one in below)
    ]


def _reset(contexts: List[RunContext]) -> bool:
    print(f"\n{len(contexts)} task(s) selected:")
    print("\n".join(f"- {context.task.path}" for context in contexts))
    if input(f"\nType {len(contexts)} to reset them: ").strip() != str(len(contexts)):
        print("Aborted.")
        return False
    for context in contexts:
        context.task.reset()
    return True
