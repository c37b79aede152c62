"""Live status: what a task and its stages say about their progress while they run.

Permanent messages stay; an intermediate one is replaced by the next. Stage code reports
through the functions of this module, which accept None for the status.
"""

from __future__ import annotations

import contextlib
import sys
import time
import uuid
from typing import Any, Callable, Dict, Iterable, Iterator, List, Sized, Union

Message = Union[str, Dict[str, Any]]
Listener = Callable[["Status", Any, bool], None]
"""Called with a status, its message, and whether the message is intermediate."""


class Status:
    """One level of status messages.

    Args:
        parent: The status this one is a part of.
        listener: Who hears every message of this level and of those below.
    """

    def __init__(self, parent: Status | None = None, listener: Listener | None = None) -> None:
        self.id = str(uuid.uuid4())
        self.parent = parent
        self.listener = listener
        self.data: List[Any] = []

    @property
    def root(self) -> Status:
        """The status that has no parent."""
        return self if self.parent is None else self.parent.root

    @property
    def depth(self) -> int:
        """How many statuses it is a part of."""
        return 0 if self.parent is None else self.parent.depth + 1

    def derive(self) -> Status:
        """A status that is a part of this one."""
        self.intermediate(None)
        child = type(self)(parent=self)
        self.data.append(child.data)
        return child

    def write(self, status: Message) -> None:
        """Reports a message that stays."""
        self.intermediate(None)
        self.data.append(status)
        self._tell(status, False)

    def intermediate(self, status: Message | None = None) -> None:
        """Reports a message that the next one replaces; None takes it away."""
        self._tell(status, True)

    def progress(
        self, iterable: Iterable[Any], iterations: int | None = None, details: Message | None = None
    ) -> Iterator[Any]:
        """Goes through `iterable` and reports how far it is.

        Args:
            iterable: What is gone through.
            iterations: The number of items; needed where `iterable` has no length.
            details: What is shown beside it.

        Raises:
            AssertionError: There are more items than `iterations`.
        """
        most = len(iterable) if iterations is None and isinstance(iterable, Sized) else iterations
        try:
            for step, item in enumerate(iterable):
                if most is not None and step >= most:
                    raise AssertionError(f"`progress` was told of {most} iterations, and there are more")
                self.intermediate(_progress(step, most, details))
                yield item
        finally:
            self.intermediate(None)

    def __getstate__(self) -> Dict[str, Any]:
        """What another process is handed: there, messages go to its standard error."""
        return {"id": self.id, "data": self.data}

    def __setstate__(self, state: Dict[str, Any]) -> None:
        self.__init__(listener=Lines(sys.stderr))  # type: ignore[misc]
        self.__dict__.update(state)

    def _tell(self, message: Message | None, intermediate: bool) -> None:
        status: Status | None = self
        while status is not None:
            if status.listener is not None:
                status.listener(self, message, intermediate)
            status = status.parent


def _progress(step: int, most: int | None, details: Any) -> Dict[str, Any]:
    return {
        "info": "progress",
        "details": details,
        "progress": step / most if most else None,
        "step": step,
        "max_steps": most,
    }


def update(status: Status | None, plain_text: Any = None, intermediate: bool = False, **kwargs: Any) -> None:
    """Reports a text, or a mapping of what is named.

    Args:
        status: Where to report, or None.
        plain_text: The text.
        intermediate: The next message replaces it; without a text and names the last one is
            taken away.
        **kwargs: The mapping.
    """
    if status is None:
        return
    if plain_text is not None and kwargs:
        raise ValueError("a status message is either a text or a mapping, and not both")
    message = kwargs or plain_text
    if intermediate:
        status.intermediate(message)
    else:
        status.write(message)


def derive(status: Status | None) -> Status | None:
    """A status that is a part of `status`; None for None."""
    return None if status is None else status.derive()


def progress(
    status: Status | None, iterable: Iterable[Any], iterations: int | None = None, details: Message | None = None
) -> Iterator[Any]:
    """Goes through `iterable` and reports how far it is, where there is a status."""
    return iter(iterable) if status is None else status.progress(iterable, iterations, details)


@contextlib.contextmanager
def create(stream: Any = None) -> Iterator[Status]:
    """A status whose messages are written as lines, to standard error unless told otherwise."""
    yield Status(listener=Lines(stream or sys.stderr))


class Lines:
    """Writes messages as lines; progress at most twice a second, with rate and estimate.

    Args:
        stream: Where to.
    """

    SECONDS_BETWEEN = 0.5

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self._task = self._input = self._stage = ""
        self._began = self._written = 0.0

    def __call__(self, status: Status, message: Any, intermediate: bool) -> None:
        """Hears one message."""
        line = message if isinstance(message, str) else self._of_mapping(message or {})
        now = time.monotonic()
        if not line or (intermediate and now - self._written < self.SECONDS_BETWEEN):
            return
        self._written = now
        print(line, file=self._stream, flush=True)

    def _of_mapping(self, facts: Dict[str, Any]) -> str:
        kind = facts.get("info")
        place = f"({facts.get('step', 0) + 1} of {facts.get('step_count')})" if "step_count" in facts else ""
        if kind in ("end-stage", "skip-stage"):
            return ""
        if kind == "enter":
            self._task = _line(facts["task"], place)
            return self._task
        if kind == "start":
            return _line(self._task, _source(facts))
        if kind == "process":
            self._input, self._stage = _line(f"`{facts['input_id']}`", place), ""
            return _line(self._task, self._input)
        if kind == "start-stage":
            self._stage, self._began = facts["stage"], time.monotonic()
            return _line(self._task, self._input, self._stage)
        if kind == "progress":
            return _line(self._task, self._input, self._stage, self._rate(facts))
        if kind == "error":
            return _line(self._task, "failed:", facts.get("traceback") or facts.get("error") or "")
        return _line(self._task, kind) if kind else " ".join(f"{key}: {value}" for key, value in facts.items())

    def _rate(self, facts: Dict[str, Any]) -> str:
        step, most = facts["step"], facts["max_steps"]
        if not step:
            self._began = time.monotonic()
        seconds = time.monotonic() - self._began
        text = f"{step}/{most}" if most else f"{step}"
        if step and seconds > 0:
            text += f" {step / seconds:.3g}/s"
            if most:
                text += f" {format_seconds(seconds / step * (most - step))} left"
        return text


def _line(*words: str) -> str:
    return " ".join(word for word in words if word)


def _source(facts: Dict[str, Any]) -> str:
    if not facts.get("pickup"):
        return "from scratch"
    return f"from {facts['pickup']}, " + (f"stage {facts['first_stage']}" if facts.get("first_stage") else "copied")


def format_seconds(seconds: float) -> str:
    """A duration as minutes and seconds, with hours where there are some.

    Example:
        >>> format_seconds(75)
        '01:15'
    """
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes:02d}:{rest:02d}"
