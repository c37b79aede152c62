"""Generated paths: where the files of a task and of the configurations below it lie."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

from mendel.typed.building import shown
from mendel.typed.errors import NotUsable
from mendel.typed.partials import partial_identity
from mendel.typed.walking import everything, is_history

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from mendel.typed.fields import Field
    from mendel.typed.instances import DirectoryContext

_UNSAFE = re.compile(r"[^\w.,+@=-]")


class PathContext:
    """What a function that generates a path is told.

    Args:
        task_folder: The folder of the task.
        folder: Where the files of this configuration lie.
    """

    def __init__(self, task_folder: Path, folder: Path) -> None:
        self.task_folder = task_folder
        self.folder = folder


def fill(root: Any, context: DirectoryContext) -> None:
    """Gives every generated field below ``root`` its path.

    Raises:
        NotUsable: A generator names a place outside of the folder.
    """
    for path, one in everything(root, is_history):
        state = one.__mendel__
        generators = [name for name, field in state.schema.fields.items() if field.generator is not None]
        if (one is not root and is_history(one)) or all(name in one.__dict__ for name in generators):
            continue
        folder = context.path.joinpath("out", *steps(path)) if path else context.path
        names = []
        for name, field in state.schema.fields.items():
            if field.generator is not None:
                one.__dict__[name] = _place(one, field, context, folder)
                names.append(name)
        state.generated = frozenset(names)


def _place(one: Any, field: Field, context: DirectoryContext, folder: Path) -> Path:
    generator = field.generator
    assert generator is not None
    if generator.partial is not None:
        chosen = generator.partial
        shared = context.partial_folder(shown(one), chosen.name, partial_identity(one, chosen).hex)
        folder = folder if shared is None else shared
    name = generator.name
    if callable(name):
        wanted = inspect.signature(name).parameters
        given = (PathContext(context.path, folder), one)
        name = name(*given[: len(wanted)])
    base = folder.resolve()
    place = (base / name).resolve() if name else base
    if place != base and base not in place.parents:
        raise NotUsable(f"`{field.name}` of `{shown(one)}` is generated as `{name}`, which is outside of its folder")
    return place


def steps(path: Any) -> list[str]:
    """The folders that stand for a path.

    Example:
        >>> steps(("model", "parts", (0,), "table", ("a/b",)))
        ['model', 'parts', '0', 'table', 'a%2Fb']
    """
    return [safe(str(step[0] if isinstance(step, tuple) else step)) for step in path]


def safe(text: str) -> str:
    """A text as the name of a folder; different texts stay different.

    Example:
        >>> safe("a/b"), safe("..")
        ('a%2Fb', '%2E.')
    """
    kept = _UNSAFE.sub(lambda match: "".join(f"%{byte:02X}" for byte in match.group().encode()), text)
    return f"%2E{kept[1:]}" if kept in (".", "..") else kept or "%"
