"""scikit-learn: estimators written and read by joblib become models."""

from __future__ import annotations

import os

from mendel import capture

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType
    from typing import Any

    from mendel.tracked_task import TrackedTask

FRAMEWORK = "joblib"


def hook(joblib: ModuleType) -> None:
    """Listens to the module."""
    capture.after(joblib, "dump", FRAMEWORK, _dumped)
    capture.after(joblib, "load", FRAMEWORK, _loaded)


def _dumped(task: TrackedTask, _result: Any, value: Any, filename: Any = None, *_args: Any, **_kwargs: Any) -> None:
    if _is_model(value):
        _record(task, filename, "output")


def _loaded(task: TrackedTask, result: Any, filename: Any = None, *_args: Any, **_kwargs: Any) -> None:
    if _is_model(result):
        _record(task, filename, "input")


def _is_model(value: Any) -> bool:
    return hasattr(value, "fit") and hasattr(value, "get_params")


def _record(task: TrackedTask, file: Any, use: str) -> None:
    path = file if isinstance(file, (str, os.PathLike)) else getattr(file, "name", None)
    if isinstance(path, (str, os.PathLike)):
        task.record_file_model(os.fspath(path), "ScikitLearn", use)
