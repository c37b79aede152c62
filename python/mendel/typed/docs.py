"""What fields mean, in the words of the class."""

from __future__ import annotations

import ast
import inspect
import re
import textwrap

from mendel.typed.schema import own_annotations, schema_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_ENTRY = re.compile(r"^(\s*)(\w+)(?:\s*\([^)]*\))?\s*:\s*(.*)$")


def descriptions(cls: Any) -> dict[str, str]:
    """For each field its description: beside the type, right after the field, or in the
    ``Attributes:`` of the class; empty where there is none.
    """
    after: dict[str, str] = {}
    listed: dict[str, str] = {}
    for base in reversed(cls.__mro__):
        if "__mendel_schema__" in base.__dict__:
            listed.update(_attributes(inspect.getdoc(base) if base.__doc__ else ""))
            after.update(_literals(base))
    return {name: field.doc or after.get(name) or listed.get(name, "") for name, field in schema_of(cls).fields.items()}


def _attributes(doc: str | None) -> dict[str, str]:
    """The entries of the section ``Attributes:``."""
    lines = iter((doc or "").splitlines())
    for line in lines:
        if line.strip() in ("Attributes:", "Args:"):
            break
    found: dict[str, str] = {}
    name, indent = "", -1
    for line in lines:
        if not line.strip():
            name = ""
            continue
        entry = _ENTRY.match(line)
        depth = len(line) - len(line.lstrip())
        if depth == 0:
            break
        if entry and (indent < 0 or depth <= indent):
            indent, name = depth, entry.group(2)
            found[name] = entry.group(3).strip()
        elif name:
            found[name] = f"{found[name]} {line.strip()}".strip()
    return found


def _literals(cls: type) -> dict[str, str]:
    """Texts that stand right after fields; none where the source is not at hand."""
    if not own_annotations(cls):
        return {}
    try:
        source = textwrap.dedent(inspect.getsource(cls))
        body = next(node for node in ast.parse(source).body if isinstance(node, ast.ClassDef)).body
    except (OSError, TypeError, SyntaxError, StopIteration):
        return {}
    found = {}
    for statement, following in zip(body, body[1:]):
        if (
            isinstance(statement, ast.AnnAssign)
            and isinstance(statement.target, ast.Name)
            and isinstance(following, ast.Expr)
            and isinstance(following.value, ast.Constant)
            and isinstance(following.value.value, str)
        ):
            found[statement.target.id] = inspect.cleandoc(following.value.value)
    return found
