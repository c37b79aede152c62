"""XGBoost: evaluation metrics of each round, and model files written and read."""

from __future__ import annotations

import functools
import os

from mendel import capture

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType
    from typing import Any

    from mendel.tracked_task import TrackedTask

FRAMEWORK = "xgboost"


def hook(xgboost: ModuleType) -> None:
    """Listens to the module."""
    capture.after(xgboost.Booster, "save_model", FRAMEWORK, _saved)
    capture.after(xgboost.Booster, "load_model", FRAMEWORK, _loaded)
    original = xgboost.train
    if hasattr(original, "__mendel__"):
        return

    @functools.wraps(original)
    def train(*args: Any, **kwargs: Any) -> Any:
        task = capture.active(FRAMEWORK)
        if task is not None:
            capture.quietly(FRAMEWORK, _listen, xgboost, task, kwargs)
        return original(*args, **kwargs)

    train.__mendel__ = True  # type: ignore[attr-defined]
    for place in (xgboost, xgboost.training, getattr(xgboost, "sklearn", None)):
        if place is not None and getattr(place, "train", None) is original:
            setattr(place, "train", train)  # noqa: B010


def _listen(xgboost: ModuleType, task: TrackedTask, kwargs: dict[str, Any]) -> None:
    logger = task.get_logger()

    class Reports(xgboost.callback.TrainingCallback):  # type: ignore[name-defined, misc]
        """Reports each round: a title per metric, a series per data set."""

        def after_iteration(self, model: Any, epoch: int, evals_log: Any) -> bool:
            for data, metrics in evals_log.items():
                for metric, values in metrics.items():
                    latest = values[-1]
                    logger.report_scalar(metric, data, float(latest[0] if isinstance(latest, tuple) else latest), epoch)
            return False

    kwargs["callbacks"] = [*(kwargs.get("callbacks") or []), Reports()]


def _saved(task: TrackedTask, _result: Any, _booster: Any, fname: Any = None, *_args: Any, **_kwargs: Any) -> None:
    _record(task, fname, "output")


def _loaded(task: TrackedTask, _result: Any, _booster: Any, fname: Any = None, *_args: Any, **_kwargs: Any) -> None:
    _record(task, fname, "input")


def _record(task: TrackedTask, file: Any, use: str) -> None:
    if isinstance(file, (str, os.PathLike)):
        task.record_file_model(os.fspath(file), "XGBoost", use)
