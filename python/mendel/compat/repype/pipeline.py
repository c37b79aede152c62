"""Pipelines."""

from __future__ import annotations

from mendel.pipeline.pipeline import Pipeline, ProcessingControl, StageError, create_pipeline
from mendel.pipeline.rules import create_config_entry

__all__ = ["Pipeline", "ProcessingControl", "StageError", "create_config_entry", "create_pipeline"]
