"""Files of repype in the folders of tasks: taken over as completed runs, and written from completions of ours.

Values are read and written here only, in the worker, since reading a pickle runs code. Files that
somebody else wrote are never changed: `python -m mendel.pipeline.repype_files` answers what was done.
"""

from __future__ import annotations

import gzip
import importlib.util
import json
import os
import pickle
import sys
from pathlib import Path
from typing import Any, Dict, Mapping

from mendel import _native
from mendel.pipeline import completion as completions
from mendel.pipeline.benchmark import Benchmark
from mendel.pipeline.cells import Cell
from mendel.pipeline.document import JobTask, read_document
from mendel.pipeline.formats import encode
from mendel.pipeline.input_id import written
from mendel.pipeline.place import project_of, store_of, workspace_of
from mendel.pipeline.plain import plain
from mendel.pipeline.types import Document
from mendel.pipeline.vault import Vault

DATA, SPEC, HASHES, TIMES = "data.dill.gz", ".task.json", ".sha.json", "times.csv"
_ASK = "reading `{}` executes code from that file; go on? [y/N] "


def main() -> int:
    """Takes over or writes the files of the tasks of a document, and prints what became of each."""
    document = read_document()
    action = {"export": export, "import": take_over}[document["action"]]
    lines, code = [], 0
    for one in document["tasks"]:
        line: Document = {"task": one["task"]["path"]}
        try:
            line.update(action(JobTask({**document, **one}), document))
        except (ValueError, LookupError, OSError, ImportError, AttributeError) as error:
            line["error"], code = str(error), 1
        lines.append(line)
    print(json.dumps({"tasks": lines}))
    return code


def export(task: JobTask, document: Document) -> Document:
    """Writes the files of a completion.

    Raises:
        LookupError: The task was never completed here.
        FileExistsError: One of the files is there, and somebody else wrote it; nothing was written.
    """
    pipeline = task.create_pipeline()
    found = completions.read(task)
    if found is None or found.note is None:
        raise LookupError(f"`{task.path}` was never completed here; `mendel run` completes it")
    data = {name: {field: _whole(chunk[field]) for field in chunk} for name, chunk in task.load(pipeline).items()}
    hashes = _hashes_of_repype(task)
    contents = {
        DATA: gzip.compress(_dumped(data)),
        SPEC: json.dumps(found.full_spec, default=str).encode(),
        TIMES: _table(found.fill(Benchmark(os.devnull))),
    }
    if hashes is not None:
        contents[HASHES] = json.dumps(hashes).encode()
    own = _exported(task)
    foreign = [name for name in (DATA, SPEC, HASHES, TIMES) if _is_foreign(task.path / name, own.get(name))]
    if foreign:
        named = ", ".join(f"`{task.path / name}`" for name in foreign)
        raise FileExistsError(f"{named} was not written by Mendel, and stays; nothing was written")
    for name, content in contents.items():
        _write(task, name, content)
    note = None if hashes is not None else f"`{HASHES}` is left out: only an installed `repype` can compute it"
    return {"files": sorted(contents), "note": note}


def _whole(value: Any) -> Any:
    """A value that is no view of a file of ours."""
    return value.copy() if type(value).__name__ == "memmap" or getattr(value, "base", None) is not None else value


def _dumped(data: Any) -> bytes:
    try:
        import dill  # type: ignore[import-untyped, unused-ignore]
    except ImportError:
        # What it reads are pickles.
        return pickle.dumps(data, protocol=4)
    dumped: bytes = dill.dumps(data, byref=True)
    return dumped


def _table(times: Benchmark[float]) -> bytes:
    rows = times.rows()
    columns = list(dict.fromkeys(name for row in rows.values() for name in row))
    lines = [",".join(["", *columns])]
    lines += [",".join([stage, *(str(row.get(name, "")) for name in columns)]) for stage, row in rows.items()]
    return ("\n".join(lines) + "\n").encode()


def _hashes_of_repype(task: JobTask) -> Document | None:
    """The hashes that the installed repype computes; None where only our stand-in is there."""
    found = importlib.util.find_spec("repype")
    if found is None or f"{os.sep}mendel{os.sep}compat{os.sep}" in (found.origin or ""):
        return None
    from repype.batch import Batch  # type: ignore[import-not-found, import-untyped, unused-ignore]

    batch = Batch()
    batch.task(task.path)
    context = batch.context(task.path)
    stages = {stage.id: stage.sha for stage in context.pipeline.stages}
    return {"stages": stages, "task": context.task.compute_sha(context.config)}


def _is_foreign(path: Path, own: str | None) -> bool:
    return path.exists() and (own is None or _native.digest(path) != own)


def _exported(task: JobTask) -> Dict[str, str]:
    found: Dict[str, str] = store_of(task).note(f"exported:{task.path.resolve()}") or {}
    return found


def _write(task: JobTask, name: str, content: bytes) -> None:
    """Writes a file in one step; that it is ours is noted first."""
    path = task.path / name
    partial = path.with_name(f".{name.lstrip('.')}.{os.getpid()}")
    partial.write_bytes(content)
    before = _exported(task)
    store_of(task).put_note(f"exported:{task.path.resolve()}", {**before, name: _native.digest(content)})
    try:
        if path.exists() and not _is_foreign(path, before.get(name)):
            os.replace(partial, path)
        else:
            # Fails where somebody wrote it meanwhile.
            os.link(partial, path)
    finally:
        partial.unlink(missing_ok=True)


def take_over(task: JobTask, document: Document) -> Document:
    """Records what repype left in a folder as a completed run; its values only where that is asked for."""
    digests, full_spec = _json_of(task.path / HASHES), _json_of(task.path / SPEC)
    times = task.path / TIMES
    own = _exported(task)
    names = [name for name in (SPEC, HASHES, TIMES, DATA) if _is_foreign(task.path / name, own.get(name))]
    if not {SPEC, HASHES, TIMES} & set(names):
        return {"skipped": "repype left nothing here"}
    known = store_of(task).note(_imported(task))
    now = {name: _native.digest(task.path / name) for name in names}
    if known is not None and known["files"] == now and (known["data"] or not document.get("with_data")):
        return {"skipped": "taken over already", "run": known["run"]}
    data = _data(task, document) if document.get("with_data") else None
    run = _begin(task, {"digests": digests, "full_spec": full_spec, "files": now})
    table: Benchmark[float] = Benchmark(times) if TIMES in names else Benchmark(os.devnull)
    _report(task, run, table)
    store = store_of(task)
    if data is not None:
        _complete(task, run, data, (full_spec or {}, table))
    store.move(run, "complete")
    store.put_note(_imported(task), {"run": run, "files": now, "data": data is not None})
    return {"run": run, "files": names, "data": data is not None, "inputs": None if data is None else len(data)}


def _imported(task: JobTask) -> str:
    return f"imported:{task.path.resolve()}"


def _json_of(path: Path) -> Document | None:
    if not path.is_file():
        return None
    try:
        found = json.loads(path.read_text("utf-8"))
    except ValueError as error:
        raise ValueError(f"`{path}` is no JSON: {error}") from error
    if not isinstance(found, dict):
        raise ValueError(f"`{path}` holds no mapping")
    return found


def _data(task: JobTask, document: Document) -> Dict[Any, Dict[str, Any]]:
    """The values, once a person allowed to run what the file says."""
    path = task.path / DATA
    if not path.is_file():
        raise LookupError(f"`{path}` is not there; leave out `--with-data`")
    if not document.get("yes"):
        print(_ASK.format(path), end="", file=sys.stderr, flush=True)
        if sys.stdin.readline().strip().lower() not in ("y", "yes"):
            raise ValueError(f"`{path}` was not read: `--with-data` was not confirmed (`--yes` does so)")
    try:
        import dill as reader  # type: ignore[import-untyped, unused-ignore]
    except ImportError:
        reader = pickle
    try:
        with gzip.open(path, "rb") as stream:
            data = reader.load(stream)
    except Exception as error:
        raise ValueError(f"`{path}` cannot be read: {type(error).__name__}: {error}") from error
    if not isinstance(data, Mapping) or not all(isinstance(chunk, Mapping) for chunk in data.values()):
        raise ValueError(f"`{path}` holds no data of a task")
    return {input_id: dict(chunk) for input_id, chunk in data.items()}


def _begin(task: JobTask, left: Document) -> str:
    """The run that stands for what repype completed."""
    store, run = store_of(task), _native.new_id()
    changed = max((os.stat(task.path / name).st_mtime for name in left["files"]), default=0.0)
    store.create(
        {
            "id": run,
            "name": task.document["task"]["name"],
            "project": task.document.get("project_name") or task.root.path.resolve().name or "default",
            "kind": "staged",
            "created": round(changed * 1000),
            "tags": ["repype"],
            "comment": "completed by repype",
            "script": {"entry": str(task.path.resolve()), "root": str(project_of(task))},
            "documents": {"repype": left},
        }
    )
    store.move(run, "start", owner=json.loads(_native.owner()))
    return run


def _report(task: JobTask, run: str, table: Benchmark[float]) -> None:
    """The seconds of each stage and input as metrics of the run."""
    places = {str(input_id): place for place, input_id in enumerate(task.input_ids)}
    writer = _native.RunWriter(Path(workspace_of(task.path)), run)
    for stage, row in table.rows().items():
        for place, (name, seconds) in enumerate(row.items()):
            writer.report("times", stage, float(seconds), places.get(name, place))
    writer.flush(wait=True)
    writer.close()


def _complete(task: JobTask, run: str, data: Mapping[Any, Mapping[str, Any]], told: Any) -> None:
    """Notes a completion whose code nobody here knows: its values can be read, and never answer for others."""
    full_spec, table = told
    vault = Vault(store_of(task))
    fields: Dict[str, Any] = {}
    for input_id, chunk in data.items():
        records = []
        for name, value in chunk.items():
            if name != "input_id":
                cell = Cell(name, value)
                vault.keep(cell, encode(value, f"field `{name}` of input `{input_id}`", True), True)
                records.append(cell.record())
        fields[written(input_id)] = records
    ids = {str(input_id): written(input_id) for input_id in data}
    times = {
        stage: {ids.get(name, written(name)): seconds for name, seconds in row.items()}
        for stage, row in table.rows().items()
    }
    pipeline, config = task.create_pipeline(), full_spec.get("config") or {}
    stages = [
        {**entry, "code": None, "config": plain(config.get(entry["id"]) or {})}
        for entry in completions.describe(pipeline, task.create_config())
    ]
    completions.write_note(
        vault,
        task,
        plain(full_spec),
        run=run,
        pipeline=stages,
        inputs=list(data),
        bare=any("input_id" not in chunk for chunk in data.values()),
        marginal=[],
        times=times,
        fields=fields,
        **completions.of_outcomes(()),
    )


if __name__ == "__main__":
    sys.exit(main())
