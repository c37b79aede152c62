"""Files of scopes: what a stage wrote and read at the paths it asked for."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Dict, Iterator, List

from mendel.pipeline.look import Stat, look
from mendel.pipeline.vault import Vault


class ScopeFiles:
    """The paths that one stage got from scopes while it ran."""

    def __init__(self) -> None:
        self._before: Dict[str, tuple[Path, Dict[str, Stat]]] = {}

    def resolved(self, scope: str, path: Path) -> None:
        """Hears that the stage got `path` from `scope`."""
        if scope not in self._before:
            self._before[scope] = (path, dict(_files(path)))

    def paths(self) -> List[Path]:
        """The paths."""
        return [path for path, _ in self._before.values()]

    def subject_of(self, name: str) -> str | None:
        """How a path is named that lies at, or below, one of the paths; None for others."""
        for scope, (path, _) in self._before.items():
            if name == str(path) or name.startswith(f"{path}{os.sep}"):
                return subject(scope, name[len(str(path)) + 1 :])
        return None

    def knows(self, name: str) -> bool:
        """Whether a file is told by `read`, or is new."""
        for path, before in self._before.values():
            if name == str(path) or name.startswith(f"{path}{os.sep}"):
                now = look(name) if os.path.isfile(name) else None
                then = before.get(name[len(str(path)) + 1 :])
                return now is not None and then in (None, now)
        return False

    def new(self) -> Iterator[str]:
        """The paths of the files that came or changed."""
        for path, before in self._before.values():
            for suffix, stat in _files(path):
                if before.get(suffix) != stat:
                    yield str(at(path, suffix))

    def written(self, vault: Vault) -> List[Dict[str, Any]]:
        """Keeps what was written, and answers its records."""
        records = []
        for scope, (path, before) in sorted(self._before.items()):
            for suffix, stat in _files(path):
                if before.get(suffix) != stat:
                    digest, size = vault.store.put_blob(at(path, suffix))
                    mode = os.stat(at(path, suffix)).st_mode & 0o777
                    records.append(
                        {"scope": scope, "path_suffix": suffix, "digest": digest, "size": size, "mode": mode}
                    )
        return records

    def read(self, vault: Vault) -> Iterator[tuple[str, str | None]]:
        """What was there before and still is: subject and digest of each file."""
        for scope, (path, before) in sorted(self._before.items()):
            for suffix, stat in _files(path):
                if before.get(suffix) == stat:
                    yield subject(scope, suffix), vault.file_digest(at(path, suffix))


def subject(scope: str, suffix: str) -> str:
    """How a dependency on a file of a scope is named."""
    return f"scope:{scope}/{suffix}" if suffix else f"scope:{scope}"


def at(path: Path, suffix: str) -> Path:
    """The file of a scope's path."""
    return path / suffix if suffix else path


def _files(path: Path) -> Iterator[tuple[str, Stat]]:
    stat = look(path)
    if stat is None:
        return
    if path.is_file():
        yield "", stat
        return
    for file in sorted(path.rglob("*")):
        found = look(file)
        if found is not None and file.is_file():
            yield file.relative_to(path).as_posix(), found
