"""What is asked of the executor: one task with all that decides its results."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Dict, FrozenSet, Mapping, Tuple


@dataclass
class Job:
    """A task to be run, with everything resolved."""

    task: str
    """Absolute path of the task."""

    project: str
    """Absolute path of the project root; files below it that a stage reads count."""

    run: str
    """The run that results are recorded under."""

    code: Dict[str, str] = field(default_factory=dict)
    """Digest of the code of each class, by its dotted path."""

    environment: Mapping[str, Any] = field(default_factory=dict)
    """Digest of the environment and the policy for its changes."""

    unnamed: Tuple[str, ...] = ()
    """Variables of the environment that were set for the run."""

    folders: Tuple[str, ...] = ()
    """Where the sources of the stages lie; none where the digests speak of loaded code."""

    planned: int = 0
    """When the digests of the code were told, in milliseconds since the epoch."""

    params: Mapping[str, Any] = field(default_factory=dict)
    """Parameters that the stages see."""

    marginal: FrozenSet[str] = frozenset()
    """Ids of the stages whose outputs are not stored."""

    force: bool = False
    pickup: bool = True
    cutoff: bool = True
    pickle: bool = False
    """Whether values without a format are pickled without being asked for."""

    @property
    def policy(self) -> str:
        """What a changed environment does to a stored result."""
        return str(self.environment.get("policy") or "warn")

    @property
    def environment_digest(self) -> str | None:
        """The digest of the environment, where it is known."""
        found = self.environment.get("digest")
        return None if found is None else str(found)
