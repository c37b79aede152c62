"""Hooks that run once a module has been imported, by whoever imports it.

Nothing is imported here: a module already loaded is hooked at once, another when its
import ends. A hook that fails never disturbs the import.
"""

from __future__ import annotations

import sys
import threading

from mendel.notes import detail

TYPE_CHECKING = False
if TYPE_CHECKING:
    from importlib.machinery import ModuleSpec
    from types import ModuleType
    from typing import Any, Callable, Sequence

    Hook = Callable[[ModuleType], None]

_waiting: dict[str, list[Hook]] = {}
_searching = threading.local()


def when_imported(name: str, hook: Hook) -> None:
    """Calls ``hook`` with the module ``name`` now, or as soon as it has been imported."""
    module = sys.modules.get(name)
    spec = getattr(module, "__spec__", None)
    if module is not None and not getattr(spec, "_initializing", False):
        _run(hook, module)
        return
    _waiting.setdefault(name, []).append(hook)
    if _finder not in sys.meta_path:
        sys.meta_path.insert(0, _finder)


def _run(hook: Hook, module: ModuleType) -> None:
    try:
        hook(module)
    except Exception:
        detail("hooking `%s` failed", module.__name__)


class _Finder:
    """Lets the other finders find a module, and listens for the end of its execution."""

    def find_spec(self, name: str, path: Sequence[str] | None, target: ModuleType | None = None) -> ModuleSpec | None:
        if name not in _waiting or getattr(_searching, "name", None) == name:
            return None
        _searching.name = name
        try:
            import importlib.util

            spec = importlib.util.find_spec(name)
        except (ImportError, ValueError, AttributeError):
            return None
        finally:
            _searching.name = None
        if spec is not None and spec.loader is not None:
            _listen(spec.loader, name)
        return spec


def _listen(loader: Any, name: str) -> None:
    execute = loader.exec_module

    def exec_module(module: ModuleType) -> None:
        try:
            del loader.exec_module
        except AttributeError:
            pass
        execute(module)
        for hook in _waiting.pop(name, []):
            _run(hook, module)

    try:
        loader.exec_module = exec_module
    except AttributeError:
        detail("the import of `%s` cannot be listened to", name)


_finder = _Finder()
