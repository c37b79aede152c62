"""Tasks."""

from __future__ import annotations

from mendel.pipeline.input_id import decode_input_ids
from mendel.pipeline.load import load_from_module
from mendel.pipeline.task import Task
from mendel.pipeline.types import PendingReason, TaskData

__all__ = ["PendingReason", "Task", "TaskData", "decode_input_ids", "load_from_module"]
