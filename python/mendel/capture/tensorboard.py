"""TensorBoard writers: what a script adds to one is reported into the task as well.

A tag ``loss/train`` becomes title ``loss`` and series ``train``; a tag without a slash is
both.
"""

from __future__ import annotations

import sys

from mendel import capture

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType
    from typing import Any, Callable

    from mendel.tracked_task import TrackedTask

FRAMEWORK = "tensorboard"


def hook_writer(module: ModuleType) -> None:
    """Listens to the summary writer of a module."""
    for name, report in _REPORTS.items():
        capture.after(module.SummaryWriter, name, FRAMEWORK, report)


def hook_tensorflow(tensorflow: ModuleType) -> None:
    """Listens to ``tf.summary``, where it was loaded before."""
    for name, report in _SUMMARIES.items():
        capture.after(tensorflow.summary, name, FRAMEWORK, report)


def hook_plugin(module: ModuleType) -> None:
    """Listens to a function of ``tf.summary`` where it comes from: Keras loads that module anew."""
    for name, report in _SUMMARIES.items():
        capture.after(module, name, FRAMEWORK, report)


def _step(step: Any) -> Any:
    return step if step is not None else sys.modules["tensorflow"].summary.experimental.get_step()


def _is_symbolic(*values: Any) -> bool:
    """Whether a value is known only when its graph runs."""
    return any(hasattr(value, "op") and hasattr(value, "shape") and not hasattr(value, "numpy") for value in values)


def _tf_scalar(task: TrackedTask, _result: Any, name: str, data: Any, step: Any = None, **_: Any) -> None:
    if not _is_symbolic(data, step):
        _scalar(task, None, None, name, data, _step(step))


def _tf_histogram(task: TrackedTask, _result: Any, name: str, data: Any, step: Any = None, **_: Any) -> None:
    if not _is_symbolic(data, step):
        _histogram(task, None, None, name, data, _step(step))


def _tf_image(task: TrackedTask, _result: Any, name: str, data: Any, step: Any = None, **_: Any) -> None:
    if not _is_symbolic(data, step):
        for at, one in enumerate(_array(data)):
            _image(task, None, None, f"{name}/{at}", one, _step(step))


def _tf_text(task: TrackedTask, _result: Any, name: str, data: Any, step: Any = None, **_: Any) -> None:
    if not _is_symbolic(data, step):
        _text(task, None, None, name, data, _step(step))


_SUMMARIES: dict[str, Callable[..., None]] = {
    "scalar": _tf_scalar,
    "histogram": _tf_histogram,
    "image": _tf_image,
    "text": _tf_text,
}


def _scalar(
    task: TrackedTask,
    _result: Any,
    _writer: Any,
    tag: str,
    scalar_value: Any,
    global_step: Any = None,
    *_a: Any,
    **_k: Any,
) -> None:
    title, series = split(tag)
    task.get_logger().report_scalar(title, series, float(_plain(scalar_value)), int(global_step or 0))


def _scalars(
    task: TrackedTask,
    _result: Any,
    _writer: Any,
    main_tag: str,
    tag_scalar_dict: Any,
    global_step: Any = None,
    *_a: Any,
    **_k: Any,
) -> None:
    for series, value in tag_scalar_dict.items():
        task.get_logger().report_scalar(main_tag, series, float(_plain(value)), int(global_step or 0))


def _histogram(
    task: TrackedTask, _result: Any, _writer: Any, tag: str, values: Any, global_step: Any = None, *_a: Any, **_k: Any
) -> None:
    import numpy

    counts, edges = numpy.histogram(_array(values).ravel(), bins=30)
    title, series = split(tag)
    middles = [f"{(low + high) / 2:.4g}" for low, high in zip(edges, edges[1:])]
    task.get_logger().report_histogram(title, series, counts, int(global_step or 0), xlabels=middles)


def _image(
    task: TrackedTask,
    _result: Any,
    _writer: Any,
    tag: str,
    img_tensor: Any,
    global_step: Any = None,
    *_a: Any,
    **_k: Any,
) -> None:
    title, series = split(tag)
    task.get_logger().report_image(title, series, int(global_step or 0), image=_array(img_tensor))


def _text(
    task: TrackedTask,
    _result: Any,
    _writer: Any,
    tag: str,
    text_string: Any,
    global_step: Any = None,
    *_a: Any,
    **_k: Any,
) -> None:
    title, series = split(tag)
    task.get_logger()._event("text", title, series, int(global_step or 0), str(_plain(text_string)))


def _figure(
    task: TrackedTask, _result: Any, _writer: Any, tag: str, figure: Any, global_step: Any = None, *_a: Any, **_k: Any
) -> None:
    title, series = split(tag)
    for at, one in enumerate(figure if isinstance(figure, list) else [figure]):
        name = f"{series} {at}" if isinstance(figure, list) else series
        task.get_logger().report_matplotlib_figure(title, name, one, int(global_step or 0))


_REPORTS: dict[str, Callable[..., None]] = {
    "add_scalar": _scalar,
    "add_scalars": _scalars,
    "add_histogram": _histogram,
    "add_image": _image,
    "add_text": _text,
    "add_figure": _figure,
}


def split(tag: str) -> tuple[str, str]:
    """Title and series of a tag.

    Example:
        >>> split("loss/train"), split("loss")
        (('loss', 'train'), ('loss', 'loss'))
    """
    title, separator, series = str(tag).partition("/")
    return (title, series) if separator else (title, title)


def _plain(value: Any) -> Any:
    """A number or text out of a tensor."""
    if hasattr(value, "item"):
        return value.item()
    if hasattr(value, "numpy"):
        plain = value.numpy()
        return plain.decode() if isinstance(plain, bytes) else plain
    return value


def _array(value: Any) -> Any:
    import numpy

    if hasattr(value, "detach"):
        value = value.detach().cpu().numpy()
    return numpy.asarray(value)
