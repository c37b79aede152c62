"""Finding a class again by its module and name."""

from __future__ import annotations

import importlib
import sys
from weakref import WeakValueDictionary

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_made: WeakValueDictionary[tuple[str, str], type] = WeakValueDictionary()


class ClassNotFound(ImportError):
    """A saved configuration names a class that is not there."""


def remember(module: str, cls: type) -> None:
    """Lets a class be found that no module holds, such as one made within a function."""
    _made[(module, cls.__qualname__)] = cls


def find(module: str, name: str, script: str | None = None) -> Any:
    """The class of that qualified name.

    Args:
        module: Its module.
        name: Its qualified name.
        script: The file, where the module is one that is started rather than imported.

    Raises:
        ClassNotFound: There is none.
    """
    known = _made.get((module, name))
    if known is not None:
        return known
    found: Any = _module(module, name, script)
    for part in name.split("."):
        found = getattr(found, part, None)
        if found is None:
            hint = "; a class made within a function cannot be found by another process" if "<locals>" in name else ""
            raise ClassNotFound(f"module `{module}` has no class `{name}`{hint}")
    return found


def find_loaded(module: str, name: str) -> Any:
    """The class, where its module is loaded already; else ``None``."""
    known = _made.get((module, name))
    if known is not None or module not in sys.modules:
        return known
    found: Any = sys.modules[module]
    for part in name.split("."):
        found = getattr(found, part, None)
    return found


def _module(module: str, name: str, script: str | None) -> Any:
    from mendel.typed.type_id import main_name

    if module in sys.modules:
        return sys.modules[module]
    if main_name() == module:
        return sys.modules["__main__"]
    if script is not None:
        from mendel.typed.scripts import definitions

        return definitions(module, script, name)
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise ClassNotFound(
            f"class `{name}` of module `{module}` cannot be imported: {error}; its folder has to be on the path"
        ) from error
