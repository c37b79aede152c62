"""The run as an old task sees it: its parameters, its facts, and what it hands over."""

from __future__ import annotations

import atexit
import logging
import os
import sys
from pathlib import Path
from typing import Any, Callable, Generic, Mapping, Sequence, TypeVar

from . import artifact, log, outputs, place, values
from .dataset import CustomDataset
from .project import ProjectType, numberOf
from .status import TaskRunStatus

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mendel.tracked_task import TrackedTask

    from .metric import Metric

DatasetT = TypeVar("DatasetT")

_logger = logging.getLogger("coretex")
_current: TaskRun[Any] | None = None
_NAME_CHARS = 50


class TaskRun(Generic[DatasetT]):
    """The run of this process; :func:`currentTaskRun` answers it."""

    def __init__(self, task: TrackedTask) -> None:
        self._task = task
        self._records = values.records()
        self._parameters: dict[str, Any] | None = None
        self._modelType: type[Any] | None = None
        self._metrics: dict[str, Metric | None] = {}
        self._steps: dict[str, int] = {}
        self._status: TaskRunStatus | None = None
        self.taskPath = Path.cwd()
        self._datasetType: type[Any] | None = None

    @property
    def parameters(self) -> dict[str, Any]:
        """The values of the parameters by name.

        Raises:
            LookupError: A dataset, model or secret is not there; all such are named.
        """
        if self._parameters is None:
            # Looked up only where it matters: what a run reads, it depends on.
            datasetType = self._datasetType
            if datasetType is None and values.names(self._records, "dataset"):
                datasetType = self._usualDataset()
            self._parameters = values.resolve(self._records, datasetType or CustomDataset, self._modelType)
        return self._parameters

    @property
    def dataset(self) -> DatasetT:
        """The parameter ``dataset``.

        Raises:
            AttributeError: There is none.
        """
        found = self.parameters.get("dataset")
        if found is None:
            known = ", ".join(f"`{name}`" for name in self.parameters) or "none"
            raise AttributeError(f"this run has no parameter `dataset`; its parameters are: {known}")
        return found  # type: ignore[no-any-return]

    def _usualDataset(self) -> type[Any]:
        from .image_dataset import ImageDataset

        images = (ProjectType.computerVision, ProjectType.imageSegmentation)
        return ImageDataset if self.projectType in images else CustomDataset

    def setDatasetType(self, datasetType: type[Any]) -> None:
        """Reads the parameters that are datasets as this class from now on."""
        self._datasetType = datasetType
        self._parameters = None

    def setModelType(self, modelType: type[Any]) -> None:
        """Reads the parameters that are models as this class from now on."""
        self._modelType = modelType
        self._parameters = None

    @property
    def id(self) -> int:
        """The number of the run."""
        return int(self._task.data.get("number") or numberOf("run", self._task.id))

    @property
    def name(self) -> str:
        """The name of the run."""
        return self._task.name

    @property
    def description(self) -> str:
        """What was said about the run."""
        return self._task.comment

    @property
    def projectId(self) -> int:
        """A number for the project."""
        return numberOf("project", self._task.project)

    @property
    def projectName(self) -> str:
        """The name of the project."""
        return self._task.project

    @property
    def projectType(self) -> ProjectType:
        """The field of work: ``project_type`` of the task, else ``other``."""
        return _projectTypeIn(self.taskPath)

    @property
    def taskId(self) -> int:
        """A number for the task."""
        return numberOf("task", self._task.project, self.taskName)

    @property
    def taskName(self) -> str:
        """The name of the task, which that of the run begins with."""
        return _entry(self.taskPath, "name") or self._task.name

    @property
    def status(self) -> TaskRunStatus:
        """Where the run stands."""
        return self._status or TaskRunStatus.ofStored(str(self._task.data.get("status", "running")))

    @property
    def entryPoint(self) -> str:
        """The script that was started."""
        return str(self._task.data.get("script", {}).get("entry") or Path(sys.argv[0]).name)

    @property
    def meta(self) -> dict[str, Any]:
        """What is recorded about the run besides its facts: its parameters, as recorded."""
        return {"parameters": [dict(record) for record in self._records]}

    @property
    def isLocal(self) -> bool:
        """Whether the run executes on this machine, for this user: always, in this shim."""
        return True

    def createArtifact(
        self, localFilePath: str | Path, remoteFilePath: str, mimeType: str | None = None
    ) -> artifact.Artifact | None:
        """Stores a file now; ``None``, with a line in the log, where that fails."""
        return artifact.store(self.id, localFilePath, str(remoteFilePath), mimeType)

    def createMetrics(self, metrics: Sequence[Metric]) -> list[Metric]:
        """Declares series.

        Raises:
            ValueError: None is given.
        """
        if not metrics:
            raise ValueError("no metrics were given")
        self._metrics.update({metric.name: metric for metric in metrics})
        encoded = {name: metric.encode() for name, metric in self._metrics.items() if metric is not None}
        self._task._change(documents={"metrics": encoded})
        return list(metrics)

    def submitMetrics(self, metricValues: Mapping[str, tuple[float, float]]) -> bool:
        """Appends a point ``(x, y)`` to each series; an undeclared one is declared by that.

        A whole ``x`` is the step of the point. Any other is not: such a point gets the
        next step of its series.
        """
        report = self._task._open().report
        for name, (x, y) in metricValues.items():
            step = int(x) if x == x and abs(x) < 2**62 and x == int(x) else self._steps.get(name, -1) + 1
            self._steps[name] = step
            self._metrics.setdefault(name, None)
            report(name, "", float(y), step)
        return True

    def submitOutput(self, parameterName: str, value: Any) -> None:
        """Hands a value over under a name; datasets and models go by reference."""
        outputs.submit(parameterName, value)

    def submitOutputs(self, outputValues: Mapping[str, Any]) -> None:
        """Hands several values over; see :meth:`submitOutput`."""
        for name, value in outputValues.items():
            outputs.submit(name, value)

    def updateStatus(self, status: TaskRunStatus | None = None, message: str | None = None) -> bool:
        """Posts a message, and takes note of a state.

        A final state takes effect when the process ends; success does not hide an exit
        code other than 0.

        Returns:
            Whether the state could be taken: a final one stays.
        """
        if self._status is not None and self._status.isFinal and status not in (None, self._status):
            _logger.warning(
                "the run is `%s` already; `%s` was not taken", self._status.name, TaskRunStatus(status).name
            )
            return False
        if status is not None:
            self._status = TaskRunStatus(status)
            message = message or self._status.defaultMessage
            if self._status.isFinal:
                atexit.register(_finish, self._task, self._status, message, os.getpid())
        if message:
            _logger.info(message)
        return True

    def generateEntityName(self) -> str:
        """A name for what the run makes: its number and name, at most 50 characters."""
        return f"{self.id}-{self.name}"[:_NAME_CHARS]

    def __repr__(self) -> str:
        return f"<TaskRun {self.id} `{self.name}`>"


def currentTaskRun() -> TaskRun[Any]:
    """The run of this process.

    Raises:
        RuntimeError: The process belongs to no run.
    """
    global _current
    task = place.task()
    if _current is None or _current._task is not task:
        _current = TaskRun(task)
        verbose = any(record["name"] == "verbose" and record.get("value") is True for record in _current._records)
        log.install(verbose)
    return _current


def initializeRTask(main: Callable[[Any], None], args: Any = None) -> None:
    """Starts a task written in R: calls ``main`` with the run.

    An exception is logged, and ends the process with code 1.
    """
    run = currentTaskRun()
    try:
        main(run)
    except Exception:
        _logger.exception("the task failed")
        sys.exit(1)


def _finish(task: TrackedTask, status: TaskRunStatus, message: str, process: int) -> None:
    """Gives a run the final state that its script set by hand."""
    if os.getpid() != process:
        return
    if status is TaskRunStatus.completedWithError:
        task.mark_failed(status_reason="set by the script", status_message=message)
    elif status is TaskRunStatus.stopped:
        task.stopped(status_reason="set by the script", status_message=message)


def _projectTypeIn(folder: Path) -> ProjectType:
    return ProjectType.named(_entry(folder, "project_type") or "other")


def _entry(folder: Path, key: str) -> str | None:
    """A plain top-level entry of the task file; the package reads no YAML otherwise."""
    for file in ("task.yaml", "task.yml"):
        try:
            lines = (folder / file).read_text("utf-8").splitlines()
        except (OSError, UnicodeDecodeError):
            continue
        for line in lines:
            name, colon, rest = line.partition(":")
            if colon and name == key:
                return rest.split(" #")[0].strip().strip("'\"") or None
    return None
