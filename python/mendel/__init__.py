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
    from mendel.typed.caching import cache
    from mendel.typed.cancelling import GracefulTimeout, TaskCancelled
    from mendel.typed.config import Config, InstanceConfig
    from mendel.typed.copying import copyconfig, sealed_set, setmeta
    from mendel.typed.deprecation import deprecate
    from mendel.typed.errors import (
        ConfigurationError,
        DeclarationError,
        InvalidValue,
        MissingValue,
        NotUsable,
        ReadOnlyParameter,
        SealedConfiguration,
        UnknownField,
    )
    from mendel.typed.experiments import FailedExperiment, GracefulExperimentExit, RunMode, experiment
    from mendel.typed.fields import field
    from mendel.typed.hooks import SubmitHook, submit_hook_decorator
    from mendel.typed.identity import identity
    from mendel.typed.instances import DirectoryContext, initializer
    from mendel.typed.jobs import Job, JobState, Launcher, TransientMode
    from mendel.typed.kinds import (
        Annotated,
        Array,
        Choice,
        Choices,
        Constant,
        DataPath,
        Meta,
        Option,
        OptionalDataPath,
        Param,
        PathGenerator,
        help,
        pathgenerator,
    )
    from mendel.typed.loading import deserialize, from_state_dict, from_task_dir, load
    from mendel.typed.partials import param_group, partial
    from mendel.typed.progress import progress, tqdm
    from mendel.typed.saving import save, serialize, state_dict
    from mendel.typed.tags import stop_tags, tag, tags, tagspath
    from mendel.typed.tasks import LightweightTask, Prepare, ResumableTask
    from mendel.typed.tokens import CounterToken

__all__ = [
    "Annotated",
    "Array",
    "Artifact",
    "Choice",
    "Choices",
    "Config",
    "ConfigurationError",
    "Constant",
    "CounterToken",
    "DataPath",
    "DeclarationError",
    "DirectoryContext",
    "FailedExperiment",
    "GracefulExperimentExit",
    "GracefulTimeout",
    "InputModel",
    "InstanceConfig",
    "InvalidValue",
    "Job",
    "JobState",
    "Launcher",
    "LightweightTask",
    "Logger",
    "MendelError",
    "Meta",
    "MissingValue",
    "Model",
    "NeedsServer",
    "NotUsable",
    "Option",
    "OptionalDataPath",
    "OutputModel",
    "Param",
    "PathGenerator",
    "Pipeline",
    "Prepare",
    "ReadOnlyParameter",
    "Refused",
    "ResumableTask",
    "RunMode",
    "SealedConfiguration",
    "Stage",
    "SubmitHook",
    "Task",
    "TaskCancelled",
    "TaskClosed",
    "TaskNotFound",
    "TaskStatusEnum",
    "TaskTypes",
    "TransientMode",
    "UnknownField",
    "Unreachable",
    "UsageError",
    "__version__",
    "cache",
    "copyconfig",
    "deprecate",
    "deserialize",
    "experiment",
    "field",
    "from_state_dict",
    "from_task_dir",
    "help",
    "identity",
    "initializer",
    "load",
    "param_group",
    "params",
    "partial",
    "pathgenerator",
    "progress",
    "save",
    "sealed_set",
    "serialize",
    "setmeta",
    "stage",
    "state_dict",
    "stop_tags",
    "submit_hook_decorator",
    "tag",
    "tags",
    "tagspath",
    "tqdm",
]

_HOMES = {
    "Annotated": "typed.kinds",
    "Array": "typed.kinds",
    "Artifact": "artifact",
    "Choice": "typed.kinds",
    "Choices": "typed.kinds",
    "Config": "typed.config",
    "ConfigurationError": "typed.errors",
    "Constant": "typed.kinds",
    "CounterToken": "typed.tokens",
    "DataPath": "typed.kinds",
    "DeclarationError": "typed.errors",
    "DirectoryContext": "typed.instances",
    "FailedExperiment": "typed.experiments",
    "GracefulExperimentExit": "typed.experiments",
    "GracefulTimeout": "typed.cancelling",
    "InputModel": "model",
    "InstanceConfig": "typed.config",
    "InvalidValue": "typed.errors",
    "Job": "typed.jobs",
    "JobState": "typed.jobs",
    "Launcher": "typed.jobs",
    "LightweightTask": "typed.tasks",
    "Logger": "logger",
    "MendelError": "_native",
    "Meta": "typed.kinds",
    "MissingValue": "typed.errors",
    "Model": "model",
    "NeedsServer": "errors",
    "NotUsable": "typed.errors",
    "Option": "typed.kinds",
    "OptionalDataPath": "typed.kinds",
    "OutputModel": "model",
    "Param": "typed.kinds",
    "PathGenerator": "typed.kinds",
    "Pipeline": "pipeline.pipeline",
    "Prepare": "typed.tasks",
    "ReadOnlyParameter": "typed.errors",
    "Refused": "_native",
    "ResumableTask": "typed.tasks",
    "RunMode": "typed.experiments",
    "SealedConfiguration": "typed.errors",
    "Stage": "pipeline.stage_class",
    "SubmitHook": "typed.hooks",
    "Task": "task",
    "TaskCancelled": "typed.cancelling",
    "TaskClosed": "errors",
    "TaskNotFound": "errors",
    "TaskStatusEnum": "task_type",
    "TaskTypes": "task_type",
    "TransientMode": "typed.jobs",
    "UnknownField": "typed.errors",
    "Unreachable": "_native",
    "UsageError": "errors",
    "__version__": "_native",
    "cache": "typed.caching",
    "copyconfig": "typed.copying",
    "deprecate": "typed.deprecation",
    "deserialize": "typed.loading",
    "experiment": "typed.experiments",
    "field": "typed.fields",
    "from_state_dict": "typed.loading",
    "from_task_dir": "typed.loading",
    "help": "typed.kinds",
    "identity": "typed.identity",
    "initializer": "typed.instances",
    "load": "typed.loading",
    "param_group": "typed.partials",
    "params": "run_params",
    "partial": "typed.partials",
    "pathgenerator": "typed.kinds",
    "progress": "typed.progress",
    "save": "typed.saving",
    "sealed_set": "typed.copying",
    "serialize": "typed.saving",
    "setmeta": "typed.copying",
    "stage": "pipeline.function",
    "state_dict": "typed.saving",
    "stop_tags": "typed.tags",
    "submit_hook_decorator": "typed.hooks",
    "tag": "typed.tags",
    "tags": "typed.tags",
    "tagspath": "typed.tags",
    "tqdm": "typed.progress",
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
