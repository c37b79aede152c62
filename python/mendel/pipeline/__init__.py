"""Staged pipelines: stages with declared fields, run for each input, never computed twice.

    from mendel.pipeline import Batch

    batch = Batch()
    batch.load("experiments")
    for context in batch.pending:
        context.run()

Names are loaded when first used.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from mendel.pipeline.batch import Batch, RunContext
    from mendel.pipeline.benchmark import Benchmark
    from mendel.pipeline.config import Config
    from mendel.pipeline.formats import register_format
    from mendel.pipeline.function import stage
    from mendel.pipeline.input_id import decode_input_ids
    from mendel.pipeline.pipeline import Pipeline, ProcessingControl, StageError, create_pipeline
    from mendel.pipeline.stage_class import Stage
    from mendel.pipeline.status import Status
    from mendel.pipeline.task import Task
    from mendel.pipeline.types import InputID, PendingReason, PipelineData, TaskData

_HOMES = {
    "Batch": "batch",
    "Benchmark": "benchmark",
    "Config": "config",
    "InputID": "types",
    "PendingReason": "types",
    "Pipeline": "pipeline",
    "PipelineData": "types",
    "ProcessingControl": "pipeline",
    "RunContext": "batch",
    "Stage": "stage_class",
    "StageError": "pipeline",
    "Status": "status",
    "Task": "task",
    "TaskData": "types",
    "create_pipeline": "pipeline",
    "decode_input_ids": "input_id",
    "register_format": "formats",
    "stage": "function",
}

__all__ = [
    "Batch",
    "Benchmark",
    "Config",
    "InputID",
    "PendingReason",
    "Pipeline",
    "PipelineData",
    "ProcessingControl",
    "RunContext",
    "Stage",
    "StageError",
    "Status",
    "Task",
    "TaskData",
    "create_pipeline",
    "decode_input_ids",
    "register_format",
    "stage",
]


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module `mendel.pipeline` has no `{name}`")
    import importlib

    value = getattr(importlib.import_module(f"mendel.pipeline.{home}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
