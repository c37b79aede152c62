"""The stable name of a class: what its identity is made from.

``__mendel_id__`` fixes it. Else it is module and qualified name; where the module is the
script that was started, the module is named by the file's place in the project, so that
``python experiments/fit.py``, ``python -m experiments.fit`` and an import agree.
"""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_MARKS = ("mendel.toml", "pyproject.toml", "setup.py", "setup.cfg", ".git")
_MAIN = ("__main__", "__mp_main__")


def type_id(cls: type) -> str:
    """The name of ``cls``, in lower case.

    Raises:
        TypeError: ``__mendel_id__`` is no text.
    """
    given: Any = cls.__dict__.get("__mendel_id__")
    if given is None:
        inherited = getattr(cls, "__mendel_id__", None)
        given = inherited if callable(inherited) else None
    if isinstance(given, (classmethod, staticmethod)) or callable(given):
        given = cls.__mendel_id__()  # type: ignore[attr-defined]
    if given is None:
        given = f"{module_name(cls)}.{cls.__qualname__}"
    if not isinstance(given, str) or not given:
        raise TypeError(f"`__mendel_id__` of `{cls.__qualname__}` is a text, not {given!r}")
    return lower(given)


def lower(text: str) -> str:
    """``text`` with ASCII letters in lower case, as on every version of Python.

    Example:
        >>> lower("Lab.Encoder")
        'lab.encoder'
    """
    return "".join(chr(ord(one) + 32) if "A" <= one <= "Z" else one for one in text)


def module_name(cls: type) -> str:
    """The name under which the module of ``cls`` can be imported from the project's root."""
    return main_name() or cls.__module__ if cls.__module__ in _MAIN else cls.__module__


def main_name() -> str:
    """The importable name of the script that this process runs; empty where there is none."""
    main = sys.modules.get("__main__")
    spec = getattr(main, "__spec__", None)
    if spec is not None and spec.name not in _MAIN:
        return str(spec.name)
    file = getattr(main, "__file__", None)
    return name_of_file(os.path.abspath(file)) if file else ""


def name_of_file(file: str) -> str:
    """The module name of a file, from the nearest folder that is marked as a project.

    Example:
        >>> name_of_file("/nowhere/at/all/fit.py")
        'fit'
    """
    folder, name = os.path.split(os.path.splitext(file)[0])
    root = project_root(folder)
    parts = [] if root is None else os.path.relpath(folder, root).split(os.sep)
    parts = [part for part in parts if part != os.curdir]
    if parts and parts[0] == "src":
        parts = parts[1:]
    return ".".join([*parts, name])


def project_root(folder: str) -> str | None:
    """The nearest folder above that holds a project file or a repository."""
    while True:
        if any(os.path.exists(os.path.join(folder, mark)) for mark in _MARKS):
            return folder
        above = os.path.dirname(folder)
        if above == folder:
            return None
        folder = above
