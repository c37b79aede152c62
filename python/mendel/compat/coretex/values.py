"""The parameters of a run as old scripts receive them: numbers and texts, and the objects
that name a dataset, a model or a secret."""

from __future__ import annotations

from . import place
from .dataset import openDataset
from .model import openModel
from .secret import KINDS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from mendel.store import Document


def records() -> list[Document]:
    """The parameters of the run as recorded."""
    from mendel.run_params import declared

    found = declared()
    return list(place.task().data.get("params", [])) if found is None else found


def names(recorded: list[Document], kind: str) -> bool:
    """Whether a parameter names an entity of that kind."""
    return any(str(record.get("type")) in (kind, f"list[{kind}]") and record.get("value") for record in recorded)


def resolve(recorded: list[Document], datasetType: type[Any], modelType: type[Any] | None) -> dict[str, Any]:
    """The values that a script receives, by name.

    Raises:
        LookupError: A dataset, model or secret is not there; all such are named.
    """
    from mendel.run_params import by_name

    faults: list[str] = []
    ready = []
    for record in recorded:
        try:
            value = _received(str(record.get("type") or ""), record.get("value"), datasetType, modelType)
        except LookupError as error:
            faults.append(f"parameter `{record['name']}`: {error.args[0] if error.args else error}")
            continue
        ready.append({**record, "value": value})
    if faults:
        raise LookupError("\n".join(faults))
    return by_name(ready)


def _received(kind: str, value: Any, datasetType: type[Any], modelType: type[Any] | None) -> Any:
    if kind.startswith("list[") and isinstance(value, list):
        return [_received(kind[5:-1], item, datasetType, modelType) for item in value]
    if value is None:
        return None
    if kind == "dataset":
        return openDataset(datasetType, value)
    if kind == "model":
        model = openModel(value)
        return model if modelType is None else modelType(model._record, model._folder)
    if kind in KINDS:
        return KINDS[kind].fetchByName(str(value))
    return value
