"""The classes of the module ``coretex``, where some old tasks import them from."""

from __future__ import annotations

from . import missing

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def __getattr__(name: str) -> Any:
    if name.startswith("__"):
        raise AttributeError(name)
    import coretex

    try:
        return getattr(coretex, name)
    except AttributeError:
        raise missing.of(f"coretex.{name}") from None
