"""The module ``coretex`` as old tasks know it, backed by the run and the local store.

Scripts of task folders with ``param_groups`` import it in place of the original: no
account, no network. It holds what such scripts use; any other name is refused by name.
"""

from __future__ import annotations

from typing import Any

from . import cache, folder_manager
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
    "folder_manager",
    "initializeRTask",
]


def __getattr__(name: str) -> Any:
    raise AttributeError(
        f"`coretex.{name}` is not part of the local shim that Mendel puts in place of `coretex`; "
        "what is there: " + ", ".join(__all__)
    )
