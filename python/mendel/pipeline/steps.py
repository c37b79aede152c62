"""Steps: each stage of each input is looked up by what it means, else computed and kept.

The engine decides; here is only who is asked, in which order, and what is written down.
"""

from __future__ import annotations

import contextlib
import json
import os
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Dict, List, Set

from mendel import _native
from mendel.notes import detail, warn
from mendel.pipeline.claims import Claims
from mendel.pipeline.config import Config
from mendel.pipeline.edited import Sources
from mendel.pipeline.fingerprint import code_digests, subject
from mendel.pipeline.input_id import written
from mendel.pipeline.job import Job
from mendel.pipeline.pipeline import scope_path
from mendel.pipeline.resources import Need, Pool
from mendel.pipeline.scope_files import ScopeFiles, at
from mendel.pipeline.vault import Vault
from mendel.store import Store, now

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mendel.pipeline.cells import Fields
    from mendel.pipeline.status import Status
    from mendel.pipeline.types import Document, InputID

FLUSH_SECONDS = 0.05
"""How long a result waits for others, to be put together with them."""


@dataclass
class Outcome:
    """What became of one input."""

    input_id: InputID | None
    config: Document
    seconds: Dict[str, float] = field(default_factory=dict)
    """Seconds of each stage, those of a reused one as they were when it was computed."""
    computed: List[str] = field(default_factory=list)
    reused: List[str] = field(default_factory=list)
    fields: List[Document] = field(default_factory=list)
    absent: List[str] = field(default_factory=list)
    steps: Dict[str, Document] = field(default_factory=dict)
    reasons: Dict[str, List[Document]] = field(default_factory=dict)
    read: Dict[str, str | None] = field(default_factory=dict)
    spoiled: List[str] = field(default_factory=list)
    """Stages whose code was edited while they ran."""


class Steps:
    """Decides, computes and keeps the steps of one task.

    Args:
        job: What is asked.
        store: Where results are.
        pipeline: The stages; its scopes are followed from now on.
    """

    def __init__(self, job: Job, store: Store, pipeline: Any) -> None:
        self.job = job
        self.pipeline = pipeline
        self.vault = Vault(store)
        self.outcomes: Dict[InputID | None, Outcome] = {}
        self.files: ScopeFiles | None = None
        self.pool: Pool | None = None
        self.needs: Dict[str, Need] = {}
        self._claims = Claims(store.workspace)
        self._store = store
        self._results: Dict[str, Document] = {}
        self._timer: threading.Timer | None = None
        self._lock = threading.Lock()
        self._spoiled: Set[str] = set()
        self._sources = Sources(job.folders, job.planned, dict(job.code)) if job.folders else None
        unknown = [stage for stage in pipeline.stages if subject(stage) not in job.code]
        if unknown:
            job.code.update(code_digests(unknown))

    def process(
        self, input_id: InputID | None, config: Config, status: Status | None, **kwargs: Any
    ) -> tuple[Fields, Config, Dict[str, float]]:
        """Takes one input through all stages.

        Returns:
            The fields that are left, the final hyperparameters, and the seconds of each
            stage that was computed.

        Raises:
            StageError: A stage failed; what was done before is kept.
        """
        from mendel.pipeline.walk import Walk

        walk = Walk(self, input_id, config, status, kwargs)
        try:
            walk.go()
        finally:
            self.flush()
        walk.outcome.spoiled = [stage.id for stage in self.pipeline.stages if subject(stage) in self._spoiled]
        self.outcomes[input_id] = walk.outcome
        computed = {stage: walk.outcome.seconds[stage] for stage in walk.outcome.computed}
        return walk.data, walk.config, {**computed, **walk.disabled}

    def resolved(self, scope: str, input_id: InputID, path: Path) -> None:
        """Hears that a stage got a path from a scope."""
        if self.files is not None:
            self.files.resolved(scope, path)

    def code(self, stage: Any) -> str:
        """Digest of the code of a stage."""
        return self.job.code[subject(stage)]

    def find(self, step: str, identity: str, forced: bool, keeps: set[str], input_id: Any) -> Document:
        """Asks the engine about a step: a result that answers, or the reasons why none does.

        Args:
            step: Names the step.
            identity: What it means.
            forced: Whether it is computed whatever is stored.
            keeps: The fields whose values must be in the store.
            input_id: The input, whose files of scopes are looked at.
        """
        found = [] if forced else self._store.find_results([identity])[0]
        candidates = [result for result in found if _has_values(result, keeps)]
        present = [[self._present(one, input_id) for one in result["dependencies"]] for result in candidates]
        question = {
            "step": step,
            "identity": identity,
            "forced": forced,
            "policy": self.job.policy,
            "candidates": [{"result": one, "present": now} for one, now in zip(candidates, present)],
        }
        decision: Document = json.loads(_native.decide(json.dumps(question)))
        return decision

    def claim(self, step: str) -> bool:
        """Makes sure that nobody else computes a step, until its result is put or it is released.

        Returns:
            Whether somebody else had it, and was waited for.
        """
        if self._claims.take(step, wait=False):
            return False
        # While it waits it holds nothing that another process may be waiting for.
        self.flush()
        with self.pool.without() if self.pool is not None else contextlib.nullcontext():
            self._claims.take(step, wait=True)
        return True

    def having(self, stage: Any) -> contextlib.AbstractContextManager[None]:
        """Has what a stage needs, as long as it runs."""
        need = self.needs.get(stage.id)
        return contextlib.nullcontext() if self.pool is None or need is None else self.pool.instead(need)

    def release(self, step: str) -> None:
        """Gives up a step that is not computed here after all."""
        with self._lock:
            if step not in self._results:
                self._claims.release([step])

    def put(self, step: str, result: Document) -> None:
        """Keeps a result, soon, and together with those that follow closely."""
        with self._lock:
            self._results[step] = result
            if self._timer is None:
                self._timer = threading.Timer(FLUSH_SECONDS, self._flush_later)
                self._timer.daemon = True
                self._timer.start()

    def flush(self) -> None:
        """Puts all results into the store, and then gives up the claims on them."""
        with self._lock:
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None
            if self._results:
                self._doubt_edited()
                self._store.put_results(list(self._results.values()))
                self._claims.release(self._results)
                self._results = {}

    def _doubt_edited(self) -> None:
        """A result of code that was edited meanwhile depends on code that nobody knows: it never answers."""
        if self._sources is None:
            return
        new = self._sources.spoiled() - self._spoiled
        if new:
            self._spoiled |= new
            named = ", ".join(f"`{name}`" for name in sorted(new))
            warn("the code of %s changed while it ran; these results answer no later request", named)
        for result in self._results.values():
            for one in result["dependencies"]:
                if one["kind"] == "code" and one["subject"] in self._spoiled:
                    one["digest"] = None
                    result["key"] = _native.result_key(result["identity"], json.dumps(result["dependencies"]))

    def _flush_later(self) -> None:
        try:
            self.flush()
        except _native.MendelError:
            # The results are still there; the next flush tries again, where it can be told.
            detail("results of stages were not put yet")

    def result(
        self, stage: Any, input_id: Any, identity: str, reads: Dict[str, str | None], made: Document
    ) -> Document:
        """The result of a computed step."""
        dependencies = [{"kind": "code", "subject": subject(stage), "digest": self.code(stage)}]
        if self.job.environment_digest is not None:
            digest = self.job.environment_digest
            dependencies.append({"kind": "environment", "subject": "environment", "digest": digest})
        dependencies += [{"kind": "input", "subject": name, "digest": reads[name]} for name in sorted(reads)]  # type: ignore[dict-item]
        return {
            "identity": identity,
            "key": _native.result_key(identity, json.dumps(dependencies)),
            "run": self.job.run,
            "step": stage.id if input_id is None else f"{stage.id}[{written(input_id)}]",
            "dependencies": dependencies,
            "outputs": [],
            "duration": round(made["seconds"] * 1000),
            "finished": now(),
            "input": input_id,
            "stage": made,
        }

    def _present(self, dependency: Document, input_id: Any) -> str | None:
        """What a dependency is now."""
        kind, name = dependency["kind"], dependency["subject"]
        if kind == "code":
            return self.job.code.get(name)
        if kind == "environment":
            return self.job.environment_digest
        place = self.place(name, input_id)
        return None if place is None else self.vault.file_digest(os.path.join(self.job.project, place))

    def place(self, name: str, input_id: Any) -> str | None:
        """Where the file of a dependency is: below the project root, or its whole path."""
        if not name.startswith("scope:"):
            return name
        scope, _, suffix = name[len("scope:") :].partition("/")
        if scope not in self.pipeline.scopes:
            return None
        path = os.fspath(at(scope_path(scope, self.pipeline.scopes[scope], input_id), suffix))
        below = os.path.relpath(path, self.job.project)
        return path if below.startswith(os.pardir) else below


def _has_values(result: Document, keeps: set[str]) -> bool:
    """Whether the store has the value of each of these fields."""
    kept = {one["name"] for one in result["stage"]["fields"] if one["kept"]} if result.get("stage") else set()
    return keeps <= kept
