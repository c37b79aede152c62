"""The types of the interface, beside those of the standard library."""

from __future__ import annotations

from typing import *  # noqa: F403

from mendel.pipeline.types import InputID, PathLike, PipelineData

__all__ = [*__import__("typing").__all__, "InputID", "PathLike", "PipelineData"]
