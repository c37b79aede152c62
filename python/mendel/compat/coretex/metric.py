"""Metrics as old tasks declare them: a name, and what its two axes mean."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Optional, Sequence

    Range = Optional[Sequence[float]]


class MetricType(IntEnum):
    """What the numbers of an axis are."""

    int = 1
    float = 2
    timestamp = 3
    interval = 4
    bytes = 5
    percent = 6


@dataclass
class Metric:
    """A declared series; made by :meth:`create`.

    Example:
        >>> Metric.create("loss", "epoch", MetricType.int, "loss", MetricType.float).name
        'loss'
    """

    name: str
    xLabel: str
    xType: MetricType
    yLabel: str
    yType: MetricType
    xRange: Range = None
    yRange: Range = None

    @classmethod
    def create(
        cls,
        name: str,
        xLabel: str,
        xType: MetricType,
        yLabel: str,
        yType: MetricType,
        xRange: Range = None,
        yRange: Range = None,
    ) -> Metric:
        """A metric; a range is ``[lowest, highest]``, or nothing."""
        return cls(name, xLabel, MetricType(xType), yLabel, MetricType(yType), xRange, yRange)

    def encode(self) -> dict[str, Any]:
        """The metric as a JSON object."""
        return {
            "name": self.name,
            "x_label": self.xLabel,
            "x_type": self.xType.name,
            "y_label": self.yLabel,
            "y_type": self.yType.name,
            "x_range": None if self.xRange is None else list(self.xRange),
            "y_range": None if self.yRange is None else list(self.yRange),
        }
