"""Whether what is loaded is still what the files say, so that the files may speak for it."""

from __future__ import annotations

import ast
import inspect
import json
import os
import sys
import time
import types
from typing import Any, Callable, Iterator

_PLAIN = (int, float, complex, str, bytes, tuple, type(None))


def was_edited(is_ours: Callable[[str], bool]) -> bool:
    """Whether a module of the project was changed after it was loaded.

    Only files newer than this process are looked into.

    Args:
        is_ours: Whether a module of that name belongs to the project.
    """
    started = _start_of_process()
    for name, module in list(sys.modules.items()):
        file = getattr(module, "__file__", None)
        if not file or not file.endswith(".py") or not is_ours(name):
            continue
        try:
            if os.stat(file).st_mtime > started and not is_as_loaded(module, file):
                return True
        except (OSError, SyntaxError):
            return True
    return False


def _start_of_process() -> float:
    """When this process started, in seconds since the epoch."""
    from mendel import _native

    ticks = json.loads(_native.owner())["start"] / os.sysconf("SC_CLK_TCK")
    return time.time() - time.clock_gettime(time.CLOCK_BOOTTIME) + float(ticks)


def is_as_loaded(module: types.ModuleType, file: str) -> bool:
    """Whether the file gives the functions and the plain constants that the module has."""
    with open(file, "rb") as stream:
        source = stream.read()
    written = set(_codes(compile(source, file, "exec", dont_inherit=True)))
    if any(function.__code__ not in written for function in _functions(module)):
        return False
    return all(_has_constant(module, statement) for statement in ast.parse(source).body)


def _codes(code: types.CodeType) -> Iterator[types.CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from _codes(constant)


def _functions(module: types.ModuleType) -> Iterator[types.FunctionType]:
    """The functions that a module defines, methods of its classes included."""
    for value in list(vars(module).values()):
        for one in (value, *(vars(value).values() if inspect.isclass(value) else ())):
            plain: Any = inspect.unwrap(getattr(one, "__func__", one)) if callable(one) else one
            plain = getattr(plain, "__func__", plain)
            if isinstance(plain, types.FunctionType) and plain.__module__ == module.__name__:
                yield plain


def _has_constant(module: types.ModuleType, statement: ast.stmt) -> bool:
    if not isinstance(statement, ast.Assign) or not all(isinstance(one, ast.Name) for one in statement.targets):
        return True
    try:
        value = ast.literal_eval(statement.value)
    except ValueError:
        return True
    # What can be changed in place may have been.
    if not isinstance(value, _PLAIN):
        return True
    return all(
        repr(getattr(module, target.id, None)) == repr(value)
        for target in statement.targets
        if isinstance(target, ast.Name)
    )
