"""Stages; values without a format of their own are stored as pickles, as they always were."""

from __future__ import annotations

from mendel.pipeline import stage_class
from mendel.pipeline.stage_class import StageCallback, StageEvent, suggest_stage_id

__all__ = ["Stage", "StageCallback", "StageEvent", "suggest_stage_id"]


class Stage(stage_class.Stage):
    """One step of a pipeline."""

    pickle = True
