"""Models: read, given to a task, or made by one.

A model is a record of the run that made or read it: weights by digest or address, the
design it was made with, labels, and whether it is published for others to use.
"""

from __future__ import annotations

import os
import time
from pathlib import Path

from mendel import downloads, hocon
from mendel.errors import TaskNotFound
from mendel.store import Store

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Mapping

    from mendel.store import Document
    from mendel.tracked_task import TrackedTask

FRAMEWORKS = {
    ".h5": "Keras",
    ".keras": "Keras",
    ".pt": "PyTorch",
    ".pth": "PyTorch",
    ".pkl": "ScikitLearn",
    ".joblib": "ScikitLearn",
    ".ubj": "XGBoost",
    ".onnx": "ONNX",
    ".pb": "TensorFlow",
    ".ckpt": "TensorFlow",
}


class Model:
    """A model as stored, to read from.

    Args:
        model_id: Its id.

    Raises:
        TaskNotFound: No model has that id.
    """

    def __init__(self, model_id: str, *, _record: Document | None = None, _store: Store | None = None) -> None:
        self._store = _store or _default_store()
        self._record = _record or _find(self._store, lambda record: record["id"] == model_id, model_id)

    @property
    def id(self) -> str:
        """The id: 32 hexadecimal digits."""
        return str(self._record["id"])

    @property
    def name(self) -> str:
        """The name."""
        return str(self._record["name"])

    @property
    def comment(self) -> str:
        """The comment."""
        return str(self._record.get("comment", ""))

    @property
    def tags(self) -> list[str]:
        """The tags."""
        return list(self._record.get("tags", []))

    @property
    def framework(self) -> str:
        """The framework that wrote it."""
        return str(self._record.get("framework", ""))

    @property
    def url(self) -> str:
        """Address of the weights."""
        digest = self._record.get("digest")
        return str(self._record.get("uri") or (f"blob:{digest}" if digest else ""))

    @property
    def labels(self) -> dict[str, int]:
        """The numbers of labels."""
        return {str(label): int(number) for label, number in self._record.get("labels", {}).items()}

    @property
    def config_text(self) -> str:
        """The design it was made with."""
        return str(self._record.get("design", ""))

    @property
    def config_dict(self) -> dict[str, Any]:
        """The design as a dictionary."""
        return hocon.loads(self.config_text)

    @property
    def published(self) -> bool:
        """Whether others may use it."""
        return bool(self._record.get("published", False))

    @property
    def iteration(self) -> int | None:
        """The iteration it was written at."""
        return self._record.get("iteration")

    @property
    def task(self) -> str | None:
        """Id of the task that recorded it."""
        found: str | None = self._record.get("metadata", {}).get("task")
        return found

    @property
    def metadata(self) -> dict[str, Any]:
        """Key-value pairs kept with it."""
        return dict(self._record.get("metadata", {}))

    def get_weights(self, raise_on_error: bool = False) -> str | None:
        """Path of a local copy of the weights, or ``None`` where they cannot be had."""
        try:
            digest = self._record.get("digest")
            if digest:
                return str(
                    downloads.download(
                        self._store, digest, os.path.basename(self._record.get("uri") or "") or self.name
                    )
                )
            path = Path(self.url[7:] if self.url.startswith("file://") else self.url)
            if not path.exists():
                raise FileNotFoundError(f"the weights of model `{self.name}` are at `{self.url}`")
            return str(path)
        except Exception:
            if raise_on_error:
                raise
            return None

    get_local_copy = get_weights

    def publish(self) -> None:
        """Makes the model usable for others."""
        run = self.task
        if run is None:
            raise TaskNotFound(f"model `{self.id}` belongs to no task")
        from mendel.task import Task

        task = Task.get_task(task_id=run)
        task._keep_model({**self._record, "published": True})
        task._settle()
        self._record["published"] = True

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.id} `{self.name}`>"


class InputModel(Model):
    """A published model that a task starts from.

    Args:
        model_id: Its id, which wins over the name.
        name: Its name.
        only_published: Refuse one that is not published.

    Raises:
        TaskNotFound: There is none.
        ValueError: It is not published.
    """

    def __init__(
        self,
        model_id: str | None = None,
        name: str | None = None,
        only_published: bool = False,
        *,
        _record: Document | None = None,
        _store: Store | None = None,
    ) -> None:
        store = _store or _default_store()
        if _record is None and model_id is None:
            _record = _find(store, lambda record: record["name"] == name, str(name))
        super().__init__(model_id or "", _record=_record, _store=store)
        if only_published and not self.published:
            raise ValueError(f"model `{self.name}` is not published")

    @classmethod
    def import_model(
        cls,
        weights_url: str,
        config_text: str | None = None,
        config_dict: Mapping[str, Any] | None = None,
        label_enumeration: Mapping[str, int] | None = None,
        name: str | None = None,
        tags: list[str] | None = None,
        comment: str | None = None,
        framework: str | None = None,
    ) -> InputModel:
        """A model made elsewhere, known by the address of its weights."""
        record = new_record(name or os.path.basename(weights_url), "input", framework or framework_of(weights_url))
        record["uri"] = weights_url
        record["design"] = hocon.dumps(dict(config_dict)) if config_dict else (config_text or "")
        record["labels"] = dict(label_enumeration or {})
        record["tags"] = list(tags or [])
        record["comment"] = comment or ""
        return cls(_record=record)

    def connect(self, task: TrackedTask, name: str | None = None) -> None:
        """Records that ``task`` reads this model."""
        task._keep_model({**self._record, "use": "input", "name": name or self.name})

    def _connect_to(self, task: TrackedTask) -> None:
        self.connect(task)


class OutputModel(Model):
    """A model that a task makes.

    Args:
        task: The task; the main one by default.
        config_text: Design, else ``config_dict``, else the configuration of the task.
        config_dict: Design as a dictionary.
        label_enumeration: Numbers of labels; those of the task by default.
        name: Name; that of the task by default.
        tags: Tags.
        comment: Comment.
        framework: Framework; guessed from the file name by default.
    """

    def __init__(
        self,
        task: TrackedTask | None = None,
        config_text: str | None = None,
        config_dict: Mapping[str, Any] | None = None,
        label_enumeration: Mapping[str, int] | None = None,
        name: str | None = None,
        tags: list[str] | None = None,
        comment: str | None = None,
        framework: str | None = None,
    ) -> None:
        from mendel.task import Task

        owner = task or Task.current_task()
        if owner is None:
            raise ValueError("an output model needs a task; `Task.init` makes one")
        self._task = owner
        record = new_record(name or owner.name, "output", framework or "")
        record["design"] = hocon.dumps(dict(config_dict)) if config_dict else (config_text or owner._design())
        record["labels"] = dict(label_enumeration or owner.get_labels_enumeration())
        record["tags"] = list(tags or [])
        record["comment"] = comment or ""
        super().__init__(record["id"], _record=record, _store=owner._store)

    def update_weights(
        self,
        weights_filename: str | None = None,
        upload_uri: str | None = None,
        target_filename: str | None = None,
        auto_delete_file: bool = False,
        register_uri: str | None = None,
        iteration: int | None = None,
        update_comment: bool = True,
        async_enable: bool = True,
        callback: Callable[[str], object] | None = None,
    ) -> str:
        """Stores a file of weights, or only its address with ``register_uri``.

        Returns:
            The address of the weights; of the expected place while they are uploaded.
        """
        if register_uri is not None:
            self._record.update(uri=register_uri, digest=None, iteration=iteration)
            self._keep()
            return register_uri
        if weights_filename is None:
            raise ValueError("`weights_filename` or `register_uri` is needed")
        path = Path(weights_filename)
        if not path.is_file():
            raise ValueError(f"there is no file of weights `{path}`")
        self._record["framework"] = self._record["framework"] or framework_of(path.name)
        address = self._task._model_uri(path, target_filename or path.name, upload_uri)

        def store() -> None:
            uri = "" if address.startswith("blob:") else address
            self._record.update(uri=uri, iteration=iteration, size=path.stat().st_size, time=_now())
            self._keep(path)
            self._task._copy_out(path, address)
            if auto_delete_file and self._task._acknowledged(30.0):
                path.unlink(missing_ok=True)
            if callback is not None:
                callback(address)

        if async_enable:
            self._task._uploads.add(store)
        else:
            store()
        return address

    def update_labels(self, labels: Mapping[str, int]) -> None:
        """Sets the numbers of labels."""
        self._record["labels"] = dict(labels)
        self._keep()

    def update_design(self, config_text: str | None = None, config_dict: Mapping[str, Any] | None = None) -> None:
        """Sets the design."""
        self._record["design"] = hocon.dumps(dict(config_dict)) if config_dict else (config_text or "")
        self._keep()

    def wait_for_uploads(self, timeout: float = 60.0) -> None:
        """Waits until the weights are stored."""
        self._task._uploads.wait(timeout)

    def connect(self, task: TrackedTask, name: str | None = None) -> None:
        """Makes ``task`` the owner of this model."""
        self._task = task
        if name:
            self._record["name"] = name
        self._keep()

    def publish(self) -> None:
        """Makes the model usable for others."""
        self._record["published"] = True
        self._keep()

    def _connect_to(self, task: TrackedTask) -> None:
        self.connect(task)

    def _keep(self, content: Path | None = None) -> None:
        digest = self._task._keep_model(self._record, content)
        if digest:
            self._record["digest"] = digest


def new_record(name: str, use: str, framework: str) -> Document:
    """A model record with a fresh id."""
    from mendel import _native

    return {
        "id": _native.new_id(),
        "name": name,
        "use": use,
        "framework": framework,
        "digest": None,
        "metadata": {},
        "time": _now(),
    }


def framework_of(file: str) -> str:
    """The framework whose weights have such a file name, or an empty text.

    Example:
        >>> framework_of("weights.pt"), framework_of("weights.dat")
        ('PyTorch', '')
    """
    return FRAMEWORKS.get(os.path.splitext(str(file))[1].lower(), "")


def _now() -> int:
    return int(time.time() * 1000)


def _default_store() -> Store:
    from mendel.main_task import store

    return store()


def _find(store: Store, wanted: Callable[[Document], bool], what: str) -> Document:
    found = [record for record in store.models() if wanted(record)]
    if not found:
        raise TaskNotFound(f"there is no model `{what}`")
    return max(found, key=lambda record: (bool(record.get("published")), record.get("time", 0)))
