"""Constants of a module as its source writes them, with the constants that they are made of."""

from __future__ import annotations

import ast
import sys
from typing import Any, Dict, Iterator, List, Tuple

_Writers = Dict[str, List[ast.stmt]]
_read: Dict[str, Tuple[Any, _Writers]] = {}


def written_constant(module: str, name: str) -> tuple[list[str], list[tuple[str, str]]]:
    """The statements that give a global name its value, in a form without comments and lines.

    Returns:
        The statements, none where there is no source or the name is not assigned in it; and
        module and name of every global that they read.
    """
    seen: set[tuple[str, str]] = set()
    texts = list(_statements(module, name, seen))
    return texts, sorted(seen)


def _statements(module: str, name: str, seen: set[tuple[str, str]]) -> Iterator[str]:
    if (module, name) in seen:
        return
    seen.add((module, name))
    for statement in _writers(module).get(name, ()):
        if isinstance(statement, ast.ImportFrom):
            origin = _origin(module, statement)
            for alias in statement.names:
                if (alias.asname or alias.name) == name:
                    yield from _statements(origin, alias.name, seen)
            continue
        yield ast.dump(statement)
        for node in ast.walk(statement):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
                yield from _statements(module, node.id, seen)


def _writers(module: str) -> _Writers:
    """The statements of a module by the global names that they assign, as they were when first asked for."""
    loaded = sys.modules.get(module)
    file, spec = getattr(loaded, "__file__", None), getattr(loaded, "__spec__", None)
    if not file or not file.endswith(".py"):
        return {}
    known = _read.get(file)
    # A module that is loaded anew is read anew; an edit alone changes nothing that runs here.
    if known is None or known[0] is not spec:
        found: _Writers = {}
        try:
            with open(file, "rb") as stream:
                _collect(ast.parse(stream.read()).body, found)
        except (OSError, SyntaxError):
            found = {}
        known = _read[file] = (spec, found)
    return known[1]


def _collect(body: list[ast.stmt], found: _Writers) -> None:
    for statement in body:
        if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            continue
        if isinstance(statement, ast.ImportFrom):
            for alias in statement.names:
                found.setdefault(alias.asname or alias.name, []).append(statement)
            continue
        inner = [part for name in ("body", "orelse", "finalbody") for part in getattr(statement, name, [])]
        inner += [part for handler in getattr(statement, "handlers", []) for part in handler.body]
        if inner:
            _collect(inner, found)
            continue
        for node in ast.walk(statement):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                found.setdefault(node.id, []).append(statement)


def _origin(module: str, statement: ast.ImportFrom) -> str:
    """The module that a `from` statement names."""
    if not statement.level:
        return statement.module or ""
    package = getattr(sys.modules.get(module), "__package__", None) or module.rpartition(".")[0]
    for _ in range(statement.level - 1):
        package = package.rpartition(".")[0]
    return f"{package}.{statement.module}" if statement.module else package
