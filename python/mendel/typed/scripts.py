"""Classes of a script, without running the script.

Of the file only the statements are executed that a class needs: imports, and what binds the
names that it uses, directly or through others.
"""

from __future__ import annotations

import ast
import sys
import types

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Iterator


def definitions(module: str, file: str, name: str) -> Any:
    """A module that holds the class ``name`` of a script, and what the class needs.

    Raises:
        ClassNotFound: The file cannot be read, or does not define the class.
    """
    from mendel.typed.finding import ClassNotFound

    try:
        with open(file, "rb") as stream:
            tree = ast.parse(stream.read(), file)
    except (OSError, SyntaxError) as error:
        raise ClassNotFound(f"class `{name}` is defined in `{file}`, which cannot be read: {error}") from error
    tree.body = _needed(tree.body, name.partition(".")[0])
    made = sys.modules.get(module)
    if made is None:
        made = types.ModuleType(module)
        made.__file__ = file
        sys.modules[module] = made
    exec(compile(tree, file, "exec"), made.__dict__)  # noqa: S102 - the user's own class
    return made


def _needed(body: list[ast.stmt], name: str) -> list[ast.stmt]:
    binds = [set(_bound(statement)) for statement in body]
    kept = {
        position
        for position, statement in enumerate(body)
        if isinstance(statement, ast.ImportFrom) and statement.module == "__future__"
    }
    todo, asked = [name], {name}
    while todo:
        wanted = todo.pop()
        for position, bound in enumerate(binds):
            if (wanted in bound or "*" in bound) and position not in kept:
                kept.add(position)
                used = {node.id for node in ast.walk(body[position]) if isinstance(node, ast.Name)}
                used |= _quoted(body[position])
                todo.extend(used - asked)
                asked |= used
    return [body[position] for position in sorted(kept)]


def _quoted(statement: ast.stmt) -> set[str]:
    """Names within texts that may be annotations."""
    texts = [
        node.value for node in ast.walk(statement) if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ]
    return {text for text in texts if text.isidentifier()}


def _bound(statement: ast.stmt) -> Iterator[str]:
    """The names that a statement of a module binds; nothing for what is only run."""
    if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        yield statement.name
    elif isinstance(statement, (ast.Import, ast.ImportFrom)):
        for alias in statement.names:
            yield alias.asname or alias.name.partition(".")[0]
    elif isinstance(statement, (ast.Assign, ast.AnnAssign, ast.AugAssign)):
        targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
        for target in targets:
            yield from (node.id for node in ast.walk(target) if isinstance(node, ast.Name))
    elif isinstance(statement, ast.Try):
        for inner in (*statement.body, *(one for handler in statement.handlers for one in handler.body)):
            yield from _bound(inner)
    elif isinstance(statement, ast.If) and not _is_main_guard(statement):
        for inner in (*statement.body, *statement.orelse):
            yield from _bound(inner)


def _is_main_guard(statement: ast.If) -> bool:
    return any(isinstance(node, ast.Name) and node.id == "__name__" for node in ast.walk(statement.test))
