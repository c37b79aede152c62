"""Matplotlib: figures that are shown or saved become plots of the task."""

from __future__ import annotations

from mendel import capture

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType
    from typing import Any

    from mendel.tracked_task import TrackedTask

FRAMEWORK = "matplotlib"
_counts: dict[tuple[str, str], int] = {}


def hook_pyplot(pyplot: ModuleType) -> None:
    """Listens to ``pyplot.show``."""
    original = pyplot.show
    if hasattr(original, "__mendel__"):
        return

    def show(*args: Any, **kwargs: Any) -> Any:
        task = capture.active(FRAMEWORK)
        if task is not None:
            for number in pyplot.get_fignums():
                figure = pyplot._pylab_helpers.Gcf.figs[number].canvas.figure
                capture.quietly(FRAMEWORK, _report, task, figure)
        return original(*args, **kwargs)

    show.__mendel__ = True  # type: ignore[attr-defined]
    show.__doc__ = original.__doc__
    pyplot.show = show  # type: ignore[attr-defined]


def hook_figure(module: ModuleType) -> None:
    """Listens to ``Figure.savefig``."""
    capture.after(
        module.Figure, "savefig", FRAMEWORK, lambda task, _result, figure, *_args, **_kwargs: _report(task, figure)
    )


def _report(task: TrackedTask, figure: Any) -> None:
    """Reports a figure; the iteration counts the figures of its title."""
    title = _title(figure)
    key = (task.id, title)
    iteration = _counts.get(key, 0)
    _counts[key] = iteration + 1
    task.get_logger().report_matplotlib_figure(title, "plot", figure, iteration)


def _title(figure: Any) -> str:
    heading = getattr(figure, "_suptitle", None)
    if heading is not None and heading.get_text():
        return str(heading.get_text())
    for axes in figure.axes:
        if axes.get_title():
            return str(axes.get_title())
    number = getattr(figure, "number", None)
    return str(figure.get_label() or (f"figure {number}" if number else "figure"))
