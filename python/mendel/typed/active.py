"""The workspace that typed tasks are in now: that of an experiment, or of the running job."""

from __future__ import annotations

import os
from contextvars import ContextVar
from pathlib import Path

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

VARIABLE = "MENDEL_JOBS_FOLDER"

experiment: ContextVar[Any] = ContextVar("mendel_experiment", default=None)


def folder() -> Path | None:
    """The folder that holds ``jobs/`` and ``config/``; ``None`` where nothing is active."""
    current = experiment.get()
    if current is not None:
        return Path(current.workspace)
    given = os.environ.get(VARIABLE)
    return Path(given) if given else None
