"""Observes the stages of a pipeline: while it is made, while inputs are configured, and step by step."""

from __future__ import annotations

import contextlib
import os
from typing import Any, Dict, Iterable, Iterator, List, Set

from mendel import _native
from mendel.pipeline.carried import Carried, Carrying
from mendel.pipeline.fingerprint import import_roots
from mendel.pipeline.judge import Found, Judge
from mendel.pipeline.scope_files import ScopeFiles
from mendel.pipeline.watch import Watch, watch

_known: List[Carried] = []


class Observation:
    """What the stages of one pipeline depend on.

    Args:
        project: The project root.
        workspace: The workspace.
        unnamed: Variables of the environment that were set for the run, and count for nothing.
        roots: The folders that modules are imported from; those of the stages where none is given.
    """

    def __init__(self, project: str, workspace: str, unnamed: Iterable[str] = (), roots: Iterable[str] = ()) -> None:
        self.watch: Watch = watch()
        self.watch.settle(project, workspace, unnamed)
        self.looker = _native.Looker(workspace, project)
        self.judge = Judge(self.watch, project, self.looker)
        self._carried = _of_process(self.watch)
        self.roots = tuple(roots)
        self.project = project
        self._common = Found()
        self._made: Dict[type, Found] = {}
        self._configured: Dict[str | None, Found] = {}

    @contextlib.contextmanager
    def making(self) -> Iterator[None]:
        """The pipeline is made: what its own code uses counts for every stage."""
        with self._into(self._common):
            yield

    def make(self, cls: type) -> Any:
        """An instance of a class of stages: what making it uses counts for its steps."""
        with self._into(self._made.setdefault(cls, Found())):
            return cls()

    @contextlib.contextmanager
    def configuring(self, stage: Any = None) -> Iterator[None]:
        """An input is configured, by one stage or for all of them."""
        found = Found()
        with self._into(found):
            yield
        self._configured.setdefault(None if stage is None else stage.id, Found()).add(found)

    def begin_input(self) -> None:
        """Another input is begun: what the one before was configured with is forgotten."""
        self._configured = {}

    @contextlib.contextmanager
    def _into(self, found: Found) -> Iterator[None]:
        with self.watch.chapter() as seen:
            yield
        # Where modules are looked for that stages import is told by their code.
        seen.records = [(one, loading) for one, loading in seen.records if one.get("kind") != "looked"]
        verdict = self.judge.judge(seen)
        self._carried.load(verdict)
        found.add(verdict.own)

    @contextlib.contextmanager
    def step(self, stage: Any, stages: List[Any], files: ScopeFiles, names: Iterable[str]) -> Iterator[StepSeen]:
        """A stage is run for an input.

        Args:
            stage: The stage.
            stages: All stages of the pipeline.
            files: The files of the scopes it asks for.
            names: Texts that it was given, which may name files that a library opens.
        """
        step = StepSeen()
        carrying = Carrying(self._carried, stage, stages, self.roots or import_roots(stages))
        listener = _Listener(self, carrying)
        try:
            with self.watch.chapter(listener) as seen:
                yield step
        finally:
            seen.before = listener.digests
            verdict = self.judge.judge(seen, files, names)
            step.written = verdict.written | listener.made()
            step.found.add(verdict.own)
            for loaded in verdict.loading.values():
                step.found.add(loaded)
            step.found.add(carrying.end(verdict, bool(seen.reported)))
            for found in (self._made.get(type(stage)), self._configured.get(stage.id), self._configured.get(None)):
                if found is not None:
                    step.found.add(found)
            step.found.add(self._common)


def _of_process(watch: Watch) -> Carried:
    if not _known:
        _known.append(Carried(watch.observer.module_file))
    return _known[0]


class _Listener:
    """Notes what a program that is not observed may change."""

    def __init__(self, observation: Observation, carrying: Carrying) -> None:
        self._observation = observation
        self.began = carrying.began
        self.digests: Dict[str, str | None] = {}
        self._names: Set[str] | None = None

    def touched(self, path: str) -> None:
        """A path is handed on."""
        with self._observation.watch.paused():
            if path not in self.digests and os.path.isfile(path):
                self.digests[path] = self._observation.judge.digest("input", path)

    def started(self) -> None:
        """A program is started that does not report itself."""
        if self._names is None:
            self._names = self._files()

    def made(self) -> Set[str]:
        """Files that came since, or were handed on and are others now."""
        if self._names is None:
            return set()
        digest = self._observation.judge.digest
        changed = {path for path, before in self.digests.items() if digest("input", path) != before}
        return changed | (self._files() - self._names)

    def _files(self) -> Set[str]:
        with self._observation.watch.paused():
            found: Set[str] = set()
            for folder, folders, names in os.walk(self._observation.project):
                folders[:] = [name for name in folders if not name.startswith(".") and name != "__pycache__"]
                found.update(os.path.join(folder, name) for name in names)
            return found


class StepSeen:
    """What one step depends on, and which paths it wrote."""

    def __init__(self) -> None:
        self.found = Found()
        self.written: set[str] = set()
