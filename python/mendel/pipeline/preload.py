"""Installed packages that a task imported, so that the next of its kind finds them imported.

Code of a project is never among them. Where a project sets variables of the environment while it is
imported, packages may read them, and none is imported before.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import site
import sys
import sysconfig
from typing import Any, Iterable, List, Tuple

VARIABLE = "MENDEL_IMPORTS"
"""Names the environment variable with the file where a task lists what it imported."""

_OWN = ("mendel", "repype", "__main__", "__mp_main__", "sitecustomize", "usercustomize")


def _folders() -> Tuple[str, ...]:
    paths = sysconfig.get_paths()
    found = [paths[name] for name in ("stdlib", "platstdlib", "purelib", "platlib")]
    found += [*site.getsitepackages(), site.getusersitepackages()]
    return tuple({os.path.realpath(folder) + os.sep for folder in found})


class Watch:
    """Hears, from its making on, whether the project sets variables of the environment."""

    def __init__(self) -> None:
        self._folders = _folders()
        self._was_set = False
        sys.addaudithook(self._hear)

    def installed(self) -> List[str]:
        """The modules of installed packages that are loaded, in the order of their loading."""
        if self._was_set:
            return []
        found = []
        for name, module in list(sys.modules.items()):
            spec = getattr(module, "__spec__", None)
            origin = getattr(spec, "origin", None)
            if name.partition(".")[0] in _OWN or getattr(spec, "name", None) != name or not isinstance(origin, str):
                continue
            if os.path.realpath(origin).startswith(self._folders):
                found.append(name)
        return found

    def _hear(self, event: str, arguments: Tuple[Any, ...]) -> None:
        if event not in ("os.putenv", "os.unsetenv") or self._was_set:
            return
        frame: Any = sys._getframe(1)
        while frame is not None and not self._was_set:
            file = frame.f_code.co_filename
            self._was_set = not file.startswith("<frozen") and not os.path.realpath(file).startswith(self._folders)
            # A package that sets variables while it is imported does so whoever imports it.
            frame = None if frame.f_code.co_name == "<module>" else frame.f_back


def load(names: Iterable[str]) -> None:
    """Imports modules; one that cannot be imported is left to whoever needs it."""
    for name in names:
        with contextlib.suppress(Exception, SystemExit):
            importlib.import_module(name)
