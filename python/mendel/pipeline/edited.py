"""Whether code was edited since its digest was told, so that what ran is not what the digest speaks of."""

from __future__ import annotations

import functools
import os
import sys
from types import ModuleType
from typing import Dict, FrozenSet, Iterator, Mapping, Set, Tuple

from mendel.pipeline.fingerprint import ask_sources
from mendel.pipeline.loaded import is_as_loaded

Edits = FrozenSet[Tuple[str, int]]


class Sources:
    """The source files that the stages of a task may be made of.

    Args:
        folders: Where they lie: import roots, project root.
        told: When the digests were told, in milliseconds since the epoch.
        code: The digest of the code of each class, by its dotted path.
    """

    def __init__(self, folders: Tuple[str, ...], told: int, code: Mapping[str, str]) -> None:
        self._folders = folders
        self._below = tuple(os.path.realpath(folder) + os.sep for folder in folders)
        self._told = told * 1_000_000
        self._code = code
        self._edits: Edits = frozenset()
        self._spoiled: Set[str] = set()

    def spoiled(self) -> Set[str]:
        """The classes whose loaded code need not be what was told; once spoiled, they stay so."""
        edits = frozenset(self._edited())
        if edits != self._edits:
            self._edits = edits
            self._spoiled |= self._reached_by({path for path, _ in edits})
        return self._spoiled

    def _edited(self) -> Iterator[tuple[str, int]]:
        """Loaded source files that are newer than what was told, each with its time."""
        for file in _loaded():
            if file.startswith(self._below):
                try:
                    changed = os.stat(file).st_ctime_ns
                except OSError:
                    changed = sys.maxsize
                if changed > self._told:
                    yield file, changed

    def _reached_by(self, edited: Set[str]) -> Set[str]:
        """The classes that reach an edited file, unless all is as told and as loaded."""
        modules = _loaded()
        now = ask_sources(self._folders, list(self._code))
        found = set()
        for path, told in self._code.items():
            entry = now.get(path, {})
            files = {
                os.path.realpath(os.path.join(folder, file))
                for folder in self._folders
                for file in entry.get("files", ())
            }
            reached = edited & files
            same = entry.get("digest") == told
            if not same or not all(is_as_loaded(modules[file], file) for file in reached if file in modules):
                found.add(path)
        return found


def _loaded() -> Dict[str, ModuleType]:
    """The modules that were loaded from source, by their files."""
    files = ((getattr(module, "__file__", None), module) for module in list(sys.modules.values()))
    return {_real(file): module for file, module in files if isinstance(file, str) and file.endswith(".py")}


@functools.cache
def _real(file: str) -> str:
    return os.path.realpath(file)
