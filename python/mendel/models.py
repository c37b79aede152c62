"""The models a task reads and makes, and where its files go."""

from __future__ import annotations

import json

from mendel.configuration import DEFAULT_NAME, Configuration
from mendel.destination import Destination, safe_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pathlib import Path
    from typing import Callable

    from mendel.model import Model
    from mendel.store import Document


class ModelMembers(Configuration, Destination):
    """The members of a task that concern models and the output destination."""

    _known_models: list[Document]

    def _keep_model(self, record: Document, content: Path | None = None) -> str | None:
        """Records a model with the weights ``content``; answers their digest."""
        kept = dict(record)
        kept["metadata"] = {**kept.get("metadata", {}), "task": kept.get("metadata", {}).get("task") or self.id}
        digest = self._open().model(json.dumps(kept), content)
        if digest:
            kept["digest"] = digest
        key = (kept["id"], kept["use"])
        self._known_models = [known for known in self._known_models if (known["id"], known["use"]) != key] + [kept]
        return digest

    def get_models(self) -> dict[str, list[Model]]:
        """The models of the task: ``input`` those it read, ``output`` those it made."""
        from mendel import _native
        from mendel.model import Model

        self._settle()
        try:
            records = self._store.models(self.id)
        except _native.Unreachable:
            if not self._main:
                raise
            records = self._known_models
        newest: dict[tuple[str, str], Document] = {}
        for record in sorted(records, key=lambda record: record.get("time", 0)):
            newest[(record["use"], record["id"])] = record
        both: dict[str, list[Model]] = {"input": [], "output": []}
        for (use, _), record in newest.items():
            both[use].append(Model(record["id"], _record=record, _store=self._store))
        return both

    @property
    def models(self) -> dict[str, list[Model]]:
        """The models of the task: ``input`` those it read, ``output`` those it made."""
        return self.get_models()

    @property
    def input_model(self) -> Model | None:
        """The first model the task read."""
        found = self.get_models()["input"]
        return found[0] if found else None

    @property
    def output_model(self) -> Model | None:
        """The last model the task made."""
        found = self.get_models()["output"]
        return found[-1] if found else None

    def set_input_model(
        self,
        model_id: str | None = None,
        model_name: str | None = None,
        update_task_design: bool = True,
        update_task_labels: bool = True,
        name: str | None = None,
    ) -> None:
        """Records that the task starts from a published model.

        Args:
            model_id: Its id, which wins over the name.
            model_name: Its name.
            update_task_design: Take over its design as configuration.
            update_task_labels: Take over its labels.
            name: Name of the model within the task.

        Raises:
            ValueError: Neither is given, or the model is not published.
            TaskNotFound: There is no such model.
        """
        from mendel.model import InputModel

        if not model_id and not model_name:
            raise ValueError("`model_id` or `model_name` is needed")
        model = InputModel(model_id, model_name, only_published=True, _store=self._store)
        record = {**model._record, "use": "input", "name": name or model.name}
        self._keep_model(record)
        if update_task_design and model.config_text:
            self._keep(DEFAULT_NAME, model.config_text, "hocon")
        if update_task_labels and model.labels:
            self.set_model_label_enumeration(model.labels)

    def update_output_model(
        self,
        model_path: str | None = None,
        name: str | None = None,
        comment: str | None = None,
        tags: list[str] | None = None,
        model_uri: str | None = None,
        iteration: int | None = None,
    ) -> str:
        """Records a model by its address; no bytes are moved.

        Returns:
            The address.
        """
        address = model_uri or model_path
        if address is None:
            raise ValueError("the address of the model is needed")
        record = self._output_record(name, comment, tags, address)
        record.update(uri=str(address), iteration=iteration)
        self._keep_model(record)
        return str(address)

    def update_output_model_and_upload(
        self,
        model_file: str,
        name: str | None = None,
        comment: str | None = None,
        tags: list[str] | None = None,
        async_enable: bool = False,
        cb: Callable[[str], object] | None = None,
        iteration: int | None = None,
    ) -> str:
        """Stores a file of weights and records the model.

        Args:
            model_file: The file.
            name: Name of the model; that of the task by default.
            comment: Comment.
            tags: Tags.
            async_enable: Return at once and store in the background.
            cb: Called with the address once stored in the background.
            iteration: The iteration it was written at.

        Returns:
            The address of the weights; the expected one with ``async_enable``.
        """
        from mendel.model import OutputModel

        model = OutputModel(self, name=name, comment=comment, tags=tags)  # type: ignore[arg-type]
        return model.update_weights(
            model_file, iteration=iteration, async_enable=async_enable, callback=cb if async_enable else None
        )

    def _output_record(self, name: str | None, comment: str | None, tags: list[str] | None, file: str) -> Document:
        from mendel.model import framework_of, new_record

        record = new_record(name or self.name, "output", framework_of(file))
        record.update(comment=comment or "", tags=list(tags or []))
        record.update(design=self._design(), labels=self.get_labels_enumeration())
        return record

    def record_file_model(self, path: str, framework: str, use: str = "output") -> None:
        """Records a model file that a framework wrote or read."""
        from pathlib import Path

        from mendel.model import new_record

        file = Path(path)
        if not file.is_file():
            return
        known = next(
            (known for known in self._known_models if (known.get("uri"), known["use"]) == (str(file.absolute()), use)),
            None,
        )
        record = known or new_record(file.stem, use, framework)
        record = {**record, "use": use, "uri": str(file.absolute()), "size": file.stat().st_size}
        if use == "output":
            record.update(design=self._design(), labels=self.get_labels_enumeration())
        self._keep_model(record, file if use == "output" else None)

    def _model_uri(self, path: Path, file: str, upload_uri: str | None = None) -> str:
        """Where the weights will be: beside the task's files, else in the store."""
        if upload_uri:
            return f"{upload_uri.rstrip('/')}/{safe_name(file)}"
        if self.output_uri:
            return self.get_output_destination(f"models/{safe_name(file)}")
        from mendel import _native

        return f"blob:{_native.digest(path)}"
