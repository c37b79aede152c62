"""Steps: each stage of each input is looked up by what it means, else computed and kept.

The engine decides; here is only who is asked, in which order, and what is written down.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ContextManager, Dict, Iterable, List, Set, Tuple

from mendel import _native
from mendel.notes import detail, warn
from mendel.pipeline.claims import Claims
from mendel.pipeline.config import Config
from mendel.pipeline.edited import Sources
from mendel.pipeline.fingerprint import code_digests, subject
from mendel.pipeline.input_id import written
from mendel.pipeline.job import Job
from mendel.pipeline.judge import Found
from mendel.pipeline.known import Known
from mendel.pipeline.observation import Observation, StepSeen
from mendel.pipeline.pipeline import Pipeline, scope_path
from mendel.pipeline.resources import Need, Pool
from mendel.pipeline.scope_files import ScopeFiles, at
from mendel.pipeline.stage_class import Stage
from mendel.pipeline.vault import Vault
from mendel.pipeline.written import WrittenFiles
from mendel.store import Store, now

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mendel.pipeline.cells import Fields
    from mendel.pipeline.status import Status
    from mendel.pipeline.types import Document, InputID

ALL = "."
"""Names all files of the project together, and after the name of a folder all of that."""

FLUSH_SECONDS = 0.05
"""How long a result waits for others, to be put together with them."""

IDLE_SECONDS = 1.0
"""After so long without results, nobody waits for them."""


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
    read: Dict[Read, None] = field(default_factory=dict)
    """What its stages depend on beside their code, in order and each once."""
    readers: Dict[str, str] = field(default_factory=dict)
    """For each file that was read the first stage that did."""
    files: List[Document] = field(default_factory=list)
    """The files of scopes; where several stages wrote one, the last has the say."""
    doubts: List[str] = field(default_factory=list)
    """Why results of its stages answer no later request."""
    spoiled: List[str] = field(default_factory=list)
    """Stages whose code was edited while they ran."""


Read = Tuple[str, str, "str | None", "str | None"]
"""Kind, name and digest of a thing; the stage, where all files of the project count for one."""


class Steps:
    """Decides, computes and keeps the steps of one task.

    Args:
        job: What is asked.
        store: Where results are.
        pipeline: The stages; its scopes are followed from now on.
        observation: Observed how the pipeline was made, where one did.
    """

    def __init__(self, job: Job, store: Store, pipeline: Any, observation: Observation | None = None) -> None:
        self.job = job
        self.observation = observation or Observation(job.project, store.workspace, job.unnamed)
        self.pipeline = pipeline
        self.vault = Vault(store)
        self.outcomes: Dict[InputID | None, Outcome] = {}
        self.files: ScopeFiles | None = None
        self.pool: Pool | None = None
        self.needs: Dict[str, Need] = {}
        self._claims = Claims(store.workspace)
        self._known = Known(store, self._claims)
        self._written = WrittenFiles(self.observation.looker.written, job.project)
        self._store = store
        self._results: Dict[str, Document] = {}
        self._unput: Set[str] = set()
        self._new: Dict[tuple[str, bool], Document] = {}
        self._flusher: threading.Thread | None = None
        self._lock = threading.Condition()
        self._flushing = threading.Lock()
        self._spoiled: Set[str] = set()
        self._texts: Set[str] = set()
        self._told: Set[Tuple[str, str]] = set()
        self._anew = True
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
            with self.observation.watch.paused():
                self.files.resolved(scope, path)

    def configuring(self, stage: Any = None) -> ContextManager[None]:
        """An input is configured meanwhile: first for all stages, and inside of that by each."""
        if stage is None:
            self.observation.begin_input()
        rule = Pipeline.configure if stage is None else Stage.configure
        if type(self.pipeline if stage is None else stage).configure is rule:
            # Nothing of the project's is asked.
            return contextlib.nullcontext()
        return self.observation.configuring(stage)

    def observed(self, stage: Any, files: ScopeFiles, names: Iterable[str]) -> ContextManager[StepSeen]:
        """A stage is run meanwhile.

        Args:
            stage: The stage.
            files: The files of the scopes that it asks for.
            names: Texts that it was given.
        """
        return self.observation.step(stage, self.pipeline.stages, files, names)

    def wrote(self, stage: str, input_id: Any, paths: Iterable[str]) -> None:
        """Notes files that a step wrote, or that were put back for it."""
        self._written.note((self.job.task, stage, written(input_id)), paths)

    def read(self, result: Document, stage: str, input_id: Any) -> Dict[Read, None]:
        """What a result depends on beside code and environment, as a completion keeps it."""
        found: Dict[Read, None] = {}
        for one in result["dependencies"]:
            kind, name = one["kind"], one["subject"]
            is_whole = _is_whole(kind, name)
            place = self.place(name, input_id) if is_whole or kind not in ("code", "environment") else None
            if place is not None:
                found[kind, place, one["digest"], stage if is_whole else None] = None
        return found

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
        found = [] if forced else self._stored(identity)
        if not found and (step, forced) in self._new:
            return self._new[step, forced]
        self._anew = True
        present = [[self._present(one, step, input_id) for one in result["dependencies"]] for result in found]
        usable = [_has_values(result, keeps) for result in found]
        question = {
            "step": step,
            "identity": identity,
            "forced": forced,
            "policy": self.job.policy,
            "candidates": [
                {"result": one, "present": now, "usable": whole} for one, now, whole in zip(found, present, usable)
            ],
        }
        decision: Document = json.loads(_native.decide(json.dumps(question)))
        if not found:
            # What is said of a step without results is the same for all inputs.
            self._new[step, forced] = decision
        return decision

    def _stored(self, identity: str) -> List[Document]:
        """The results of that identity, those that were not put yet included."""
        if identity in self._unput:
            self.flush()
        elif not self._known.may_have(identity):
            return []
        return self._store.find_results([identity])[0]

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
            self._unput.add(result["identity"])
            if self._flusher is None:
                self._flusher = threading.Thread(target=self._flush_soon, daemon=True)
                self._flusher.start()
            self._lock.notify()

    def flush(self) -> None:
        """Puts all results into the store, and then gives up the claims on them."""
        with self._flushing:
            with self._lock:
                batch = dict(self._results)
            if not batch:
                return
            self._doubt_edited(batch)
            self.vault.flush()
            self._store.put_results(list(batch.values()))
            self._claims.leave_sign()
            with self._lock:
                for step, result in batch.items():
                    if self._results[step] is result:
                        del self._results[step]
                        self._claims.release([step])
                self._unput = {result["identity"] for result in self._results.values()}

    def _doubt_edited(self, batch: Dict[str, Document]) -> None:
        """A result of code that was edited meanwhile depends on code that nobody knows: it never answers."""
        if self._sources is None:
            return
        new = self._sources.spoiled() - self._spoiled
        if new:
            self._spoiled |= new
            named = ", ".join(f"`{name}`" for name in sorted(new))
            warn("the code of %s changed while it ran; these results answer no later request", named)
        for result in batch.values():
            for one in result["dependencies"]:
                if one["kind"] == "code" and one["subject"] in self._spoiled:
                    one["digest"] = None
                    result["key"] = _native.result_key(result["identity"], json.dumps(result["dependencies"]))

    def _flush_soon(self) -> None:
        """Flushes what was put a moment ago, as long as something is put."""
        while True:
            with self._lock:
                if not self._results and not self._lock.wait_for(lambda: self._results, IDLE_SECONDS):
                    self._flusher = None
                    return
            time.sleep(FLUSH_SECONDS)
            try:
                self.flush()
            except _native.MendelError:
                # The results are still there; the next flush tries again, where it can be told.
                detail("results of stages were not put yet")

    def result(self, stage: Any, input_id: Any, identity: str, found: Found, made: Document) -> Document:
        """The result of a computed step, which depends on what was found."""
        self._keep_texts(found)
        self._tell(stage, input_id, found)
        made = {**made, "doubts": found.doubts, "whole": found.whole}
        things = dict(found.things)
        self._anew = True
        for folder, data_only in found.folders.items():
            kind, name = "input" if data_only else "code", f"{folder}/{ALL}" if folder else ALL
            things[kind, name] = self._whole(kind, name, stage.id, input_id)
        dependencies = [{"kind": "code", "subject": subject(stage), "digest": self.code(stage)}]
        if self.job.environment_digest is not None:
            digest = self.job.environment_digest
            dependencies.append({"kind": "environment", "subject": "environment", "digest": digest})
        dependencies += [
            {"kind": kind, "subject": name, "digest": digest}  # type: ignore[dict-item]
            for (kind, name), digest in sorted(things.items())
        ]
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

    def _tell(self, stage: Any, input_id: Any, found: Found) -> None:
        """Says once of what a stage depends on what would surprise."""
        if found.whole is not None and (stage.id, found.whole) not in self._told:
            self._told.add((stage.id, found.whole))
            warn("stage `%s` depends on every file of the project: %s", stage.id, found.whole)
        for doubt in found.doubts:
            warn("stage `%s`, input %s: %s; the result answers no later request", stage.id, written(input_id), doubt)

    def _keep_texts(self, found: Found) -> None:
        """Keeps lists of names, which tell later what came or went."""
        for digest, text in found.texts.items():
            if digest not in self._texts:
                self._texts.add(digest)
                self._store.put_blob(text.encode())

    def _present(self, dependency: Document, stage: str, input_id: Any) -> str | None:
        """What a dependency is now."""
        kind, name = dependency["kind"], dependency["subject"]
        if _is_whole(kind, name):
            return self._whole(kind, name, stage, input_id)
        if kind == "code":
            return self.job.code.get(name)
        if kind == "environment":
            return self.job.environment_digest
        if kind == "variable":
            return self.observation.judge.variable(name)
        place = self.place(name, input_id)
        if place is None:
            return None
        path = os.path.join(self.job.project, place)
        if kind == "input" and os.path.isfile(path):
            return self.vault.file_digest(path)
        return self.observation.judge.digest(kind, place)

    def _whole(self, kind: str, name: str, stage: str, input_id: Any) -> str:
        """The digest of every file of a folder of the project that counts for a stage."""
        earlier = itertools.takewhile(lambda name: name != stage, (one.id for one in self.pipeline.stages))
        if self._anew:
            self.observation.looker.forget_whole()
            self._anew = False
        about = (name[: -len(ALL)].rstrip("/"), self.job.task, written(input_id), list(earlier))
        found: str = self.observation.looker.whole(*about, data_only=kind == "input")
        return found

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


def _is_whole(kind: str, name: str) -> bool:
    """Whether it is all files of a folder together."""
    return kind in ("code", "input") and (name == ALL or name.endswith(f"/{ALL}"))


def _has_values(result: Document, keeps: set[str]) -> bool:
    """Whether the store has the value of each of these fields."""
    kept = {one["name"] for one in result["stage"]["fields"] if one["kept"]} if result.get("stage") else set()
    return keeps <= kept
