"""What steps find in the process that ran others before: data that modules read while they were loaded, and
data that an earlier step left in a global, a stage or a cache."""

from __future__ import annotations

from typing import Any, Callable, Dict, List, Set

from mendel.pipeline.judge import Found, Verdict
from mendel.pipeline.reach import Reach
from mendel.pipeline.state import Caches, Place, Project, State, changed, state_of


class Carried:
    """What is carried from step to step in this process.

    Args:
        file_of: The path of the source of a module that belongs to the project; None for others.
    """

    def __init__(self, file_of: Callable[[str], str | None]) -> None:
        self._project = Project(file_of)
        self._reach = Reach(self._project)
        self._imported: Dict[str, Found] = {}
        self._held: Dict[Place, Found] = {}
        self._caches = Caches()

    def load(self, verdict: Verdict) -> None:
        """Remembers what modules read that were loaded."""
        for file, found in verdict.loading.items():
            self._imported.setdefault(file, Found()).add(found)

    def step(self, stage: Any, stages: List[Any]) -> Carrying:
        """A step begins."""
        return Carrying(self, stage, stages)

    def _found(self, stage: Any, hits: Dict[int, int]) -> Found:
        """What a step may have found. `hits` tells how often each cache had answered before."""
        found = Found()
        if not self._imported and not self._held:
            return found
        files = self._reach.files(stage)
        for file, imported in self._imported.items():
            if file in files:
                found.add(imported)
        for place, held in self._held.items():
            if self._is_used(place, stage, files, hits):
                found.add(held)
        return found

    def _is_used(self, place: Place, stage: Any, files: Set[str], hits: Dict[int, int]) -> bool:
        kind, what = place
        if kind == "stage":
            return bool(what == id(stage))
        if kind == "cache":
            return self._caches.known[what][0] in files and self._caches.hits(what) > hits.get(what, 0)
        return what in files


class Carrying:
    """One step: what it may have found, and what it may have left.

    Args:
        carried: What is carried.
        stage: Its stage.
        stages: All stages of the pipeline.
    """

    def __init__(self, carried: Carried, stage: Any, stages: List[Any]) -> None:
        self._carried = carried
        self._stage = stage
        self._stages = stages
        self._before: State | None = None
        caches = carried._caches
        self._hits = {place[1]: caches.hits(place[1]) for place in carried._held if place[0] == "cache"}
        if carried._held:
            # It may go on to hold what it finds.
            self.began()

    def began(self) -> None:
        """Something is used for the first time: what is held before that cannot hold it."""
        if self._before is None:
            self._before = self._state()

    def end(self, verdict: Verdict, reported: bool) -> Found:
        """What the step may have found; what it left is remembered.

        Args:
            verdict: What it used itself.
            reported: Whether processes that it started used something.
        """
        carried = self._carried
        carried.load(verdict)
        found = carried._found(self._stage, self._hits)
        used = Found()
        used.add(verdict.own)
        used.add(found)
        if not used.is_empty() and (self._before is not None or reported):
            for place in changed(self._before or {}, self._state()):
                carried._held.setdefault(place, Found()).add(used)
        return found

    def _state(self) -> State:
        return state_of(self._carried._project, self._stages, self._carried._caches)
