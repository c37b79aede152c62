"""Figures as Plotly JSON, made without Plotly.

Every plot of a run is stored as a figure of two parts, ``data`` and ``layout``, that a
browser draws and any Plotly version reads back. What each kind of plot looks like is
decided here; where it is stored is not.
"""

from __future__ import annotations

import math
from typing import Any, Optional, Sequence

Figure = dict[str, Any]
Labels = Optional[Sequence[str]]


def plain(value: Any) -> Any:
    """``value`` as JSON can hold it: arrays become lists, NaN and infinities ``None``.

    Example:
        >>> plain((1, float("nan"), {"a": (2,)}))
        [1, None, {'a': [2]}]
    """
    if value is None or isinstance(value, (str, bool, int)):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if hasattr(value, "tolist"):
        return plain(value.tolist())
    if hasattr(value, "isoformat"):
        return value.isoformat()
    if isinstance(value, (list, tuple, set, frozenset, range)) or hasattr(value, "__iter__"):
        return [plain(item) for item in value]
    return str(value)


def histogram(
    title: str,
    series: str,
    values: Any,
    *,
    labels: Labels = None,
    xlabels: Labels = None,
    xaxis: str | None = None,
    yaxis: str | None = None,
    mode: str = "group",
) -> Figure:
    """Bars of heights ``values``: shape (bars,), or (groups, bars) for several groups."""
    rows = plain(values)
    if not rows or not isinstance(rows[0], list):
        rows = [rows]
    names = list(labels) if labels else [series] * len(rows)
    data = [
        {"type": "bar", "name": name, "y": row, "x": list(xlabels) if xlabels else list(range(len(row)))}
        for name, row in zip(names, rows)
    ]
    return {"data": data, "layout": {**_layout(title, xaxis, yaxis), "barmode": mode}}


def lines(
    title: str,
    curves: Sequence[tuple[str, Any]],
    *,
    xaxis: str | None = None,
    yaxis: str | None = None,
    mode: str = "lines",
    labels: Labels = None,
    reverse_xaxis: bool = False,
) -> Figure:
    """Curves in a plane; each is a name and points of shape (n, 2), or (n,) over their index."""
    data = []
    for name, points in curves:
        rows = plain(points)
        if rows and not isinstance(rows[0], list):
            rows = list(enumerate(rows))
        curve: Figure = {
            "type": "scatter",
            "name": name,
            "mode": mode,
            "x": [row[0] for row in rows],
            "y": [row[1] for row in rows],
        }
        if labels:
            curve["text"] = list(labels)
        data.append(curve)
    layout = _layout(title, xaxis, yaxis)
    if reverse_xaxis:
        layout["xaxis"]["autorange"] = "reversed"
    return {"data": data, "layout": layout}


def space(
    title: str,
    curves: Sequence[tuple[str, Any]],
    axes: Sequence[str | None],
    *,
    mode: str = "markers",
    labels: Labels = None,
    fill: bool = False,
) -> Figure:
    """Points in space; each curve is a name and points of shape (n, 3)."""
    data = []
    for name, points in curves:
        rows = plain(points)
        curve: Figure = {"type": "scatter3d", "name": name, "mode": mode}
        for index, axis in enumerate("xyz"):
            curve[axis] = [row[index] for row in rows]
        if labels:
            curve["text"] = list(labels)
        if fill:
            curve["surfaceaxis"] = 1
        data.append(curve)
    return {"data": data, "layout": {"title": {"text": title}, "scene": _scene(axes)}}


def matrix(
    title: str,
    values: Any,
    *,
    xaxis: str | None = None,
    yaxis: str | None = None,
    xlabels: Labels = None,
    ylabels: Labels = None,
    yaxis_reversed: bool = False,
) -> Figure:
    """A heat map of ``values``, shape (rows, columns), such as a confusion matrix."""
    trace: Figure = {"type": "heatmap", "z": plain(values), "texttemplate": "%{z}"}
    if xlabels:
        trace["x"] = [str(label) for label in xlabels]
    if ylabels:
        trace["y"] = [str(label) for label in ylabels]
    layout = _layout(title, xaxis, yaxis)
    if yaxis_reversed:
        layout["yaxis"]["autorange"] = "reversed"
    return {"data": [trace], "layout": layout}


def surface(
    title: str,
    values: Any,
    axes: Sequence[str | None],
    *,
    xlabels: Labels = None,
    ylabels: Labels = None,
    camera: Sequence[float] | None = None,
) -> Figure:
    """A surface over a grid; ``values`` has shape (rows, columns)."""
    trace: Figure = {"type": "surface", "z": plain(values)}
    if xlabels:
        trace["x"] = list(xlabels)
    if ylabels:
        trace["y"] = list(ylabels)
    scene = _scene(axes)
    if camera is not None:
        scene["camera"] = {"eye": dict(zip("xyz", plain(camera)))}
    return {"data": [trace], "layout": {"title": {"text": title}, "scene": scene}}


def table(title: str, header: Sequence[Any], rows: Sequence[Sequence[Any]]) -> Figure:
    """A table with a ``header`` and ``rows`` of equal width."""
    columns = [[plain(row[index]) for row in rows] for index in range(len(header))]
    trace = {
        "type": "table",
        "header": {"values": [str(name) for name in header]},
        "cells": {"values": columns},
    }
    return {"data": [trace], "layout": {"title": {"text": title}}}


def image(title: str, source: str, width: int, height: int) -> Figure:
    """A picture shown in place of a figure that has no data of its own."""
    picture = {
        "source": source,
        "xref": "x",
        "yref": "y",
        "x": 0,
        "y": height,
        "sizex": width,
        "sizey": height,
        "sizing": "stretch",
        "layer": "below",
    }
    layout = _layout(title, None, None)
    layout["xaxis"] = {"visible": False, "range": [0, width]}
    layout["yaxis"] = {"visible": False, "range": [0, height], "scaleanchor": "x"}
    layout["images"] = [picture]
    return {"data": [], "layout": layout}


def _layout(title: str, xaxis: str | None, yaxis: str | None) -> Figure:
    layout: Figure = {"title": {"text": title}, "xaxis": {}, "yaxis": {}}
    if xaxis:
        layout["xaxis"]["title"] = {"text": xaxis}
    if yaxis:
        layout["yaxis"]["title"] = {"text": yaxis}
    return layout


def _scene(axes: Sequence[str | None]) -> Figure:
    named = zip(("xaxis", "yaxis", "zaxis"), axes)
    return {axis: {"title": {"text": title}} for axis, title in named if title}
