"""An artifact of a task, as it is read back."""

from __future__ import annotations

import datetime
import shutil
from pathlib import Path
from typing import Any, Iterator, Mapping

from mendel import artifact_format, downloads

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mendel.store import Document, Store


class Artifact:
    """A named output of a task, read-only.

    Example:
        >>> shown = Artifact({"name": "scores", "type": "json", "size": 2}, store=None)
        >>> shown.name, shown.type, shown.size
        ('scores', 'json', 2)
    """

    def __init__(self, record: Document, store: Store | None) -> None:
        self._record = record
        self._store = store

    @property
    def name(self) -> str:
        """The name within the task."""
        return str(self._record["name"])

    @property
    def type(self) -> str:
        """What it is: ``json``, ``dataframe``, ``numpy``, ``image``, ``text``, ``file`` or ``folder``."""
        return str(self._record["type"])

    @property
    def mode(self) -> str:
        """``output``, or ``input`` for one that was given to the task."""
        return str(self._record.get("mode", "output"))

    @property
    def size(self) -> int:
        """Number of bytes."""
        return int(self._record.get("size", 0))

    @property
    def hash(self) -> str:
        """BLAKE3 digest of the bytes; empty where only a record was made."""
        return str(self._record.get("digest") or "")

    @property
    def url(self) -> str:
        """Address of the bytes: where they lie, or ``blob:`` and the digest."""
        return str(self._record.get("uri") or (f"blob:{self.hash}" if self.hash else ""))

    @property
    def timestamp(self) -> datetime.datetime:
        """When it was made."""
        return datetime.datetime.fromtimestamp(self._record.get("time", 0) / 1000)

    @property
    def metadata(self) -> dict[str, Any]:
        """The key-value pairs given with it."""
        return dict(self._record.get("metadata", {}))

    @property
    def preview(self) -> str:
        """A short text that shows what is inside."""
        return str(self._record.get("preview", ""))

    def get(self, force_download: bool = False, allow_pickle: bool = False) -> Any:
        """The object that was stored; a file or folder answers the path of a local copy.

        Reading executes no code, except of a pickle with ``allow_pickle``.

        Raises:
            ValueError: It is a pickle and ``allow_pickle`` is false.
        """
        path = self._file(force_download)
        return artifact_format.unpack(path, self.type, str(self._record.get("media", "")), allow_pickle)

    def get_local_copy(
        self, extract_archive: bool = True, raise_on_error: bool = False, force_download: bool = False
    ) -> str | None:
        """Path of a local copy; a folder is unpacked unless ``extract_archive`` is false.

        Returns:
            The path, or ``None`` where it cannot be had and ``raise_on_error`` is false.
        """
        try:
            path = self._file(force_download)
            return str(artifact_format.extract(path) if extract_archive and self.type == "folder" else path)
        except Exception:
            if raise_on_error:
                raise
            return None

    def _file(self, force: bool = False) -> Path:
        uri = str(self._record.get("uri") or "")
        local = Path(uri[7:] if uri.startswith("file://") else uri)
        if not self.hash:
            if uri and local.exists():
                return local
            raise FileNotFoundError(f"artifact `{self.name}` is only a record; its bytes are at `{uri}`")
        if force:
            shutil.rmtree(downloads.folder("files", self.hash[:2], self.hash), ignore_errors=True)
        return downloads.download(self._store, self.hash, str(self._record.get("file") or self.name))

    def __repr__(self) -> str:
        return f"<Artifact `{self.name}` {self.type}, {self.size} bytes>"


class Artifacts(Mapping[str, Artifact]):
    """The artifacts of a task by name; they are changed by uploading, not by assignment.

    Example:
        >>> Artifacts([])["a"] = 1
        Traceback (most recent call last):
        TypeError: 'Artifacts' object does not support item assignment
    """

    def __init__(self, artifacts: list[Artifact]) -> None:
        self._artifacts = {artifact.name: artifact for artifact in artifacts}

    def __getitem__(self, name: str) -> Artifact:
        return self._artifacts[name]

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self._artifacts))

    def __len__(self) -> int:
        return len(self._artifacts)

    def __repr__(self) -> str:
        return f"Artifacts({self._artifacts})"
