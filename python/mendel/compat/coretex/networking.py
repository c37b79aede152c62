"""What old tasks import from ``coretex.networking``: the error they wait for, and no network."""

from __future__ import annotations

from . import missing

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class NetworkRequestError(Exception):
    """A request to the old server failed; never raised here, since there is none."""


RequestFailedError = NetworkRequestError


def __getattr__(name: str) -> Any:
    if name.startswith("__"):
        raise AttributeError(name)
    raise missing.of(f"coretex.networking.{name}")
