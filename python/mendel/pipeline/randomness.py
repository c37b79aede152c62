"""Random numbers of forked processes: each draws its own, unless the project chose a seed.

A project that seeds a generator while it is imported finds it seeded in every process, as it would
if each had imported it.
"""

from __future__ import annotations

import importlib.util
import random
import sys
from typing import Any, Dict

_NUMPY = "numpy.random"
_begun: Dict[str, Any] = {}


class _Loading:
    """Notes the state of NumPy's generator when that is loaded, before anybody seeds it."""

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Any:
        """The module itself, which is looked at once it is loaded."""
        if name != _NUMPY:
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(name)
        loader: Any = getattr(spec, "loader", None)
        if loader is not None:
            execute = loader.exec_module

            def exec_module(module: Any) -> None:
                execute(module)
                _begun[_NUMPY] = _state(module)

            loader.exec_module = exec_module
        return spec


def begin() -> None:
    """Makes the generators of a forked process as those of a fresh one, and notes their state."""
    # The one of the standard library seeds itself after a fork.
    _begun["random"] = random.getstate()
    numpy = sys.modules.get(_NUMPY)
    if numpy is not None:
        numpy.seed()
        _begun[_NUMPY] = _state(numpy)
    else:
        sys.meta_path.insert(0, _Loading())


class Seeds:
    """The generators as a project left them when it was imported; taken before a fork."""

    def __init__(self) -> None:
        self._random = random.getstate()

    def spread(self) -> None:
        """In the fork: gives back what the project chose, and chance to the rest."""
        if self._random != _begun.get("random"):
            random.setstate(self._random)
        numpy = sys.modules.get(_NUMPY)
        if numpy is not None and _begun.get(_NUMPY) == _state(numpy):
            numpy.seed()


def _state(numpy: Any) -> Any:
    name, keys, *rest = numpy.get_state()
    return (name, keys.tobytes(), *rest)
