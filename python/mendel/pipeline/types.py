"""Types of what goes through a pipeline."""

from __future__ import annotations

import os
from typing import Any, Dict, Literal, MutableMapping, Union

InputID = Union[int, str]
"""Names one item that goes through a pipeline; `1` and `"1"` differ."""

PipelineData = MutableMapping[str, Any]
"""The fields of one input."""

TaskData = Dict[InputID, PipelineData]
"""The fields of each input of a task."""

PathLike = Union[str, "os.PathLike[str]"]
"""What names a file."""

PendingReason = Literal["incomplete", "pipeline", "specification", ""]
"""Why a task has to run; empty when it has not."""

Document = Dict[str, Any]
"""A JSON document."""
