"""Times of stages: seconds by stage and input, as a table."""

from __future__ import annotations

import csv
import os
from pathlib import Path
from typing import Any, Dict, Generic, Iterable, List, Tuple, TypeVar

from mendel.pipeline.types import InputID, PathLike

ValueType = TypeVar("ValueType")


class Benchmark(Generic[ValueType]):
    """A number for each stage and input.

    Args:
        filepath: The CSV file that is read where it exists, and written by `save`.

    Example:
        >>> times = Benchmark("/nowhere/times.csv")
        >>> times["segment", 1] = 0.5
        >>> times["segment", 1]
        0.5
    """

    def __init__(self, filepath: PathLike) -> None:
        self.filepath = Path(filepath)
        self._rows: Dict[str, Dict[str, Any]] = {}
        self._frame: Any = None
        if self.filepath.is_file():
            self._read()

    @property
    def df(self) -> Any:
        """The table as a data frame: a row for each stage, a column for each input."""
        if self._frame is None:
            import pandas

            self._frame = pandas.DataFrame()
            for stage, row in self._rows.items():
                for input_id, value in row.items():
                    self._frame.at[stage, input_id] = value
        return self._frame

    @df.setter
    def df(self, frame: Any) -> None:
        self._frame = frame

    def set(self, other: Benchmark[ValueType]) -> Benchmark[ValueType]:
        """Becomes a copy of another table; answers itself."""
        self._frame, self._rows = None, {stage: dict(row) for stage, row in other.rows().items()}
        return self

    def rows(self) -> Dict[str, Dict[str, Any]]:
        """The table: for each stage the number of each input."""
        if self._frame is None:
            return self._rows
        table: Dict[str, Dict[str, Any]] = {}
        for stage, row in self._frame.to_dict("index").items():
            table[stage] = {str(input_id): value for input_id, value in row.items() if value == value}
        return table

    def __getitem__(self, where: Tuple[str, InputID]) -> ValueType:
        stage, input_id = where
        if self._frame is not None:
            found: ValueType = self._frame.at[stage, str(input_id)]
            return found
        value: ValueType = self._rows[stage][str(input_id)]
        return value

    def __setitem__(self, where: Tuple[str, InputID], value: ValueType) -> None:
        stage, input_id = where
        if self._frame is not None:
            self._frame.at[stage, str(input_id)] = value
        else:
            self._rows.setdefault(stage, {})[str(input_id)] = value

    def retain(self, stage_ids: Iterable[str], input_ids: Iterable[InputID]) -> Benchmark[ValueType]:
        """Forgets all other stages and inputs; answers itself."""
        stages, inputs = set(stage_ids), {str(input_id) for input_id in input_ids}
        kept = {
            stage: {input_id: value for input_id, value in row.items() if input_id in inputs}
            for stage, row in self.rows().items()
            if stage in stages
        }
        self._frame, self._rows = None, kept
        return self

    def save(self) -> None:
        """Writes the file, in one step."""
        rows = self.rows()
        columns: List[str] = list(dict.fromkeys(input_id for row in rows.values() for input_id in row))
        partial = self.filepath.with_name(f".{self.filepath.name}.{os.getpid()}")
        with open(partial, "w", newline="", encoding="utf-8") as stream:
            table = csv.writer(stream, lineterminator="\n")
            table.writerow(["", *columns])
            table.writerows([stage, *(row.get(column, "") for column in columns)] for stage, row in rows.items())
        os.replace(partial, self.filepath)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Benchmark) and self.rows() == other.rows()

    __hash__ = None  # type: ignore[assignment]

    def _read(self) -> None:
        with open(self.filepath, newline="", encoding="utf-8") as stream:
            table = list(csv.reader(stream))
        columns = table[0][1:] if table else []
        for stage, *values in table[1:]:
            row = {column: float(value) for column, value in zip(columns, values) if value}
            self._rows[stage] = row
