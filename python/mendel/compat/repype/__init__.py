"""A stand-in for `repype`: its public names, over the pipelines of this package."""

from __future__ import annotations

from .version import VERSION as __version__

__all__ = ["__version__"]
