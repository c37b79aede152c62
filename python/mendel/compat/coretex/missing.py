"""What of the original is not there, and what to do without it."""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_HINTS = {
    "coretex.networking": "there is no server to speak to: datasets, models and artifacts are kept in the workspace",
    "coretex.cli": "the command is `mendel`",
    "coretex.configuration": "there is no account to configure; `currentTaskRun()` is the run",
    "coretex.bioinformatics": "start its tools with `coretex.utils.command`",
    "coretex.threading": "use `concurrent.futures` of the standard library",
}
_INSTALLED = "`mendel run --no-compat` imports the `coretex` that is installed"


def text(name: str) -> str:
    """Why a name is not there, and what to do."""
    hints = (hint for module, hint in _HINTS.items() if f"{name}.".startswith(f"{module}."))
    hint = next(hints, "it needs the server of the original")
    return f"`{name}` is not part of the local shim that Mendel puts in place of `coretex`; {hint}; {_INSTALLED}"


def of(name: str) -> ImportError:
    """The error for a name that is not there."""
    # Under its own name the import system would replace the text.
    return ModuleNotFoundError(text(name), name="coretex")


class Finder:
    """Comes last, and refuses the modules of the original that are not there, by name."""

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> None:
        """Raises for a module below ``coretex``, and leaves all others alone."""
        if name.startswith("coretex."):
            raise of(name)


def install() -> None:
    """Puts the finder behind all others."""
    sys.meta_path.append(Finder())
