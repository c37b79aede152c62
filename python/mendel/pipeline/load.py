"""Dotted paths: finds the classes that a specification names."""

from __future__ import annotations

import difflib
import importlib
import inspect
import sys
from typing import Any, Callable


def load_from_module(name: str) -> Any:
    """What a dotted path names.

    Raises:
        ImportError: A part of it does not exist; says which, and what is close.
        AttributeError: The module has no such name; says what is close.
    """
    parts = name.split(".")
    module = None
    for length in range(len(parts) - 1, 0, -1):
        path = ".".join(parts[:length])
        try:
            module = importlib.import_module(path)
        except ModuleNotFoundError as error:
            if error.name and (path == error.name or path.startswith(error.name + ".")):
                continue
            raise
        return _attribute(module, parts[length:], name)
    hint = (
        "give a dotted path such as `package.module.Class`" if len(parts) == 1 else f"no module `{parts[0]}` is found"
    )
    raise ImportError(f"`{name}` cannot be imported: {hint} (searched in {', '.join(sys.path[:3]) or 'nothing'}, …)")


def stage_of(name: str, make: Callable[[Any], Any] | None = None) -> Any:
    """The stage that a dotted path names: of a class, or made of a function.

    Args:
        name: The path.
        make: Makes the stage of what is named, which is called otherwise.

    Raises:
        ImportError: A part of the path does not exist.
        AttributeError: The module has no such name.
        ValueError: What it names is no stage.
    """
    found = load_from_module(name)
    if inspect.isroutine(found) or not callable(found):
        kind = "plain function" if inspect.isroutine(found) else type(found).__name__
        raise ValueError(
            f"`{name}` is no stage but a {kind}: "
            "a stage is a class that derives from `Stage`, or a function with `@stage`"
        )
    stage = found() if make is None else make(found)
    missing = [member for member in ("id", "inputs", "outputs", "process") if not hasattr(stage, member)]
    if missing:
        raise ValueError(f"`{name}` is no stage: it has no `{missing[0]}`; derive it from `mendel.Stage`")
    return stage


def _attribute(module: Any, parts: list[str], name: str) -> Any:
    found = module
    for part in parts:
        if not hasattr(found, part):
            close = difflib.get_close_matches(part, dir(found), n=3)
            hint = ", did you mean " + " or ".join(f"`{word}`" for word in close) + "?" if close else ""
            holder = getattr(found, "__name__", found)
            raise AttributeError(f"`{name}` cannot be loaded: `{holder}` has no `{part}`{hint}")
        found = getattr(found, part)
    return found
