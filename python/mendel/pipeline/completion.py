"""Completions: what is remembered of a task that was finished, and what it is compared with.

The record is a note of the workspace. Files that the old tool left in the folder of a task
are read as a completion where there is no note; they are never changed.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Dict, Iterable, List, Mapping

from mendel import _native
from mendel.pipeline.benchmark import Benchmark
from mendel.pipeline.cells import Cell, Fields
from mendel.pipeline.config import Config
from mendel.pipeline.fingerprint import class_path, code_digests, subject
from mendel.pipeline.formats import encode
from mendel.pipeline.input_id import written
from mendel.pipeline.parts import details, forget_parts, put_parts
from mendel.pipeline.place import store_of
from mendel.pipeline.plain import canonical, plain, restored
from mendel.pipeline.vault import Vault
from mendel.store import Store, now

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mendel.pipeline.pipeline import Pipeline
    from mendel.pipeline.steps import Outcome, Steps
    from mendel.pipeline.task import Task
    from mendel.pipeline.types import Document


@dataclass
class Completion:
    """The last completion of a task."""

    full_spec: Document | None
    spec_digest: str
    stages: Dict[str, Document] = field(default_factory=dict)
    """What each stage was: `code` or `sha`, and `config`."""
    note: Document | None = None
    store: Store | None = None

    def has_pipeline(self, pipeline: Pipeline) -> bool:
        """Whether it was made by these stages, as they are now."""
        ids = {stage.id for stage in pipeline.stages}
        return ids == set(self.stages) and all(self._has_code(stage) for stage in pipeline.stages)

    def first_diverging(self, pipeline: Pipeline, config: Config) -> Any:
        """The first stage that is new, or whose code or hyperparameters differ."""
        for stage in pipeline.stages:
            if stage.id not in self.stages or not self._has_code(stage):
                return stage
            then = self.stages[stage.id].get("config") or {}
            if canonical(then) != canonical(config.entries.get(stage.id) or {}):
                return stage
        return None

    def fill(self, times: Benchmark[float]) -> Benchmark[float]:
        """Sets the times of the stages in a table."""
        if self.note is not None:
            for stage, row in self.details("times").items():
                for input_id, seconds in row.items():
                    times[stage, json.loads(input_id)] = seconds
        return times

    def details(self, name: str) -> Document:
        """What is kept of each input under that name, brought where it is a note of its own."""
        if self.note is None:
            return {}
        return details(self.store, self.note, name) if self.store is not None else self.note.get(name) or {}

    def _has_code(self, stage: Any) -> bool:
        was = self.stages[stage.id]
        if "sha" in was:
            return bool(was["sha"] == stage.sha)
        return bool(was["code"] == code_digests([stage])[subject(stage)])


OWN_KEYS = frozenset(
    ("id", "name", "description", "is_active", "project_type", "inherit", "entry", "environment", "sweep")
    + ("resources", "train")
)
"""Keys that hold for the folder alone: labels, and what it is started with."""


def shared_spec(full_spec: Mapping[str, Any]) -> Document:
    """What of a specification decides results."""
    return {name: plain(value) for name, value in full_spec.items() if name not in OWN_KEYS}


def spec_digest(full_spec: Mapping[str, Any]) -> str:
    """Digest of a specification; labels, and the order of keys, do not count."""
    return _native.value_digest(json.dumps(shared_spec(full_spec)))


def key(task: Task) -> str:
    """The note of a task."""
    return f"task:{task.path.resolve()}"


def read(task: Task) -> Completion | None:
    """The last completion: of the workspace, else as the old tool left it."""
    note = store_of(task).note(key(task))
    if note:
        stages = {entry["id"]: {**entry, "config": restored(entry["config"])} for entry in note["pipeline"]}
        return Completion(restored(note["full_spec"]), note["spec_digest"], stages, note, store_of(task))
    return _foreign(task)


def _foreign(task: Task) -> Completion | None:
    digests = _json_of(task.path / ".sha.json")
    if digests is None or not isinstance(digests.get("stages"), dict):
        return None
    full_spec = _json_of(task.path / ".task.json")
    configs = (full_spec or {}).get("config") or {}
    stages = {name: {"sha": sha, "config": configs.get(name)} for name, sha in digests["stages"].items()}
    return Completion(full_spec, str(digests.get("task", "")), stages)


def _json_of(path: Path) -> Document | None:
    try:
        found = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None


def forget(task: Task) -> None:
    """Forgets the last completion, and removes the views of it."""
    store = store_of(task)
    forget_parts(store, store.note(key(task)))
    store.put_note(key(task), None)
    own = _views(task)
    for name, digest in own.items():
        path = task.path / name
        if name != "times.csv" and path.is_file() and _native.digest(path) == digest:
            path.unlink()


def store(task: Task, pipeline: Pipeline, data: Mapping[Any, Any], config: Config, times: Benchmark[float]) -> None:
    """Records a completion; its values are stored before it is."""
    steps: Steps | None = getattr(pipeline, "steps", None)
    outcomes = steps.outcomes if steps is not None else {}
    marginal = task.get_marginal_fields(pipeline)
    vault = Vault(store_of(task))
    fields = {
        written(input_id): [
            _record(vault, task, input_id, name, chunk) for name in chunk if name not in marginal and name != "input_id"
        ]
        for input_id, chunk in data.items()
    }
    table: Dict[str, Dict[str, float]] = {}
    ids = {str(input_id): written(input_id) for input_id in data}
    for stage, row in times.rows().items():
        table[stage] = {ids.get(name, written(name)): seconds for name, seconds in row.items()}
    write_note(
        vault,
        task,
        pipeline=describe(pipeline, config),
        full_spec=shared_spec(task.get_full_spec_with_config(config)),
        spec_digest=task.compute_sha(config),
        run=steps.job.run if steps is not None else None,
        inputs=list(data),
        bare=any("input_id" not in chunk for chunk in data.values()),
        marginal=sorted(set(task.marginal_stages)),
        times=table,
        fields=fields,
        **of_outcomes(outcomes.values()),
    )


def of_outcomes(outcomes: Iterable[Outcome]) -> Document:
    """What a completion keeps of how each input went."""
    absent: set[str] = set()
    read: Dict[str, Document] = {}
    readers: Dict[str, List[str]] = {}
    doubts: Dict[str, None] = {}
    steps: Dict[str, Document] = {}
    files: Dict[str, List[Document]] = {}
    for outcome in outcomes:
        absent.update(outcome.absent)
        doubts.update(dict.fromkeys(outcome.doubts))
        for kind, name, digest, stage in outcome.read:
            one: Document = {"kind": kind, "subject": name, "digest": digest}
            if stage is not None:
                one["step"] = [stage, outcome.input_id]
            read[json.dumps(one)] = one
        for place, reader in outcome.readers.items():
            if reader not in readers.setdefault(place, []):
                readers[place].append(reader)
        steps[written(outcome.input_id)] = outcome.steps
        last = {(file["scope"], file["path_suffix"]): file for file in outcome.files}
        if last:
            files[written(outcome.input_id)] = list(last.values())
    return {
        "absent": sorted(absent),
        "read": list(read.values()),
        "readers": readers,
        "doubts": list(doubts),
        "steps": steps,
        "files": files,
    }


def describe(pipeline: Pipeline, config: Config) -> List[Document]:
    """The stages as a completion keeps them."""
    code = code_digests(pipeline.stages) if pipeline.steps is None else pipeline.steps.job.code
    outcomes = [] if pipeline.steps is None else pipeline.steps.outcomes.values()
    spoiled = {stage for outcome in outcomes for stage in outcome.spoiled}
    entries = []
    for stage in pipeline.stages:
        held = config.entries.get(stage.id) or {}
        entries.append(
            {
                "id": stage.id,
                "class": class_path(type(stage)),
                "code": None if stage.id in spoiled else code[subject(stage)],
                "config": plain(held),
                "enabled": bool(held.get("enabled", stage.enabled_by_default)),
            }
        )
    return entries


def write_note(vault: Vault, task: Task, full_spec: Document, **facts: Any) -> None:
    """Notes a completion. Comes last: all that it names is stored."""
    vault.flush()
    note = {
        "finished": now(),
        "full_spec": full_spec,
        "spec_digest": _native.value_digest(json.dumps(full_spec)),
        **put_parts(vault.store, key(task), facts),
    }
    before = vault.store.note(key(task))
    vault.store.put_note(key(task), note)
    forget_parts(vault.store, before)


def _record(vault: Vault, task: Task, input_id: Any, name: str, chunk: Any) -> Document:
    """A field of one input as a completion keeps it; its value is stored."""
    cell = chunk.cells[name] if isinstance(chunk, Fields) else Cell(name, chunk[name])
    if cell.digest is None or not cell.kept:
        what = f"field `{name}` of input `{input_id}`"
        vault.keep(cell, encode(chunk[name], what, pickles(task)), True)
    record: Document = cell.record()
    return record


def pickles(task: Task) -> bool:
    """Whether values without a format are pickled: as the tool of `task.yml` always did."""
    return (task.root.path / "task.yml").exists() or type(task).__module__.partition(".")[0] == "repype"


def load(task: Task, pipeline: Pipeline | None) -> Dict[Any, Any]:
    """The data of the last completion; values are brought when they are read."""
    found = read(task)
    if found is None:
        raise LookupError(f"task `{task.path}` was never completed")
    if found.note is None:
        raise LookupError(
            f"task `{task.path}` was completed by repype, and its data was not imported: "
            "`mendel import repype --with-data` does so"
        )
    note, fields = found.note, found.details("fields")
    ids = {written(input_id) for input_id in task.input_ids}
    stored = set(fields)
    if ids != stored:
        extra, missing = sorted(stored - ids), sorted(ids - stored)
        raise ValueError(f"task `{task.path}`: stored ids are not its own: extra {extra}, missing {missing}")
    if pipeline is not None:
        _check_fields(task, pipeline, note, fields)
    vault = Vault(store_of(task))
    data = {}
    for input_id in task.input_ids:
        chunk = Fields(vault.bring)
        if not note.get("bare"):
            chunk["input_id"] = input_id
        for record in fields[written(input_id)]:
            cell = Cell(record["name"])
            cell.take(record)
            chunk.cells[cell.name] = cell
        data[input_id] = chunk
    return data


def _check_fields(task: Task, pipeline: Pipeline, note: Document, fields: Document) -> None:
    expected = set(pipeline.persistent_fields) - task.get_marginal_fields(pipeline) - set(note["absent"]) - {"input_id"}
    for input_id, records in fields.items():
        stored = {record["name"] for record in records}
        if stored != expected:
            extra, missing = sorted(stored - expected), sorted(expected - stored)
            raise ValueError(
                f"task `{task.path}`, input {input_id}: stored fields are not those of the pipeline: "
                f"extra {extra}, missing {missing}"
            )


def view(task: Task, name: str) -> Path:
    """The file of the task's folder that shows a part of the last completion.

    It is written when it is asked for. A file that somebody else wrote stays; then the
    view has another name.
    """
    path = task.path / name
    note = store_of(task).note(key(task)) if task.path.is_dir() else None
    if not note:
        return path
    content = _content(store_of(task), note, name)
    own = _views(task)
    if path.exists() and own.get(name) != _native.digest(path):
        stem, dot, ending = name.rpartition(".")
        name = f"{stem}.mendel{dot}{ending}"
        path = task.path / name
    if not path.exists() or path.read_bytes() != content:
        partial = path.with_name(f"{path.name}.{os.getpid()}")
        partial.write_bytes(content)
        store_of(task).put_note(f"views:{task.path.resolve()}", {**own, name: _native.digest(content)})
        os.replace(partial, path)
    return path


def _views(task: Task) -> Dict[str, str]:
    found: Dict[str, str] = store_of(task).note(f"views:{task.path.resolve()}") or {}
    return found


def _content(store: Store, note: Document, name: str) -> bytes:
    if name == ".task.json":
        return json.dumps(note["full_spec"]).encode()
    if name == ".sha.json":
        stages = {entry["id"]: entry["code"] for entry in note["pipeline"]}
        return json.dumps({"stages": stages, "task": note["spec_digest"]}).encode()
    times = details(store, note, "times")
    columns = list(dict.fromkeys(input_id for row in times.values() for input_id in row))
    lines = [",".join(["", *(str(json.loads(column)) for column in columns)])]
    for stage, row in times.items():
        lines.append(",".join([stage, *(str(row.get(column, "")) for column in columns)]))
    return ("\n".join(lines) + "\n").encode()
