"""Hyperparameters."""

from __future__ import annotations

from mendel.pipeline.config import Config

__all__ = ["Config"]
