"""Files kept on this machine for later: downloads by digest, and the last task of a name.

The folder is that of the user's caches and is held below a size; the last ids lie with
the workspace they belong to.
"""

from __future__ import annotations

import json
import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

SIZE_DEFAULT = 10 << 30


def folder(*parts: str) -> Path:
    """A folder within the cache, made when absent."""
    from pathlib import Path

    base = os.environ.get("MENDEL_CACHE_DIR")
    if base:
        root = Path(base)
    else:
        root = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "mendel"
    path = root.joinpath(*parts)
    path.mkdir(parents=True, exist_ok=True)
    return path


def download(store: Any, digest: str, name: str) -> Path:
    """The file of that digest; fetched when it is not here yet."""
    safe = os.path.basename(name) or "content"
    target = folder("files", digest[:2], digest) / safe
    if target.exists():
        os.utime(target)
        return target
    partial = target.with_name(f".{safe}.{os.getpid()}")
    try:
        store.blob_to_file(digest, partial)
        os.replace(partial, target)
    finally:
        partial.unlink(missing_ok=True)
    shrink(folder("files"), limit(), keep=target)
    return target


def limit() -> int:
    """Bytes the cache may hold: ``MENDEL_CACHE_SIZE``, else ten gibibytes."""
    try:
        return int(os.environ.get("MENDEL_CACHE_SIZE", SIZE_DEFAULT))
    except ValueError:
        return SIZE_DEFAULT


def shrink(root: Path, size: int, keep: Path | None = None) -> None:
    """Removes the files longest unused until at most ``size`` bytes are left below ``root``."""
    files = []
    for path in root.rglob("*"):
        try:
            if path.is_file():
                facts = path.stat()
                files.append((facts.st_mtime, facts.st_size, path))
        except OSError:
            continue
    total = sum(length for _, length, _ in files)
    for _, length, path in sorted(files, key=lambda file: file[0]):
        if total <= size:
            return
        if path != keep:
            path.unlink(missing_ok=True)
            total -= length


class LastTasks:
    """Remembers the last id for a project, a name and a type.

    Args:
        workspace: The ``.mendel`` folder.
    """

    def __init__(self, workspace: str) -> None:
        self._folder = os.path.join(workspace, "cache", "last-tasks")

    def get(self, project: str, name: str, purpose: str) -> str | None:
        """The id, if one is known."""
        try:
            with open(self._path(project, name, purpose), encoding="utf-8") as stream:
                known = json.load(stream)
        except (OSError, ValueError):
            return None
        return str(known["id"]) if isinstance(known, dict) and known.get("id") else None

    def put(self, project: str, name: str, purpose: str, run: str) -> None:
        """Remembers ``run``. A folder that cannot be written is no failure."""
        path = self._path(project, name, purpose)
        partial = f"{path}.{os.getpid()}"
        try:
            os.makedirs(self._folder, exist_ok=True)
            with open(partial, "w", encoding="utf-8") as stream:
                json.dump({"id": run, "project": project, "name": name, "type": purpose}, stream)
            os.replace(partial, path)
        except OSError:
            return

    def _path(self, project: str, name: str, purpose: str) -> str:
        from mendel import _native

        key = _native.digest(json.dumps([project, name, purpose]).encode())
        return os.path.join(self._folder, f"{key[:32]}.json")
