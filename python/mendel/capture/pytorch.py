"""PyTorch: files written by ``torch.save`` and read by ``torch.load`` become models."""

from __future__ import annotations

import os

from mendel import capture

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType
    from typing import Any

    from mendel.tracked_task import TrackedTask

FRAMEWORK = "pytorch"


def hook(torch: ModuleType) -> None:
    """Listens to the module."""
    capture.after(torch, "save", FRAMEWORK, _saved)
    capture.after(torch, "load", FRAMEWORK, _loaded)
    jit = getattr(torch, "jit", None)
    if jit is not None:
        capture.after(jit, "save", FRAMEWORK, _saved)


def _saved(task: TrackedTask, _result: Any, _object: Any, f: Any = None, *_args: Any, **_kwargs: Any) -> None:
    _record(task, f, "output")


def _loaded(task: TrackedTask, _result: Any, f: Any = None, *_args: Any, **_kwargs: Any) -> None:
    _record(task, f, "input")


def _record(task: TrackedTask, file: Any, use: str) -> None:
    path = file if isinstance(file, (str, os.PathLike)) else getattr(file, "name", None)
    if isinstance(path, (str, os.PathLike)):
        if hasattr(file, "flush"):
            file.flush()
        task.record_file_model(os.fspath(path), "PyTorch", use)
