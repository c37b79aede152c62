"""Reporting into a task: scalars, plots, tables, texts, images and other media.

A scalar is a single native call. Plots are stored as Plotly figures (see ``figures``),
media as blobs; titles and series name both.
"""

from __future__ import annotations

import json
import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any, Callable, Optional, Sequence

    from mendel.results import Results

    Labels = Optional[Sequence[str]]

SINGLE_VALUE_STEP = -(2**31)
INFO, WARNING = 20, 30


class Logger:
    """Reports into one task; made by ``task.get_logger()``.

    Everything reported is kept in a local journal first, so no call waits for a network.

    Example:
        >>> from mendel import Task  # doctest: +SKIP
        >>> logger = Task.init("examples", "fit").get_logger()  # doctest: +SKIP
        >>> logger.report_scalar("loss", "train", value=0.5, iteration=1)  # doctest: +SKIP
    """

    def __init__(self, task: Results) -> None:
        self._task = task
        self._destination: str | None = None
        self._offset = task._offset
        self._report: Callable[[str, str, float, int], None] = self._first_report
        self._table_count = 0

    @classmethod
    def current_logger(cls) -> Logger | None:
        """The logger of the main task, or ``None``."""
        from mendel.task import Task

        task = Task.current_task()
        return None if task is None else task.get_logger()

    def report_scalar(self, title: str, series: str, value: float, iteration: int | None = 0) -> None:
        """Reports a point of a series.

        Args:
            title: Title of the chart.
            series: Line within the chart.
            value: The value; NaN and infinities are kept.
            iteration: Where on the x-axis.

        Raises:
            TaskClosed: The task was closed.
        """
        if self._offset:
            iteration = (iteration or 0) + self._offset
        self._report(title, series, value, iteration or 0)

    def _first_report(self, title: str, series: str, value: float, iteration: int) -> None:
        """Finds the native call once; later scalars go straight to it."""
        self._report = self._task._open().report
        self._report(title, series, value, iteration)

    def _set_offset(self, offset: int) -> None:
        self._offset = offset

    def _forget(self) -> None:
        """Looks for the writer anew with the next scalar."""
        self._report = self._first_report

    def report_single_value(self, name: str, value: float) -> None:
        """Reports a value that has no iteration, shown in a summary table."""
        number = float(value)
        body = number if number == number and abs(number) != float("inf") else str(number)
        self._event("value", "Summary", name, SINGLE_VALUE_STEP, body, shift=False)

    def report_text(self, msg: str, level: int = INFO, print_console: bool = False, *_: Any) -> None:
        """Reports a text: a line of the console of the task, and of this one if asked."""
        stream = "err" if level >= WARNING else "out"
        text = str(msg) if level == INFO else f"{_level_name(level)} - {msg}"
        self._task._open().report_console(stream, text)
        if print_console:
            print(msg, file=sys.__stdout__)

    def console(self, msg: str, level: int = INFO, *args: Any, **kwargs: Any) -> None:
        """Reports a text and prints it."""
        self.report_text(msg, level, print_console=True)

    def report_histogram(
        self,
        title: str,
        series: str,
        values: Any,
        iteration: int | None = None,
        labels: Labels = None,
        xlabels: Labels = None,
        xaxis: str | None = None,
        yaxis: str | None = None,
        mode: str | None = None,
        **_: Any,
    ) -> None:
        """Reports bars: ``values`` are their heights, shape (bars,) or (groups, bars)."""
        figure = _figures().histogram(
            title, series, values, labels=labels, xlabels=xlabels, xaxis=xaxis, yaxis=yaxis, mode=mode or "group"
        )
        self._event("plot", title, series, iteration, figure)

    def report_vector(
        self,
        title: str,
        series: str,
        values: Any,
        iteration: int | None = None,
        labels: Labels = None,
        xlabels: Labels = None,
        xaxis: str | None = None,
        yaxis: str | None = None,
        mode: str | None = None,
        **_: Any,
    ) -> None:
        """Reports a vector as bars; see :meth:`report_histogram`."""
        self.report_histogram(title, series, values, iteration, labels, xlabels, xaxis, yaxis, mode)

    def report_table(
        self,
        title: str,
        series: str,
        iteration: int | None = None,
        table_plot: Any = None,
        csv: str | None = None,
        url: str | None = None,
        **_: Any,
    ) -> None:
        """Reports a table.

        Args:
            title: Title.
            series: Series.
            iteration: Iteration.
            table_plot: A DataFrame, or rows of which the first is the header.
            csv: Path of a CSV file with a header.
            url: Address of a CSV file; only a local path is read.

        Raises:
            ValueError: None of them is given.
        """
        header, rows = _table_rows(table_plot, csv or url)
        self._event("table", title, series, iteration, _figures().table(title, header, rows))

    def report_line_plot(
        self,
        title: str,
        series: Sequence[Any],
        xaxis: str,
        yaxis: str,
        mode: str = "lines",
        iteration: int | None = None,
        reverse_xaxis: bool = False,
        comment: str | None = None,
        **_: Any,
    ) -> None:
        """Reports curves; each of ``series`` is ``{"name": ..., "data": ...}`` with points (n, 2)."""
        curves = []
        for at, curve in enumerate(series):
            if isinstance(curve, dict):
                curves.append((str(curve.get("name", at)), curve["data"]))
            else:
                curves.append((str(getattr(curve, "name", at)), getattr(curve, "data", curve)))
        figure = _figures().lines(title, curves, xaxis=xaxis, yaxis=yaxis, mode=mode, reverse_xaxis=reverse_xaxis)
        self._event("plot", title, "line plot", iteration, figure)

    def report_scatter2d(
        self,
        title: str,
        series: str,
        scatter: Any,
        iteration: int | None = None,
        xaxis: str | None = None,
        yaxis: str | None = None,
        labels: Labels = None,
        mode: str = "line",
        comment: str | None = None,
        **_: Any,
    ) -> None:
        """Reports points of shape (n, 2); ``mode`` is ``lines``, ``markers`` or both with ``+``."""
        mode = "lines" if mode == "line" else mode
        figure = _figures().lines(title, [(series, scatter)], xaxis=xaxis, yaxis=yaxis, mode=mode, labels=labels)
        self._event("plot", title, series, iteration, figure)

    def report_scatter3d(
        self,
        title: str,
        series: str,
        scatter: Any,
        iteration: int | None = None,
        xaxis: str | None = None,
        yaxis: str | None = None,
        zaxis: str | None = None,
        labels: Labels = None,
        mode: str = "markers",
        fill: bool = False,
        comment: str | None = None,
        **_: Any,
    ) -> None:
        """Reports points of shape (n, 3), or a list of such."""
        several = isinstance(scatter, (list, tuple)) and bool(scatter) and getattr(scatter[0], "ndim", 0) == 2
        curves = [(f"{series} {at}", part) for at, part in enumerate(scatter)] if several else [(series, scatter)]
        figure = _figures().space(title, curves, (xaxis, yaxis, zaxis), mode=mode, labels=labels, fill=fill)
        self._event("plot", title, series, iteration, figure)

    def report_confusion_matrix(
        self,
        title: str,
        series: str,
        matrix: Any,
        iteration: int | None = None,
        xaxis: str | None = None,
        yaxis: str | None = None,
        xlabels: Labels = None,
        ylabels: Labels = None,
        yaxis_reversed: bool = False,
        comment: str | None = None,
        **_: Any,
    ) -> None:
        """Reports a heat map of ``matrix``, shape (rows, columns)."""
        figure = _figures().matrix(
            title,
            matrix,
            xaxis=xaxis,
            yaxis=yaxis,
            xlabels=xlabels,
            ylabels=ylabels,
            yaxis_reversed=yaxis_reversed,
        )
        self._event("plot", title, series, iteration, figure)

    report_matrix = report_confusion_matrix

    def report_surface(
        self,
        title: str,
        series: str,
        matrix: Any,
        iteration: int | None = None,
        xaxis: str | None = None,
        yaxis: str | None = None,
        zaxis: str | None = None,
        xlabels: Labels = None,
        ylabels: Labels = None,
        camera: Sequence[float] | None = None,
        comment: str | None = None,
        **_: Any,
    ) -> None:
        """Reports a surface over a grid: heights of shape (rows, columns)."""
        axes = (xaxis, yaxis, zaxis)
        figure = _figures().surface(title, matrix, axes, xlabels=xlabels, ylabels=ylabels, camera=camera)
        self._event("plot", title, series, iteration, figure)

    def report_plotly(self, title: str, series: str, figure: Any, iteration: int | None = None) -> None:
        """Reports a Plotly figure: the object, or its dictionary."""
        if hasattr(figure, "to_plotly_json"):
            figure = json.loads(figure.to_json()) if hasattr(figure, "to_json") else figure.to_plotly_json()
        self._event("plot", title, series, iteration, _figures().plain(figure))

    def report_matplotlib_figure(
        self, title: str, series: str, figure: Any, iteration: int | None = None, report_image: bool = False, **_: Any
    ) -> None:
        """Reports a Matplotlib figure: as curves where it has nothing else, else as a picture."""
        from mendel import matplotlib_figure

        if report_image:
            content, _size = matplotlib_figure.picture(figure)
            self._event("image", title, series, iteration, content=content, media="image/png", file="figure.png")
        else:
            self._event("plot", title, series, iteration, matplotlib_figure.convert(figure, title))

    def report_image(
        self,
        title: str,
        series: str,
        iteration: int | None = None,
        local_path: str | None = None,
        image: Any = None,
        matrix: Any = None,
        max_image_history: int | None = None,
        delete_after_upload: bool = False,
        url: str | None = None,
        **_: Any,
    ) -> None:
        """Reports an image.

        Args:
            title: Title.
            series: Series.
            iteration: Iteration; the history of a series is browsed by it.
            local_path: Path of a file.
            image: A PIL image, or an array of shape (height, width) or (height, width,
                1, 3 or 4): whole numbers from 0 to 255, or fractions from 0 to 1.
            matrix: The same, under its older name.
            max_image_history: Accepted for compatibility; every image is kept.
            delete_after_upload: Delete the file once its bytes are kept.
            url: Address of an image that stays where it is.

        Raises:
            ValueError: Nothing to show is given.
        """
        given = image if image is not None else matrix
        if url is not None:
            self._event("image", title, series, iteration, {"url": url})
        elif local_path is not None:
            self._file_event("image", title, series, iteration, local_path, delete_after_upload)
        elif given is not None:
            content = _png(given)
            self._event("image", title, series, iteration, content=content, media="image/png", file="image.png")
        else:
            raise ValueError("an image, its path or its address is needed")

    def report_media(
        self,
        title: str,
        series: str,
        iteration: int | None = None,
        local_path: str | None = None,
        stream: Any = None,
        file_extension: str | None = None,
        max_history: int | None = None,
        delete_after_upload: bool = False,
        url: str | None = None,
        **_: Any,
    ) -> None:
        """Reports audio, video, HTML or another medium: a file, a stream, or an address.

        Raises:
            ValueError: None of them is given.
        """
        if url is not None:
            self._event("media", title, series, iteration, {"url": url})
        elif local_path is not None:
            self._file_event("media", title, series, iteration, local_path, delete_after_upload)
        elif stream is not None:
            content = stream.read() if hasattr(stream, "read") else stream
            raw = content.encode() if isinstance(content, str) else bytes(content)
            file = f"media.{(file_extension or 'bin').lstrip('.')}"
            self._event("media", title, series, iteration, content=raw, media=_media(file), file=file)
        else:
            raise ValueError("a file, a stream or an address is needed")

    def set_default_upload_destination(self, uri: str) -> None:
        """Sets where media would be copied to; all of them are kept by the store as well."""
        self._destination = uri

    def get_default_upload_destination(self) -> str | None:
        """What :meth:`set_default_upload_destination` set."""
        return self._destination

    def flush(self, wait: bool = False) -> bool:
        """Puts what was reported on stable storage; with ``wait`` also waits for the store."""
        return self._task.flush(wait)

    def _file_event(
        self, kind: str, title: str, series: str, iteration: int | None, local_path: str, delete: bool
    ) -> None:
        from pathlib import Path

        path = Path(local_path)
        if not path.is_file():
            raise ValueError(f"there is no file `{path}`")
        self._event(kind, title, series, iteration, content=path, media=_media(path.name), file=path.name)
        if delete:
            os.unlink(path)

    def _event(
        self,
        kind: str,
        title: str,
        series: str,
        iteration: int | None,
        body: Any = None,
        *,
        content: bytes | Path | None = None,
        media: str = "",
        file: str = "",
        shift: bool = True,
    ) -> None:
        step = int(iteration or 0) + (self._offset if shift else 0)
        event = {"kind": kind, "metric": str(title), "variant": str(series), "step": step}
        if body is not None:
            event["body"] = body
        if media:
            event.update(media=media, file=file)
        self._task._open().report_event(json.dumps(event), content)


def _table_rows(given: Any, path: str | None) -> tuple[list[Any], list[list[Any]]]:
    if given is None and path is not None:
        import csv

        with open(path, newline="", encoding="utf-8") as stream:
            given = list(csv.reader(stream))
    if given is None:
        raise ValueError("a table or the path of a CSV file is needed")
    if hasattr(given, "to_dict") and hasattr(given, "columns"):
        frame = given if type(given.index).__name__ == "RangeIndex" else given.reset_index()
        return [str(name) for name in frame.columns], _figures().plain(frame.astype(object).values.tolist())
    rows = _figures().plain(given)
    return (rows[0], rows[1:]) if rows else ([], [])


def _media(file: str) -> str:
    import mimetypes

    return mimetypes.guess_type(file)[0] or "application/octet-stream"


def _png(image: Any) -> bytes:
    """An image or array as PNG."""
    if not hasattr(image, "save"):
        from mendel.png import encode

        return encode(image)
    import io

    stream = io.BytesIO()
    image.save(stream, format="PNG")
    return stream.getvalue()


def _figures() -> Any:
    """The module that draws figures, loaded with the first one."""
    from mendel import figures

    return figures


def _level_name(level: int) -> str:
    import logging

    return logging.getLevelName(level)
