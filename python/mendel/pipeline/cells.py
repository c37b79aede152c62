"""The fields of one input: each a value, or what is needed to bring it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Callable, Dict, Iterator, List, MutableMapping

NOTHING = object()
"""Marks a value that is not in memory."""


@dataclass(eq=False)
class Cell:
    """A field: its value, its stored form, or both.

    A cell without digest was just made, and is not encoded yet.
    """

    name: str
    value: Any = NOTHING
    digest: str | None = None
    format: str = ""
    size: int = 0
    kept: bool = False
    maker: Made | None = None
    fresh: bool = False
    """Whether a stage computed it in this run."""

    def record(self) -> Dict[str, Any]:
        """The field as results and completions keep it."""
        return {
            "name": self.name,
            "format": self.format,
            "digest": self.digest,
            "size": self.size,
            "kept": self.kept,
        }

    def take(self, record: Dict[str, Any]) -> None:
        """Becomes what a record says."""
        self.digest, self.format = record["digest"], record["format"]
        self.size, self.kept = record["size"], record["kept"]


@dataclass(eq=False)
class Made:
    """What a stage made of an input, computed or reused."""

    stage: Any
    config: Any
    inputs: Dict[str, Cell]
    outputs: Dict[str, Cell] = field(default_factory=dict)
    files: List[Dict[str, Any]] = field(default_factory=list)


class Fields(MutableMapping[str, Any]):
    """The data of one input: a mapping that brings values when they are asked for.

    Args:
        bring: Gives the value of a cell that is not in memory.
        cells: The fields.
    """

    def __init__(self, bring: Callable[[Cell], Any], cells: Dict[str, Cell] | None = None) -> None:
        self._bring = bring
        self.cells: Dict[str, Cell] = dict(cells or {})

    def __getitem__(self, name: str) -> Any:
        cell = self.cells[name]
        return self._bring(cell) if cell.value is NOTHING else cell.value

    def __setitem__(self, name: str, value: Any) -> None:
        known = self.cells.get(name)
        if known is None or known.value is not value:
            self.cells[name] = Cell(name, value)

    def __delitem__(self, name: str) -> None:
        del self.cells[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.cells)

    def __len__(self) -> int:
        return len(self.cells)

    def __contains__(self, name: object) -> bool:
        return name in self.cells

    def __repr__(self) -> str:
        return f"<fields: {', '.join(self.cells)}>"
