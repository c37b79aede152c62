"""Typed messages of a task about its stages, to the supervisor that records them.

One JSON object a line, each with `event` and `time`: `enter`, `start`, `process`, `stage_start`,
`stage_end`, `stage_skip`, `progress`, `message`, `error`, `done`, `storing`, `completed`.
"""

from __future__ import annotations

import json
import os
import time
from typing import Any, Dict, Tuple

from mendel.store import now

VARIABLE = "MENDEL_REPORTS"
"""Names the environment variable with the path of the pipe."""

PROGRESS_SECONDS = 0.2
"""How long a stage waits until it says again how far it is."""

_STAGE = {"start-stage": "stage_start", "end-stage": "stage_end", "skip-stage": "stage_skip"}


class Reports:
    """The pipe to the supervisor; without one nothing is reported."""

    def __init__(self) -> None:
        place = os.environ.pop(VARIABLE, None)
        self._pipe: int | None = None
        self._said: Dict[Any, float] = {}
        try:
            self._pipe = None if place is None else os.open(place, os.O_WRONLY | os.O_CLOEXEC)
        except OSError:
            # Whoever wanted to hear it is gone, and stops this task in a moment.
            self._pipe = None

    def tell(self, event: str, **facts: Any) -> None:
        """Reports an event."""
        if self._pipe is None:
            return
        line = json.dumps({"event": event, "time": now(), **facts}, default=str)
        try:
            os.write(self._pipe, line.encode() + b"\n")
        except BrokenPipeError:
            self._pipe = None

    def tell_status(self, input_id: Any, stage: str | None, message: Any, intermediate: bool) -> None:
        """Reports what a stage says about an input."""
        if isinstance(message, str):
            if not intermediate:
                self.tell("message", input=input_id, stage=stage, text=message)
            return
        facts: Dict[str, Any] = message or {}
        kind = facts.get("info")
        if kind in _STAGE:
            about = {name: facts[name] for name in ("stage", "seconds", "why") if name in facts}
            self.tell(_STAGE[kind], input=input_id, **about)
        elif kind == "progress" and self._is_due(input_id, stage):
            step, most = facts.get("step"), facts.get("max_steps")
            details = "" if facts.get("details") is None else str(facts["details"])
            self.tell("progress", input=input_id, stage=stage, step=step, of=most, details=details)

    def _is_due(self, *place: Any) -> bool:
        key: Tuple[Any, ...] = place
        moment = time.monotonic()
        if moment - self._said.get(key, 0.0) < PROGRESS_SECONDS:
            return False
        self._said[key] = moment
        return True
