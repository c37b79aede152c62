"""Models as old tasks know them: a named folder with an accuracy and free metadata."""

from __future__ import annotations

import json
import logging
import os
import shutil
import time
from pathlib import Path

from . import folder_manager, place

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from mendel.store import Document

DESCRIPTOR = "model_descriptor.json"
# Compressed weights hardly shrink, and a fixed date gives equal folders equal bytes.
_DATE = (1980, 1, 1, 0, 0, 0)


class Model:
    """A model of the workspace, or a folder given by path."""

    def __init__(self, record: Document, folder: Path | None = None) -> None:
        self._record = record
        self._folder = folder

    @classmethod
    def createModel(
        cls, name: str, projectId: int, accuracy: float, meta: dict[str, Any] | None = None, **_: Any
    ) -> Model:
        """Records a new model of this run; its files follow with :meth:`upload`.

        An accuracy outside of [0, 1] is clipped, with a warning.
        """
        from mendel.model import new_record

        kept = min(max(float(accuracy), 0.0), 1.0)
        if kept != accuracy:
            logging.getLogger("coretex").warning(
                "accuracy %s of model `%s` lies outside of [0, 1]; %s is kept", accuracy, name, kept
            )
        record = new_record(name, "output", "")
        record["metadata"] = {"accuracy": kept, "meta": meta or {}, "project": projectId}
        model = cls(record)
        model._keep()
        return model

    @property
    def id(self) -> int:
        """The number of the model; the beginning of the id is a time, shared by many."""
        return int(self._record["id"][-8:], 16) >> 1

    @property
    def name(self) -> str:
        """The name."""
        return str(self._record["name"])

    @property
    def accuracy(self) -> float:
        """The accuracy, from 0 to 1."""
        return float(self._record.get("metadata", {}).get("accuracy", 0.0))

    @property
    def meta(self) -> dict[str, Any]:
        """The free metadata."""
        return dict(self._record.get("metadata", {}).get("meta") or {})

    @property
    def tags(self) -> list[str]:
        """The tags."""
        return list(self._record.get("tags", []))

    @property
    def path(self) -> Path:
        """The folder of its files, filled by :meth:`download`."""
        return self._folder or folder_manager.modelsFolder / str(self._record["id"])

    @property
    def zipPath(self) -> Path:
        """The archive of its files, filled by :meth:`download`."""
        return self.path.with_name(f"{self.path.name}.zip")

    def addTag(self, tag: str) -> bool:
        """Adds a tag."""
        self._record["tags"] = sorted({*self.tags, tag})
        self._keep()
        return True

    def upload(self, path: str | Path) -> bool:
        """Stores the files of a folder as this model.

        Raises:
            ValueError: It is no folder.
        """
        folder = Path(path)
        if not folder.is_dir():
            raise ValueError(f"`{folder}` is no folder; a model is uploaded as one")
        archive = folder_manager.tempFile()
        try:
            _pack(folder, archive)
            self._record.update(size=archive.stat().st_size, time=int(time.time() * 1000), uri="")
            self._keep(archive)
        finally:
            archive.unlink(missing_ok=True)
        folder_manager.deleteFolder(self.path)
        return bool(self._record.get("digest"))

    def download(self, path: str | Path | None = None, ignoreCache: bool = False) -> None:
        """Brings the files to :attr:`path`, or the given one.

        Raises:
            FileNotFoundError: Nothing was uploaded.
        """
        if self._folder is not None:
            return
        if path is not None:
            self._folder = Path(path)
        if self.path.is_dir() and any(self.path.iterdir()) and not ignoreCache:
            return
        digest = self._record.get("digest")
        if not digest:
            raise FileNotFoundError(f"model `{self.name}` has no files; `upload` stores them")
        place.task()._settle()
        self.path.parent.mkdir(parents=True, exist_ok=True)
        place.store().blob_to_file(digest, self.zipPath)
        import zipfile

        partial = self.path.with_name(f".{self.path.name}.{os.getpid()}")
        with zipfile.ZipFile(self.zipPath) as archive:
            archive.extractall(partial)
        folder_manager.deleteFolder(self.path)
        os.replace(partial, self.path)

    @classmethod
    def saveModelDescriptor(cls, path: str | Path, contents: dict[str, Any]) -> None:
        """Writes what is known of a model beside its files."""
        (Path(path) / DESCRIPTOR).write_text(json.dumps(contents, indent=2), "utf-8")

    @classmethod
    def modelDescriptorFileName(cls) -> str:
        """The name of the file that :meth:`saveModelDescriptor` writes."""
        return DESCRIPTOR

    @classmethod
    def fetchById(cls, id: int) -> Model:
        """The model of that number.

        Raises:
            LookupError: There is none.
        """
        return cls(_look(id))

    @classmethod
    def fetchByName(cls, name: str) -> Model:
        """The newest model of that name.

        Raises:
            LookupError: There is none.
        """
        return cls(_look(name))

    def _keep(self, content: Path | None = None) -> None:
        digest = place.task()._keep_model(self._record, content)
        if digest:
            self._record["digest"] = digest

    def __repr__(self) -> str:
        return f"<Model `{self.name}`>"


def openModel(reference: int | str) -> Model:
    """The model that a parameter names: the path of a folder, else a name, id or number.

    Raises:
        LookupError: There is none.
    """
    if isinstance(reference, str) and Path(reference).expanduser().is_dir():
        folder = Path(reference).expanduser().absolute()
        return Model({"id": "0" * 32, "name": folder.name}, folder)
    record = _look(reference)
    run = place.taskIfAny()
    if run is not None:
        run._keep_model({**record, "use": "input"})
    return Model(record)


def _look(reference: int | str) -> Document:
    run = place.taskIfAny()
    if run is not None:
        run._settle()
    known = place.store().models()
    found = [record for record in known if reference in (record["name"], record["id"], Model(record).id)]
    if not found:
        import difflib

        close = difflib.get_close_matches(str(reference), sorted({record["name"] for record in known}), 3)
        hint = f"; close to it: `{'`, `'.join(close)}`" if close else ""
        raise LookupError(
            f"there is no model `{reference}`; looked for a folder below `{Path.cwd()}` and in the workspace{hint}"
        )
    return max(found, key=lambda record: (bool(record.get("digest")), record.get("time", 0)))


def _pack(folder: Path, archive: Path) -> None:
    import zipfile

    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED, compresslevel=3) as into:
        for file in sorted(entry for entry in folder.rglob("*") if entry.is_file()):
            entry = zipfile.ZipInfo(file.relative_to(folder).as_posix(), _DATE)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = (file.stat().st_mode & 0o777) << 16
            with file.open("rb") as content, into.open(entry, "w", force_zip64=True) as member:
                shutil.copyfileobj(content, member)
