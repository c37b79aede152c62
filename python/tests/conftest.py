"""One workspace for all tests, a project for each, and scripts in processes of their own."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Iterator

import pytest
from mendel import Task, _native
from mendel.tracked_task import TrackedTask

REPOSITORY = Path(__file__).resolve().parents[2]
QUIET = {"auto_connect_arg_parser": False, "auto_connect_frameworks": False, "auto_resource_monitoring": False}
QUIET["auto_connect_streams"] = False


@dataclass
class Lab:
    """A project of its own in the shared workspace, and a folder for scripts."""

    folder: Path
    project: str
    environment: dict[str, str] = field(default_factory=dict)

    def init(self, name: str = "main", **options: Any) -> TrackedTask:
        """Begins a main task in this process, without capture unless asked for."""
        return Task.init(options.pop("project", self.project), name, **{**QUIET, **options})

    def script(self, text: str, *arguments: str, name: str = "script.py", check: bool = True) -> Any:
        """Runs a script in its own process and answers how it ended."""
        path = self.folder / name
        path.write_text(textwrap.dedent(text).replace("PROJECT", repr(self.project)))
        return self.run(path, *arguments, check=check)

    def run(self, path: Path, *arguments: str, check: bool = True) -> Any:
        """Runs a script again."""
        done = subprocess.run(
            [sys.executable, str(path), *arguments],
            cwd=self.folder,
            env={**os.environ, **self.environment},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        if check:
            assert done.returncode == 0, done.stderr
        return done

    def task(self, name: str = "main") -> TrackedTask:
        """A task of this project, read back."""
        return Task.get_task(project_name=self.project, task_name=name)

    def tasks(self) -> list[TrackedTask]:
        """All tasks of this project."""
        return Task.get_tasks(project_name=self.project)


@pytest.fixture(scope="session", autouse=True)
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("workspace") / ".mendel"
    settings = {
        "MENDEL_WORKSPACE": str(folder),
        "MENDEL_HOME": str(folder.parent / "home"),
        "MENDEL_CACHE_DIR": str(folder.parent / "cache"),
        "MPLBACKEND": "Agg",
        "KERAS_BACKEND": "jax",
    }
    kept = {name: os.environ.get(name) for name in (*settings, "MENDEL_RUN_ID", "MENDEL_API", "MENDEL_BINARY")}
    os.environ.update(settings)
    for name in ("MENDEL_RUN_ID", "MENDEL_API"):
        os.environ.pop(name, None)
    if _native.binary() is None:
        built = [REPOSITORY / "target" / kind / "mendel" for kind in ("release", "debug")]
        newest = max((path for path in built if path.exists()), key=lambda path: path.stat().st_mtime, default=None)
        if newest is not None:
            os.environ["MENDEL_BINARY"] = str(newest)
    yield folder
    for name, value in kept.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value


@pytest.fixture
def lab(tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Lab]:
    folder = tmp_path / "work"
    folder.mkdir()
    monkeypatch.chdir(folder)
    yield Lab(folder, f"{request.node.name[:60]}-{tmp_path.parent.name}")
    task = Task.current_task()
    if task is not None:
        task.close()
