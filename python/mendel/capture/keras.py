"""Keras: metrics of each epoch, model files written and read, and the model's design."""

from __future__ import annotations

from mendel import capture

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType
    from typing import Any

    from mendel.tracked_task import TrackedTask

FRAMEWORK = "keras"


def _chosen() -> TrackedTask | None:
    """Keras is switched by its own name and by TensorFlow's."""
    return capture.active(FRAMEWORK) if capture.chosen("tensorflow") else None


def hook(keras: ModuleType) -> None:
    """Listens to the module."""
    model_class = keras.Model
    original = model_class.fit
    if not hasattr(original, "__mendel__"):

        def fit(self: Any, *args: Any, **kwargs: Any) -> Any:
            task = _chosen()
            if task is not None:
                capture.quietly(FRAMEWORK, _listen, keras, task, self, kwargs, len(args))
            return original(self, *args, **kwargs)

        fit.__mendel__ = True  # type: ignore[attr-defined]
        fit.__doc__ = original.__doc__
        model_class.fit = fit
    capture.after(model_class, "save", FRAMEWORK, _saved)
    capture.after(model_class, "save_weights", FRAMEWORK, _saved)
    capture.after(keras.models, "load_model", FRAMEWORK, _loaded)
    capture.after(
        keras.models,
        "save_model",
        FRAMEWORK,
        lambda task, result, _model, path, *_a, **_k: _record(task, path, "output"),
    )


def _listen(keras: ModuleType, task: TrackedTask, model: Any, kwargs: dict[str, Any], positional: int) -> None:
    """Adds our callback to a call of ``fit``, unless callbacks were given by position."""
    if positional > 5:
        return
    logger = task.get_logger()

    class Reports(keras.callbacks.Callback):  # type: ignore[name-defined, misc]
        """Reports the logs of each epoch: a title per metric, series for training and validation."""

        def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
            for name, value in (logs or {}).items():
                validation = name.startswith("val_")
                title = name[4:] if validation else name
                logger.report_scalar(title, "validation" if validation else "train", float(value), epoch)

    given = kwargs.get("callbacks")
    ours = Reports()
    if given is None:
        kwargs["callbacks"] = [ours]
    elif isinstance(given, keras.callbacks.CallbackList):
        given.append(ours)
    else:
        kwargs["callbacks"] = [*(given if isinstance(given, (list, tuple)) else [given]), ours]
    if not task._configuration("keras model"):
        task._keep("keras model", model.to_json(), "json")


def _saved(task: TrackedTask, _result: Any, _model: Any, filepath: Any = None, *_args: Any, **_kwargs: Any) -> None:
    _record(task, filepath, "output")


def _loaded(task: TrackedTask, _result: Any, filepath: Any = None, *_args: Any, **_kwargs: Any) -> None:
    _record(task, filepath, "input")


def _record(task: TrackedTask, filepath: Any, use: str) -> None:
    if filepath is not None:
        task.record_file_model(str(filepath), "Keras", use)
