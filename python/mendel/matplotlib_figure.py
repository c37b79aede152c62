"""A Matplotlib figure as a Plotly figure: its curves and bars where it has nothing else,
else a picture of it."""

from __future__ import annotations

import base64
import io
from typing import Any

from mendel import figures


def convert(figure: Any, title: str) -> figures.Figure:
    """``figure`` as a figure of ``data`` and ``layout``."""
    figure = getattr(figure, "gcf", lambda: figure)()
    if len(figure.axes) == 1:
        axes = figure.axes[0]
        traces = _traces(axes)
        if traces is not None:
            converted: figures.Figure = {"data": traces, "layout": {"title": {"text": axes.get_title() or title}}}
            for axis in ("x", "y"):
                part: figures.Figure = {"title": {"text": getattr(axes, f"get_{axis}label")()}}
                if getattr(axes, f"get_{axis}scale")() == "log":
                    part["type"] = "log"
                converted["layout"][f"{axis}axis"] = part
            return converted
    content, (width, height) = picture(figure)
    source = "data:image/png;base64," + base64.b64encode(content).decode()
    return figures.image(title, source, width, height)


def picture(figure: Any) -> tuple[bytes, tuple[int, int]]:
    """``figure`` as PNG, and its width and height in pixels."""
    figure = getattr(figure, "gcf", lambda: figure)()
    stream = io.BytesIO()
    save = getattr(type(figure).savefig, "__wrapped__", None)
    if save is None:
        figure.savefig(stream, format="png")
    else:
        save(figure, stream, format="png")
    width, height = figure.get_size_inches() * figure.dpi
    return stream.getvalue(), (int(width), int(height))


def _traces(axes: Any) -> list[figures.Figure] | None:
    """Curves, points and bars of ``axes``; ``None`` where it holds more than these."""
    if axes.images or axes.tables or getattr(axes, "name", "") != "rectilinear":
        return None
    traces: list[figures.Figure] = []
    for line in axes.lines:
        drawn = line.get_linestyle() not in ("None", " ", "")
        marked = line.get_marker() not in ("None", " ", "", None)
        mode = "+".join(name for name, on in (("lines", drawn), ("markers", marked)) if on) or "lines"
        traces.append(_trace(_label(line), line.get_xdata(), line.get_ydata(), mode))
    for collection in axes.collections:
        if type(collection).__name__ != "PathCollection":
            return None
        offsets = collection.get_offsets()
        traces.append(_trace(_label(collection), offsets[:, 0], offsets[:, 1], "markers"))
    bars = [patch for patch in axes.patches if type(patch).__name__ == "Rectangle"]
    if len(bars) != len(axes.patches):
        return None
    if bars:
        middles = [bar.get_x() + bar.get_width() / 2 for bar in bars]
        bar_trace: figures.Figure = {"type": "bar", "x": figures.plain(middles)}
        bar_trace["y"] = figures.plain([bar.get_height() for bar in bars])
        bar_trace["width"] = figures.plain([bar.get_width() for bar in bars])
        traces.append(bar_trace)
    return traces or None


def _trace(name: str, xs: Any, ys: Any, mode: str) -> figures.Figure:
    return {"type": "scatter", "mode": mode, "name": name, "x": figures.plain(xs), "y": figures.plain(ys)}


def _label(artist: Any) -> str:
    label = str(artist.get_label())
    return "" if label.startswith("_") else label
