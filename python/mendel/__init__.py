"""Mendel: experiments that are tracked, found again, and never computed twice.

    from mendel import Task

    task = Task.init("examples", "digits")
    task.get_logger().report_scalar("loss", "train", value=0.5, iteration=1)

Names are loaded when first used; importing the package has no effect.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from mendel._native import MendelError, Refused, Unreachable
    from mendel.artifact import Artifact
    from mendel.errors import NeedsServer, TaskClosed, TaskNotFound, UsageError
    from mendel.logger import Logger
    from mendel.model import InputModel, Model, OutputModel
    from mendel.pipeline.function import stage
    from mendel.pipeline.pipeline import Pipeline
    from mendel.pipeline.stage_class import Stage
    from mendel.run_params import params
    from mendel.task import Task
    from mendel.task_type import TaskStatusEnum, TaskTypes

__all__ = [
    "Artifact",
    "InputModel",
    "Logger",
    "MendelError",
    "Model",
    "NeedsServer",
    "OutputModel",
    "Pipeline",
    "Refused",
    "Stage",
    "Task",
    "TaskClosed",
    "TaskNotFound",
    "TaskStatusEnum",
    "TaskTypes",
    "Unreachable",
    "UsageError",
    "__version__",
    "params",
    "stage",
]

_HOMES = {
    "Artifact": "artifact",
    "InputModel": "model",
    "Logger": "logger",
    "MendelError": "_native",
    "Model": "model",
    "NeedsServer": "errors",
    "OutputModel": "model",
    "Pipeline": "pipeline.pipeline",
    "Refused": "_native",
    "Stage": "pipeline.stage_class",
    "Task": "task",
    "TaskClosed": "errors",
    "TaskNotFound": "errors",
    "TaskStatusEnum": "task_type",
    "TaskTypes": "task_type",
    "Unreachable": "_native",
    "UsageError": "errors",
    "__version__": "_native",
    "params": "run_params",
    "stage": "pipeline.function",
}


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module `mendel` has no `{name}`")
    import importlib

    value = getattr(importlib.import_module(f"mendel.{home}"), name)
    if name == "Task":
        _load_tracking()
    globals()[name] = value
    return value


def _load_tracking() -> None:
    """Loads with the import what ``Task.init`` needs, so that it begins at once."""
    from mendel import _native, logger, main_task, tracked_task  # noqa: F401
    from mendel.capture import argparse, console, resources, session  # noqa: F401


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
