"""Where datasets that tasks make are kept: folders below ``datasets`` in the workspace.

Each says about itself in ``.dataset.json``. Finalized datasets share equal files, as hard
links into one pool that is addressed by content.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import time
from pathlib import Path

from . import folder_manager, place
from .project import numberOf
from .sample import UNPACKED

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable

FACTS = ".dataset.json"
POOL = ".files"


def facts(path: Path) -> dict[str, Any]:
    """What a dataset says about itself; nothing for a folder that no task made."""
    if not (path / FACTS).is_file():
        return {}
    try:
        found = json.loads((path / FACTS).read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def change(path: Path, **changed: Any) -> dict[str, Any]:
    """Changes what a dataset says about itself."""
    known = {**facts(path), **changed}
    partial = path / f"{FACTS}.{os.getpid()}"
    partial.write_text(json.dumps(known, indent=2), "utf-8")
    os.replace(partial, path / FACTS)
    return known


def create(name: str, kind: str, project: int, meta: dict[str, Any] | None) -> Path:
    """The folder of a new, open dataset."""
    slug = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:50] or "dataset"
    path: Path = folder_manager.datasetsFolder / f"{slug}-{os.urandom(4).hex()}"
    path.mkdir()
    run = place.taskIfAny()
    change(
        path,
        name=name,
        id=numberOf("dataset", path.name),
        kind=kind,
        project=project,
        run=run.id if run else None,
        meta=meta or {},
        state="uploading",
        created=time.time(),
    )
    return path


def find(wanted: Callable[[dict[str, Any]], bool]) -> list[Path]:
    """The folders of datasets whose facts are ``wanted``, the newest first."""
    known = [(path.parent, facts(path.parent)) for path in folder_manager.datasetsFolder.glob(f"*/{FACTS}")]
    found = [(own.get("created", 0), path) for path, own in known if own and wanted(own)]
    return [path for _, path in sorted(found, reverse=True)]


def look(reference: int | str) -> Path:
    """The folder of the newest dataset of that name or number, finalized ones first.

    Raises:
        LookupError: There is none.
    """
    found = find(lambda own: reference in (own["name"], own.get("id")))
    if found:
        return min(found, key=lambda path: facts(path).get("state") != "finalized")
    import difflib

    names = sorted({str(facts(path)["name"]) for path in find(lambda own: True)})
    close = difflib.get_close_matches(str(reference), names, 3)
    hint = f"; close to it: `{'`, `'.join(close)}`" if close else ""
    raise LookupError(
        f"there is no dataset `{reference}`; looked for a folder below `{Path.cwd()}` "
        f"and for a dataset in `{folder_manager.datasetsFolder}`{hint}"
    )


def copy(source: Path, target: Path) -> None:
    """Puts a copy of a file or folder at ``target``."""
    if source.is_dir():
        shutil.copytree(source, target, ignore=shutil.ignore_patterns(UNPACKED, "__pycache__"))
    else:
        shutil.copyfile(source, target)


def finalize(path: Path) -> dict[str, Any]:
    """Makes a dataset read-only, and records it with the run that made it."""
    folder_manager.deleteFolder(path / UNPACKED)
    files = sorted(entry for entry in path.rglob("*") if entry.is_file() and entry.name != FACTS)
    manifest = [{"path": file.relative_to(path).as_posix(), "digest": _share(file)} for file in files]
    content = json.dumps(manifest, indent=1).encode()
    from mendel import _native

    known = change(path, state="finalized", version=_native.digest(content), samples=len(manifest))
    _record(known, "output", content)
    return known


def recordUse(path: Path) -> None:
    """Records which version of a dataset the run reads."""
    known = facts(path)
    if known.get("version") and place.taskIfAny() is not None:
        _record(known, "input", None)


def _share(file: Path) -> str:
    """Keeps the bytes of a file once for all datasets; answers their digest."""
    from mendel import _native

    digest = _native.digest(file)
    shared: Path = folder_manager.datasetsFolder / POOL / digest[:2] / digest
    shared.parent.mkdir(parents=True, exist_ok=True)
    try:
        if not shared.exists():
            os.link(file, shared)
        else:
            partial = file.with_name(f".{file.name}.{os.getpid()}")
            os.link(shared, partial)
            os.replace(partial, file)
        file.chmod(0o444)
    except OSError:
        # A file system without hard links keeps every copy.
        pass
    return str(digest)


def _record(known: dict[str, Any], mode: str, content: bytes | None) -> None:
    run = place.taskIfAny()
    if run is None:
        return
    record = {
        "name": f"datasets/{known['name']}",
        "type": "dataset",
        "mode": mode,
        "digest": None,
        "size": len(content or b""),
        "file": "manifest.json",
        "media": "application/json",
        "preview": f"{known.get('samples', 0)} files, {known.get('kind')}",
        "metadata": {"dataset": known["name"], "id": known["id"], "version": known["version"], "run": known.get("run")},
        "time": int(time.time() * 1000),
    }
    run._open().artifact(json.dumps(record), content)
