"""The module ``coretex`` as old tasks know it, backed by the run and the local store.

Scripts of task folders with ``param_groups`` import it in place of the original: no
account, no network. It holds what such scripts use; any other name is refused by name. Names are
loaded when first used, and the import paths of the original lead to them.
"""

from __future__ import annotations

from . import missing

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from . import cache, entities, folder_manager, networking, utils
    from .annotation import BBox, CoretexImageAnnotation, CoretexSegmentationInstance
    from .artifact import Artifact
    from .dataset import CustomDataset, NetworkDataset, createDataset
    from .image_classes import ImageDatasetClass, ImageDatasetClasses
    from .image_dataset import AnnotatedImageSampleData, ImageDataset, ImageSample
    from .metric import Metric, MetricType
    from .model import Model
    from .project import ProjectType
    from .sample import CustomSample, CustomSampleData, NetworkSample
    from .secret import AWSSecret, CredentialsSecret, GitSecret
    from .sequence_dataset import SequenceDataset, SequenceSample
    from .status import TaskRunStatus
    from .task_run import TaskRun, currentTaskRun, initializeRTask

__all__ = [
    "AWSSecret",
    "AnnotatedImageSampleData",
    "Artifact",
    "BBox",
    "CoretexImageAnnotation",
    "CoretexSegmentationInstance",
    "CredentialsSecret",
    "CustomDataset",
    "CustomSample",
    "CustomSampleData",
    "GitSecret",
    "ImageDataset",
    "ImageDatasetClass",
    "ImageDatasetClasses",
    "ImageSample",
    "Metric",
    "MetricType",
    "Model",
    "NetworkDataset",
    "NetworkSample",
    "ProjectType",
    "SequenceDataset",
    "SequenceSample",
    "TaskRun",
    "TaskRunStatus",
    "cache",
    "createDataset",
    "currentTaskRun",
    "entities",
    "folder_manager",
    "initializeRTask",
    "networking",
    "utils",
]

_HOMES = {
    "AWSSecret": "secret",
    "AnnotatedImageSampleData": "image_dataset",
    "Artifact": "artifact",
    "BBox": "annotation",
    "CoretexImageAnnotation": "annotation",
    "CoretexSegmentationInstance": "annotation",
    "CredentialsSecret": "secret",
    "CustomDataset": "dataset",
    "CustomSample": "sample",
    "CustomSampleData": "sample",
    "GitSecret": "secret",
    "ImageDataset": "image_dataset",
    "ImageDatasetClass": "image_classes",
    "ImageDatasetClasses": "image_classes",
    "ImageSample": "image_dataset",
    "Metric": "metric",
    "MetricType": "metric",
    "Model": "model",
    "NetworkDataset": "dataset",
    "NetworkSample": "sample",
    "ProjectType": "project",
    "SequenceDataset": "sequence_dataset",
    "SequenceSample": "sequence_dataset",
    "TaskRun": "task_run",
    "TaskRunStatus": "status",
    "cache": "cache",
    "createDataset": "dataset",
    "currentTaskRun": "task_run",
    "entities": "entities",
    "folder_manager": "folder_manager",
    "initializeRTask": "task_run",
    "networking": "networking",
    "utils": "utils",
}

missing.install()


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(missing.text(f"coretex.{name}"))
    import importlib

    module = importlib.import_module(f".{home}", __name__)
    value = module if home == name else getattr(module, name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
