"""Which global names of the project's modules the code of a stage may use."""

from __future__ import annotations

import os
from typing import Any, Dict, List, Set, Tuple

from mendel.pipeline.fingerprint import ask_sources, class_path

ALL = "*"
"""Stands for every name of a module."""


class Reach:
    """Asks the `mendel` command, once for each class; of what it does not know everything is used."""

    def __init__(self) -> None:
        self._known: Dict[Tuple[type, Tuple[str, ...]], Dict[str, Set[str]] | None] = {}

    def uses(self, stage: Any, stages: List[Any], roots: Tuple[str, ...], file: str, name: str | None) -> bool:
        """Whether a stage may use a name of a module, or any where none is given.

        Args:
            stage: The stage.
            stages: All stages of its pipeline, which are asked for together.
            roots: The folders that modules are imported from.
            file: The source of the module.
            name: The name.
        """
        if (type(stage), roots) not in self._known:
            self._ask({type(one) for one in [*stages, stage]}, roots)
        names = self._known[type(stage), roots]
        if names is None:
            return True
        found = names.get(os.path.realpath(file), set())
        return bool(found) and (name is None or name in found or ALL in found)

    def _ask(self, classes: Set[type], roots: Tuple[str, ...]) -> None:
        answer = ask_sources(roots, [class_path(cls) for cls in classes]) if roots else {}
        for cls in classes:
            entry = answer.get(class_path(cls), {})
            symbols = entry.get("symbols")
            self._known[cls, roots] = None if symbols is None else _by_file(symbols, roots)


def _by_file(symbols: Dict[str, Any], roots: Tuple[str, ...]) -> Dict[str, Set[str]]:
    found: Dict[str, Set[str]] = {}
    for symbol in symbols:
        file, _, name = symbol.partition(":")
        top = name.partition(".")[0]
        for root in roots:
            path = os.path.realpath(os.path.join(root, file))
            found.setdefault(path, set()).add(ALL if top.startswith("(") else top)
    return found
