"""The parameters of the run that this process belongs to, as its task file resolved them.

``mendel run FOLDER`` writes them to a file and names it in ``MENDEL_PARAMS``; how a
stored value becomes a Python value is decided here. The module is not called ``params``,
so that ``from mendel import params`` is always the function.
"""

from __future__ import annotations

import json
import os

from mendel.errors import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Mapping

    from mendel.store import Document

VARIABLE = "MENDEL_PARAMS"
_NOT_FINITE = ("NaN", "Infinity", "-Infinity")


def params(defaults: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The values of this run's parameters, laid over ``defaults``.

    Started by ``mendel run FOLDER``, a script receives what ``task.yaml``, a values file
    and ``--set`` made of each parameter. Started as ``python main.py`` it receives the
    defaults. A default that the run does not declare stays.

    Args:
        defaults: Values for a start without Mendel, by name.

    Returns:
        The values by name; a parameter whose name occurs in several groups is also there
        as ``group/name``. A ``range`` is a Python ``range``, a list stays a list.

    Raises:
        UsageError: The file that ``MENDEL_PARAMS`` names cannot be read.

    Example:
        >>> params({"rate": 0.01})
        {'rate': 0.01}
    """
    values = dict(defaults or {})
    values.update(by_name(declared() or []))
    return values


def declared() -> list[Document] | None:
    """The parameters of this run as recorded, or ``None`` where no file names them.

    Raises:
        UsageError: The file cannot be read.
    """
    path = os.environ.get(VARIABLE)
    if not path:
        return None
    try:
        with open(path, encoding="utf-8") as stream:
            records = json.load(stream)
    except (OSError, ValueError) as error:
        raise UsageError(f"the parameters of this run cannot be read from `{path}`: {error}") from error
    if not isinstance(records, list):
        raise UsageError(f"the parameters of this run cannot be read from `{path}`: it holds no list")
    return records


def by_name(records: list[Document]) -> dict[str, Any]:
    """The values of recorded parameters by name.

    Example:
        >>> by_name([{"name": "depth", "value": 3}])
        {'depth': 3}
        >>> twice = [{"section": "a", "name": "k", "value": 1}, {"section": "b", "name": "k", "value": 2}]
        >>> by_name(twice)
        {'a/k': 1, 'k': 1, 'b/k': 2}
    """
    names = [str(record["name"]) for record in records]
    values: dict[str, Any] = {}
    for name, record in zip(names, records):
        value = received(record.get("type"), record.get("value"))
        if names.count(name) > 1 and record.get("section"):
            values[f"{record['section']}/{name}"] = value
        values.setdefault(name, value)
    return values


def received(kind: str | None, value: Any) -> Any:
    """A recorded value as a script receives it.

    Example:
        >>> received("range", {"from": 0, "to": 6, "step": 2})
        range(0, 6, 2)
        >>> received("float", "Infinity"), received("list[float]", [1.0, "NaN"])
        (inf, [1.0, nan])
    """
    if kind == "range" and isinstance(value, dict):
        return range(int(value["from"]), int(value["to"]), int(value.get("step") or 1))
    if kind == "float" and value in _NOT_FINITE:
        return float(value)
    if kind == "list[float]" and isinstance(value, list):
        return [received("float", item) for item in value]
    return value
