"""Where the results of a task are: its workspace, its project root, and the store."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Dict

from mendel import _native
from mendel.store import Store

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mendel.pipeline.task import Task

_stores: Dict[tuple[int, str], Store] = {}


def workspace_of(path: Path) -> str:
    """The workspace for work in a folder."""
    start = path.resolve()
    while not start.is_dir():
        start = start.parent
    return os.fspath(_native.workspace_find(start, os.environ.get("MENDEL_WORKSPACE")))


def store_of(task: Task) -> Store:
    """The store of a task; one for each workspace and process."""
    key = (os.getpid(), workspace_of(task.path))
    if key not in _stores:
        _native.workspace_create(key[1])
        _stores[key] = Store(key[1])
    return _stores[key]


def project_of(task: Task) -> Path:
    """The project root: the folder of the workspace where the task lies in it, else that of the root task."""
    home = Path(workspace_of(task.path)).parent.resolve()
    path = task.path.resolve()
    return home if path.is_relative_to(home) else task.root.path.resolve()
