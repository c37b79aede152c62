"""The workspace that typed tasks are in now: that of an experiment, or of the running job."""

from __future__ import annotations

import os
from pathlib import Path

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

VARIABLE = "MENDEL_JOBS_FOLDER"

experiment: Any = None
"""The experiment whose block is being executed, in whichever thread."""


def folder() -> Path | None:
    """The folder that holds ``jobs/`` and ``config/``; ``None`` where nothing is active."""
    if experiment is not None:
        return Path(experiment.workspace)
    given = os.environ.get(VARIABLE)
    return Path(given) if given else None
