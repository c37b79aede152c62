"""What the code of stages uses beside its inputs, as the observer of runs sees it in this process.

The observer is that of scripts. It belongs to the process: one chapter is open at a time, so
steps of one process run one after the other.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import sys
import time
from pathlib import Path
from typing import Any, Dict, Iterable, Iterator, List, Optional, Tuple

_PACKAGE = Path(__file__).resolve().parent.parent
_PACKAGES = list(dict.fromkeys((str(Path(__file__).parent.parent), str(_PACKAGE))))
_WORKER = "_mendel_worker"
# Times of files come from a coarser clock than ours.
_CLOCK_SLACK_NS = 20_000_000

Loading = Optional[Tuple[str, int]]
"""File and line of a module that is being loaded."""


class Seen:
    """What one chapter saw.

    Attributes:
        records: Each record, with file and line of the module that was being loaded meanwhile.
        reported: What started processes reported.
        before: Digests of files as they were when they were handed on.
        began: When it began, in nanoseconds since the epoch.
    """

    def __init__(self) -> None:
        self.records: List[Tuple[Dict[str, Any], Loading]] = []
        self.reported: List[Dict[str, Any]] = []
        self.before: Dict[str, str | None] = {}
        self.began = time.time_ns() - _CLOCK_SLACK_NS


class Watch:
    """The observation of this process, for the stages of one project at a time."""

    def __init__(self) -> None:
        self._worker = _worker()
        self.observer: Any = self._worker.seen or self._worker.follow({"everywhere": ["1"], "package": _PACKAGES})
        self._settings: Dict[str, List[str]] = {}
        self._pipe: Any = None
        self._told: Any = None
        self._kept = self._asides = ""
        self._handed_on = 0
        self._owner = 0
        self._open: List[Seen] = []

    def settle(self, project: str, workspace: str, unnamed: Iterable[str] = ()) -> None:
        """Observes what counts for stages of `project` from now on.

        Args:
            project: The project root.
            workspace: The workspace, whose own files do not count.
            unnamed: Variables of the environment that were set for the run.
        """
        roots = list(dict.fromkeys((project, os.path.realpath(project))))
        own = [os.path.join(workspace, name) for name in ("journal", "blobs", "cache", "claims", "written")]
        settings = {"root": roots, "foreign": [*own, *_PACKAGES], "package": _PACKAGES, "everywhere": ["1"]}
        settings["unnamed"] = ["PWD", "PYTHONPATH", "PYTHONUNBUFFERED", *unnamed]
        self._worker.variables.remember(self.observer)
        if settings != self._settings:
            self._settings, self._owner = settings, 0
            os.makedirs(os.path.join(workspace, "cache"), exist_ok=True)
            self._kept = os.path.join(workspace, "cache", "aside")
            # A script goes on to be observed where it was.
            own_roots = self.observer.roots() if self.observer.reports else []
            self.observer.settle({**settings, "root": [*roots, *own_roots]})

    def _begin_process(self) -> None:
        """Makes what started processes report to; a fork does not share it with its parent."""
        if self._owner == os.getpid():
            return
        self._owner = os.getpid()
        self._pipe, self._told = self._chapters.Pipe("mendel-observed"), self._chapters.Pipe("mendel-observe")
        self._asides = f"{self._kept}-{self._owner}"
        told = {"observed": [self._pipe.path], "aside": [self._asides], "supervisor": ["0"], **self._settings}
        parts = [part for name, values in told.items() for value in values for part in (name, value)]
        self._told.write("".join(part + "\0" for part in parts).encode("utf-8", "surrogateescape"))

    @property
    def _chapters(self) -> Any:
        return importlib.import_module(f"{_WORKER}.chapter")

    @contextlib.contextmanager
    def chapter(self, listener: Any = None) -> Iterator[Seen]:
        """What is used while it is open; a process that is started meanwhile reports too.

        Args:
            listener: Hears, before it happens, of the first thing that is used (`began`), of a path that is handed on
                (`touched`), and of a program that does not report itself (`started`).
        """
        self._begin_process()
        seen = Seen()
        chapter = self._chapters.Chapter(self.observer)
        chapter.listener = listener
        # What those report that were started before belongs to whoever was observed before.
        before = self._reported()
        if self._open:
            self._open[-1].reported += before
        self._open.append(seen)
        own = self.observer.file, self.observer.asides
        self.observer.file, self.observer.asides = self._pipe.path, self._asides
        variables, everywhere = self._hand_on(), self.observer.look_everywhere(True)
        try:
            with chapter:
                yield seen
        finally:
            _set_variables(variables)
            self.observer.look_everywhere(everywhere)
            self.observer.file, self.observer.asides = own
            self._open.pop()
            seen.records = [(json.loads(line), loading) for line, loading in chapter.records]
            seen.reported += self._reported()
            if self.observer.reports and not self._open:
                for one in (*(record for record, _ in seen.records), *seen.reported):
                    self.observer.record(json.dumps(one))

    def _reported(self) -> List[Dict[str, Any]]:
        return [_parsed(line) for line in self._pipe.more().split(b"\n") if line]

    @contextlib.contextmanager
    def paused(self) -> Iterator[None]:
        """What is used meanwhile is our own doing."""
        self.observer.paused += 1
        try:
            yield
        finally:
            self.observer.paused -= 1

    def variable(self, name: str) -> bytes | None:
        """The value of a variable of the environment, as it was given to the run."""
        found: bytes | None = self.observer.given.get(os.fsencode(name))
        return found

    def hand_on(self) -> None:
        """Lets every Python observe itself that this process starts from now on."""
        self._begin_process()
        self._hand_on()
        self._handed_on = self._owner

    def _hand_on(self) -> Dict[str, str | None]:
        """Lets started Pythons observe themselves; answers the variables as they were."""
        if len(self._open) > 1 or self._handed_on == os.getpid():
            return {}
        path = os.environ.get("PYTHONPATH")
        folder = os.path.dirname(os.path.dirname(self._worker.__file__))
        ours = {"MENDEL_OBSERVE": self._told.path, "PYTHONPATH": os.pathsep.join(filter(None, (folder, path)))}
        before = {name: os.environ.get(name) for name in ours}
        _set_variables(ours)
        return before


def _set_variables(variables: Dict[str, Any]) -> None:
    for name, value in variables.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value


def _parsed(line: bytes) -> Dict[str, Any]:
    try:
        found: Dict[str, Any] = json.loads(line)
    except ValueError:
        return {"kind": "unsure", "message": "what a started process used"}
    return found


def _worker() -> Any:
    """The observer's modules: those that observe this process already, else those of this package."""
    if _WORKER not in sys.modules:
        folder = str(_PACKAGE / "_worker")
        sys.path.insert(0, folder)
        try:
            importlib.import_module(_WORKER)
        finally:
            sys.path.remove(folder)
    worker = sys.modules[_WORKER]
    for name in ("variables", "chapter"):
        importlib.import_module(f"{_WORKER}.{name}")
    return worker


_known: List[Watch] = []


def watch() -> Watch:
    """The observation of this process."""
    if not _known:
        _known.append(Watch())
    return _known[0]
