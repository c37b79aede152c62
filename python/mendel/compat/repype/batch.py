"""Batches."""

from __future__ import annotations

from mendel.pipeline.batch import Batch, RunContext

__all__ = ["Batch", "RunContext"]
