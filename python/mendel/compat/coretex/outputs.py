"""Values that a run hands over under a name; datasets and models go by reference."""

from __future__ import annotations

import json
import time
from pathlib import Path

from . import place
from .artifact import Artifact
from .dataset import NetworkDataset
from .model import Model

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

# The type `output` is that of files left in the folder of a run; these are values.
KIND = "json"
PREVIEW_CHARS = 4096


def submit(name: str, value: Any) -> None:
    """Records an output; the same name again replaces it.

    Raises:
        ValueError: The value cannot be written as JSON.
    """
    try:
        plain = json.loads(json.dumps(reference(value), default=_plain, allow_nan=False))
    except (TypeError, ValueError) as error:
        raise ValueError(f"output `{name}` cannot be written as JSON: {error}") from error
    content = json.dumps(plain, indent=2, ensure_ascii=False)
    record = {
        "name": name,
        "type": KIND,
        "mode": "output",
        "digest": None,
        "size": len(content.encode()),
        "file": f"{name}.json",
        "media": "application/json",
        "preview": content[:PREVIEW_CHARS],
        "metadata": {"value": plain},
        "time": int(time.time() * 1000),
    }
    place.task()._open().artifact(json.dumps(record), content.encode())


def reference(value: Any) -> Any:
    """What stands for an entity in a recorded output."""
    if isinstance(value, NetworkDataset):
        return {"dataset": value.name, "id": value.id, "version": value.version}
    if isinstance(value, Model):
        return {"model": value.name, "id": value.id, "key": value._record["id"]}
    if isinstance(value, Artifact):
        return {"artifact": value.remoteFilePath, "run": value.taskRunId}
    if isinstance(value, dict):
        return {str(key): reference(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set)):
        return [reference(item) for item in value]
    if isinstance(value, float) and (value != value or abs(value) == float("inf")):
        return "NaN" if value != value else "Infinity" if value > 0 else "-Infinity"
    return value


def _plain(value: Any) -> Any:
    if isinstance(value, Path):
        return str(value)
    if hasattr(value, "tolist"):
        return value.tolist()
    raise TypeError(f"`{type(value).__qualname__}` has no place in JSON")
