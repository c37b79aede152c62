"""What a task reported, read back: scalars, summaries, console, iterations."""

from __future__ import annotations

import math

from mendel.run_handle import RunHandle

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Sequence

    from mendel.logger import Logger

SINGLE_VALUE_STEP = -(2**31)
LONG_WAIT = 300.0


class Results(RunHandle):
    """The members of a task that concern what it reported."""

    _logger: Logger | None

    def get_logger(self) -> Logger:
        """The logger that reports into this task."""
        if self._logger is None:
            from mendel.logger import Logger

            self._logger = Logger(self)
        return self._logger

    @property
    def logger(self) -> Logger:
        """The logger that reports into this task."""
        return self.get_logger()

    @property
    def reporter(self) -> Logger:
        """The logger, under its older name."""
        return self.get_logger()

    @property
    def metrics_manager(self) -> Logger:
        """The logger, under its older name."""
        return self.get_logger()

    def get_reported_scalars(self, max_samples: int = 0, x_axis: str = "iter") -> dict[str, dict[str, dict[str, Any]]]:
        """The scalar series, read anew.

        Args:
            max_samples: At most so many points of each series, each the mean of a window;
                0 for all points.
            x_axis: ``iter`` for iterations, ``timestamp`` for milliseconds since the
                epoch, ``iso_time`` for texts such as ``2020-01-01T00:00:00.000Z``.

        Returns:
            ``{title: {series: {"name": series, "x": [...], "y": [...]}}}``.

        Raises:
            ValueError: There is no such axis.
        """
        if x_axis not in ("iter", "timestamp", "iso_time"):
            raise ValueError(f"`{x_axis}` is not an axis; there are iter, timestamp, iso_time")
        self._settle()
        found: dict[str, dict[str, dict[str, Any]]] = {}
        for summary in self._store.series(self.id):
            metric, variant = summary["metric"], summary["variant"]
            steps, times, values = self._store.points(self.id, metric, variant)
            steps, times, values = latest_of_each(steps, times, values)
            places: Sequence[int] = steps if x_axis == "iter" else times
            xs, ys = window_means(places, values, max_samples)
            shown: list[Any] = [iso_time(x) for x in xs] if x_axis == "iso_time" else list(xs)
            found.setdefault(metric, {})[variant] = {"name": variant, "x": shown, "y": ys}
        return found

    def get_last_scalar_metrics(self) -> dict[str, dict[str, dict[str, float]]]:
        """``last``, ``min`` and ``max`` of each series: ``{title: {series: {...}}}``."""
        self._settle()
        found: dict[str, dict[str, dict[str, float]]] = {}
        for summary in self._store.series(self.id):
            last = _number(summary["last"])
            entry = {"last": last, "min": _number(summary.get("min")), "max": _number(summary.get("max"))}
            found.setdefault(summary["metric"], {})[summary["variant"]] = entry
        return found

    def get_reported_single_values(self) -> dict[str, float]:
        """The single values: name to value."""
        self._settle()
        events = self._store.events(self.id, kind="value", last=True)
        return {event["variant"]: float(event["body"]) for event in events}

    def get_reported_single_value(self, name: str) -> float | None:
        """One single value, or ``None``."""
        return self.get_reported_single_values().get(name)

    def get_reported_plots(self) -> list[dict[str, Any]]:
        """The plots and tables: ``metric``, ``variant``, ``step`` and ``body``, a Plotly figure."""
        self._settle()
        events = self._store.events(self.id)
        return [event for event in events if event["kind"] in ("plot", "table")]

    def get_reported_console_output(self, number_of_reports: int = 1) -> list[str]:
        """The latest lines of the console, oldest first.

        Args:
            number_of_reports: How many lines at most.
        """
        self._settle()
        return [line["text"] for line in self._store.console_tail(self.id, max(0, number_of_reports))]

    def get_last_iteration(self) -> int:
        """The highest iteration reported, as the store knows it."""
        self.reload()
        return int(self._facts.get("last_iteration", 0))

    def set_last_iteration(self, last_iteration: int) -> None:
        """Forces the highest iteration."""
        self._settle()
        self._change(last_iteration=int(last_iteration))

    def set_initial_iteration(self, offset: int = 0) -> int:
        """Adds ``offset`` to every iteration reported from now on; answers it."""
        self._offset = int(offset)
        if self._logger is not None:
            self._logger._set_offset(self._offset)
        return self._offset

    def get_initial_iteration(self) -> int:
        """The number added to every reported iteration."""
        return self._offset

    @property
    def labels_stats(self) -> dict[str, int]:
        """Counts per label of the last iteration that reported them."""
        self._settle()
        counted: dict[str, tuple[int, int]] = {}
        for summary in self._store.series(self.id):
            if summary["metric"] == "labels":
                steps, _, values = self._store.points(self.id, "labels", summary["variant"])
                if steps:
                    counted[summary["variant"]] = (max(steps), int(values[-1]))
        last = max((step for step, _ in counted.values()), default=0)
        return {label: count for label, (step, count) in counted.items() if step == last}

    def get_output_log_web_page(self) -> str:
        """Address of the task's page."""
        from mendel.main_task import web_host

        return f"{web_host().rstrip('/')}/projects/*/experiments/{self.id}/output/log"

    def flush(self, wait_for_uploads: bool = False) -> bool:
        """Puts everything reported so far on stable storage.

        Args:
            wait_for_uploads: Also wait until uploads are done and the store has it all.

        Returns:
            Whether that is so.
        """
        if self._watcher_made is not None:
            self._watcher_made.check_now()
        if wait_for_uploads:
            return self._settle(LONG_WAIT, patience=30.0)
        return self._writer is None or self._writer.flush()["synced"]


def latest_of_each(steps: list[int], times: list[int], values: list[float]) -> tuple[list[int], list[int], list[float]]:
    """A series by rising step; of points of one step only the last reported.

    Example:
        >>> latest_of_each([2, 1, 2], [10, 11, 12], [0.1, 0.2, 0.3])
        ([1, 2], [11, 12], [0.2, 0.3])
    """
    if all(one < other for one, other in zip(steps, steps[1:])):
        return steps, times, values
    newest = {step: (time, value) for step, time, value in zip(steps, times, values)}
    ordered = sorted(newest)
    return ordered, [newest[step][0] for step in ordered], [newest[step][1] for step in ordered]


def window_means(xs: Sequence[int], ys: Sequence[float], most: int) -> tuple[list[int], list[float]]:
    """A series thinned to at most ``most`` points: starts of equal windows, and their means.

    Example:
        >>> window_means([0, 1, 2, 3], [1.0, 3.0, 5.0, 7.0], 2)
        ([0, 2], [2.0, 6.0])
        >>> window_means([0, 1], [1.0, 3.0], 0)
        ([0, 1], [1.0, 3.0])
    """
    if most <= 0 or len(xs) <= most:
        return list(xs), list(ys)
    width = math.ceil((max(xs) - min(xs) + 1) / most)
    windows: dict[int, list[float]] = {}
    for x, y in zip(xs, ys):
        windows.setdefault(x // width * width, []).append(y)
    if len(windows) > most:
        first = min(xs)
        windows = {}
        for x, y in zip(xs, ys):
            windows.setdefault(first + (x - first) // width * width, []).append(y)
    starts = sorted(windows)
    return starts, [math.fsum(windows[x]) / len(windows[x]) if _finite(windows[x]) else sum(windows[x]) for x in starts]


def iso_time(milliseconds: int) -> str:
    """A time as text.

    Example:
        >>> iso_time(1577836800123)
        '2020-01-01T00:00:00.123Z'
    """
    import datetime

    moment = datetime.datetime.fromtimestamp(milliseconds / 1000, datetime.timezone.utc)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{milliseconds % 1000:03d}Z"


def _finite(values: list[float]) -> bool:
    return all(math.isfinite(value) for value in values)


def _number(extreme: Any) -> float:
    """The value of an extreme; those that are not finite travel as texts."""
    return float("nan") if extreme is None else float(extreme["value"])
