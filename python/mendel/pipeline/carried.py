"""What steps find in the process that ran others before: data that modules read while they were loaded, and
data that an earlier step left in a global, a stage or a cache."""

from __future__ import annotations

from typing import Any, Callable, Dict, FrozenSet, List, Tuple

from mendel.pipeline.judge import Found, Verdict
from mendel.pipeline.module_names import ModuleNames
from mendel.pipeline.reach import Reach
from mendel.pipeline.state import Caches, Place, Project, State, changed, state_of


class Carried:
    """What is carried from step to step in this process.

    Args:
        file_of: The path of the source of a module that belongs to the project; None for others.
    """

    def __init__(self, file_of: Callable[[str], str | None]) -> None:
        self.project = Project(file_of)
        self.caches = Caches()
        self.held: Dict[Place, Found] = {}
        self._imported: Dict[Tuple[str, FrozenSet[str] | None], Found] = {}
        self._names = ModuleNames()
        self._reach = Reach()

    def load(self, verdict: Verdict) -> None:
        """Remembers what modules read that were loaded."""
        for (file, line), found in verdict.loading.items():
            self._imported.setdefault((file, self._names.at(file, line)), Found()).add(found)

    def found(self, stage: Any, stages: List[Any], roots: Tuple[str, ...], hits: Dict[int, int]) -> Found:
        """What a step may have found. `hits` tells how often each cache had answered before."""
        found = Found()

        def uses(file: str, name: str | None) -> bool:
            return self._reach.uses(stage, stages, roots, file, name)

        for (file, names), imported in self._imported.items():
            if uses(file, None) if names is None else any(uses(file, name) for name in names):
                found.add(imported)
        for (kind, what), held in self.held.items():
            if kind == "stage":
                is_used = what == id(stage)
            elif kind == "cache":
                is_used = self.caches.hits(what) > hits.get(what, 0) and uses(*self.caches.known[what][0])
            else:
                file, name = what
                is_used = uses(file, name if self._names.is_bound(file, name) else None)
            if is_used:
                found.add(held)
        return found


class Carrying:
    """One step: what it may have found, and what it may have left.

    Args:
        carried: What is carried.
        stage: Its stage.
        stages: All stages of the pipeline.
        roots: The folders that modules are imported from.
    """

    def __init__(self, carried: Carried, stage: Any, stages: List[Any], roots: Tuple[str, ...]) -> None:
        self._carried = carried
        self._about = (stage, stages, roots)
        self._before: State | None = None
        self._hits = {what: carried.caches.hits(what) for kind, what in carried.held if kind == "cache"}
        if carried.held:
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
        found = carried.found(*self._about, self._hits)
        used = Found()
        used.add(verdict.own)
        used.add(found)
        if not used.is_empty() and (self._before is not None or reported):
            for place in changed(self._before or {}, self._state()):
                carried.held.setdefault(place, Found()).add(used)
        return found

    def _state(self) -> State:
        return state_of(self._carried.project, self._about[1], self._carried.caches)
