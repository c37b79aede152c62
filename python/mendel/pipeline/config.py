"""Hyperparameters: a nested mapping whose keys may be paths, such as `stage/sub/key`."""

from __future__ import annotations

import copy
import hashlib
import json
from typing import Any, Callable, Mapping

_MISSING = object()


class Config:
    """Hyperparameters of a task, or of one stage.

    Nested mappings come back wrapped, and share what they hold with this one.

    Args:
        other: A mapping, which is shared, or hyperparameters, which are copied.

    Example:
        >>> config = Config({"segment": {"sigma": 1}})
        >>> config["segment/sigma"], config.get("segment/size", 3), "segment/size" in config
        (1, 3, True)
    """

    def __init__(self, other: Mapping[str, Any] | Config | None = None) -> None:
        if other is None:
            self.entries: dict[str, Any] = {}
        elif isinstance(other, Config):
            self.entries = copy.deepcopy(other.entries)
        elif isinstance(other, dict):
            self.entries = other
        else:
            self.entries = dict(other)

    @property
    def yaml(self) -> str:
        """The hyperparameters as YAML."""
        from mendel.pipeline.yaml_text import block

        return "\n".join(block(self.entries))

    @property
    def sha(self) -> Any:
        """A digest of the hyperparameters, whatever the order of their keys."""
        return hashlib.sha1(_canonical(self.entries).encode(), usedforsecurity=False)

    def pop(self, key: str, default: Any) -> Any:
        """Removes a value and answers it, or `default` where there is none."""
        holder, name = self._holder(key)
        return default if holder is None else holder.pop(name, default)

    def set_default(self, key: str, default: Any, override_none: bool = False) -> Any:
        """The value of `key`, which becomes `default` where it is missing.

        Args:
            key: Path of the value.
            default: What it becomes.
            override_none: Take a value of None for missing.
        """
        found = self._find(key)
        if found is _MISSING or (override_none and found is None):
            self[key] = default
            found = self._find(key)
        return _wrapped(found)

    def get(self, key: str, default: Any) -> Any:
        """The value of `key`; where it is missing, `default` is recorded and answered."""
        return self.set_default(key, default)

    def update(self, key: str, func: Callable[[Any], Any]) -> Any:
        """Replaces a value by what `func` makes of it; a missing one is None."""
        found = self._find(key)
        self[key] = func(None if found is _MISSING else _wrapped(found))
        return self[key]

    def merge(self, other: Mapping[str, Any] | Config) -> Config:
        """Takes over the values of `other`, mapping into mapping; answers itself."""
        merge(self.entries, other.entries if isinstance(other, Config) else other)
        return self

    def copy(self) -> Config:
        """Hyperparameters that share nothing with these."""
        return Config(self)

    def __getitem__(self, key: str) -> Any:
        found = self._find(key)
        if found is _MISSING:
            raise KeyError(key)
        return _wrapped(found)

    def __setitem__(self, key: str, value: Any) -> None:
        holder, name = self._holder(key, create=True)
        if holder is None:
            raise KeyError(f"`{key}` leads through a value that is no mapping")
        holder[name] = value.entries if isinstance(value, Config) else value

    def __contains__(self, key: object) -> bool:
        return self._find(key) is not _MISSING

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Config):
            return NotImplemented
        return _canonical(self.entries) == _canonical(other.entries)

    __hash__ = None  # type: ignore[assignment]

    def __str__(self) -> str:
        return json.dumps(self.entries, indent=2, default=str)

    def __repr__(self) -> str:
        return f"<Config, {self.entries!r}>"

    def _find(self, key: Any) -> Any:
        holder, name = self._holder(key)
        return _MISSING if holder is None else holder.get(name, _MISSING)

    def _holder(self, key: Any, create: bool = False) -> tuple[dict[Any, Any] | None, Any]:
        """The mapping that holds the last part of `key`, and that part; a key that is no text is no path."""
        *path, name = key.split("/") if isinstance(key, str) else [key]
        holder: Any = self.entries
        for part in path:
            if create:
                holder = holder.setdefault(part, {})
            else:
                holder = holder.get(part)
            if not isinstance(holder, dict):
                return None, name
        return holder, name


def merge(into: dict[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    """Merges `other` into a mapping: mappings key by key, anything else replaces."""
    for key, value in other.items():
        found = into.get(key)
        if isinstance(found, dict) and isinstance(value, Mapping):
            merge(found, value)
        else:
            into[key] = copy.deepcopy(value)
    return into


def _wrapped(value: Any) -> Any:
    return Config(value) if isinstance(value, dict) else value


def _canonical(entries: Mapping[str, Any]) -> str:
    from mendel.pipeline.plain import canonical

    return canonical(entries)
