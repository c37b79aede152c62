"""The stand-in for `coretex`, found as a top-level module, inside of a run of its own."""

from __future__ import annotations

import json
import sys
import textwrap
from pathlib import Path
from typing import Any, Callable, Iterator

import mendel
import pytest
from mendel import Task, main_task
from mendel.tracked_task import TrackedTask

COMPAT = Path(mendel.__file__).parent / "compat"


# As the finder of the worker does it, for the modules of these tests too.
sys.path.insert(0, str(COMPAT))


class Run:
    """A run as `mendel run` would start it, and this process as its script."""

    def __init__(self, folder: Path, task: TrackedTask, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        self.task = task
        self._monkeypatch = monkeypatch

    def params(self, *params: tuple[Any, ...]) -> Any:
        """Gives the run parameters (name, value, type), and answers it as an old script sees it."""
        padded = [(*given, None)[:3] for given in params]
        records = [{"section": "inputs", "name": name, "value": value, "type": kind} for name, value, kind in padded]
        path = self.folder.parent / "params.json"
        path.write_text(json.dumps(records))
        self._monkeypatch.setenv("MENDEL_PARAMS", str(path))
        from coretex import currentTaskRun, task_run

        self._monkeypatch.setattr(task_run, "_current", None)
        return currentTaskRun()

    def stored(self, name: str) -> Any:
        """The artifact of that name, as stored."""
        self.task._settle()
        return next(record for record in self.task._store.artifacts(self.task.id) if record["name"] == name)


@pytest.fixture
def run(lab: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Run]:
    """A started run that this process is attached to."""
    store = main_task.store()
    facts = store.create({**main_task.new_facts(lab.project, "old task", "training"), "kind": "manual"})
    store.move(facts["id"], "start", owner=json.loads(mendel._native.owner()))  # type: ignore[attr-defined]
    monkeypatch.setenv("MENDEL_RUN_ID", facts["id"])
    monkeypatch.setenv("MENDEL_WORKSPACE", store.workspace)
    monkeypatch.setenv("MENDEL_ATTEMPT", "1")
    monkeypatch.delenv("MENDEL_PARAMS", raising=False)
    task = Task.current_task()
    assert task is not None
    yield Run(lab.folder, task, monkeypatch)
    task.close()


@pytest.fixture
def write(lab: Any) -> Callable[..., Path]:
    """Writes a file below the folder of the script."""

    def make(name: str, text: str = "") -> Path:
        path: Path = lab.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text))
        return path

    return make
