"""Pipelines."""

from __future__ import annotations

from mendel.pipeline.pipeline import Pipeline, ProcessingControl, StageError, create_config_entry, create_pipeline

__all__ = ["Pipeline", "ProcessingControl", "StageError", "create_config_entry", "create_pipeline"]
