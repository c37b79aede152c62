"""Lets `import repype` find our stand-in, where the package itself is not installed."""

from __future__ import annotations

import importlib.util
import os
import sys
from typing import Any, Sequence

_FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "repype")


class _Finder:
    """Finds the stand-in; asked last, so that an installed package wins."""

    @staticmethod
    def find_spec(name: str, path: Sequence[str] | None = None, target: Any = None) -> Any:
        """The place of `repype`, and of nothing else."""
        if name != "repype":
            return None
        file = os.path.join(_FOLDER, "__init__.py")
        return importlib.util.spec_from_file_location(name, file, submodule_search_locations=[_FOLDER])


def provide_repype() -> None:
    """Makes `import repype` work. An installed `repype` is left alone."""
    if not any(finder is _Finder for finder in sys.meta_path):
        sys.meta_path.append(_Finder)
