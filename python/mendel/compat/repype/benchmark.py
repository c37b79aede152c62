"""Times of stages."""

from __future__ import annotations

from mendel.pipeline.benchmark import Benchmark

__all__ = ["Benchmark"]
