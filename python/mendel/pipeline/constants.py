"""Constants of a module as its source writes them, with the constants that they are made of."""

from __future__ import annotations

import ast
import functools
import os
import sys
from typing import Dict, Iterator, List

_Writers = Dict[str, List[ast.stmt]]


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
    file = getattr(sys.modules.get(module), "__file__", None)
    if not file or not file.endswith(".py"):
        return {}
    try:
        facts = os.stat(file)
    except OSError:
        return {}
    return _writers_in(file, facts.st_mtime_ns, facts.st_size)


@functools.lru_cache(maxsize=256)
def _writers_in(file: str, changed: int, size: int) -> _Writers:
    """The statements of a file by the global names that they assign."""
    with open(file, "rb") as stream:
        tree = ast.parse(stream.read())
    found: _Writers = {}
    _collect(tree.body, found)
    return found


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
