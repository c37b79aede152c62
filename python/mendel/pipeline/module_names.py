"""What the source of a module says of its global names: which there are, and which a line is about."""

from __future__ import annotations

import ast
from typing import Dict, FrozenSet, Set

_SIMPLE = (ast.Assign, ast.AnnAssign, ast.With, ast.ClassDef)


class ModuleNames:
    """Reads sources, each once."""

    def __init__(self) -> None:
        self._trees: Dict[str, ast.Module | None] = {}
        self._bound: Dict[str, Set[str]] = {}

    def is_bound(self, file: str, name: str) -> bool:
        """Whether a statement of the module itself binds a name."""
        if file not in self._bound:
            tree = self._tree(file)
            self._bound[file] = set() if tree is None else {one for part in tree.body for one in _bound(part)}
        return name in self._bound[file]

    def at(self, file: str, line: int) -> FrozenSet[str] | None:
        """The global names that the statement at a line is about; None where that may be any."""
        tree = self._tree(file)
        found = [part for part in (tree.body if tree is not None else ()) if _covers(part, line)]
        if len(found) != 1 or not isinstance(found[0], _SIMPLE):
            return None
        names = {node.id for node in ast.walk(found[0]) if isinstance(node, ast.Name)} | set(_bound(found[0]))
        assert tree is not None, "it has a statement"
        # What is called may leave what it reads in any other name.
        called = {node.name for node in ast.walk(tree) if isinstance(node, (ast.FunctionDef, ast.ClassDef))}
        imported = {name for part in tree.body if isinstance(part, ast.ImportFrom) for name in _bound(part)}
        own = {found[0].name} if isinstance(found[0], ast.ClassDef) else set()
        return None if names & ((called | imported) - own) else frozenset(names)

    def _tree(self, file: str) -> ast.Module | None:
        if file not in self._trees:
            try:
                with open(file, "rb") as source:
                    self._trees[file] = ast.parse(source.read())
            except (OSError, SyntaxError, ValueError):
                self._trees[file] = None
        return self._trees[file]


def _covers(part: ast.stmt, line: int) -> bool:
    first = min([part.lineno, *(one.lineno for one in getattr(part, "decorator_list", ()))])
    return bool(first <= line <= (part.end_lineno or first))


def _bound(part: ast.AST) -> Set[str]:
    """The names that a statement binds outside of functions and classes in it."""
    if isinstance(part, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        return {part.name}
    if isinstance(part, (ast.Import, ast.ImportFrom)):
        return {one.asname or one.name.partition(".")[0] for one in part.names}
    found = {part.id} if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store) else set()
    for inner in ast.iter_child_nodes(part):
        found |= _bound(inner)
    return found
