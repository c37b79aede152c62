"""Artifacts as old tasks see them: a file of the run under the path it was given."""

from __future__ import annotations

import logging
from pathlib import Path

from . import folder_manager, place

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class Artifact:
    """A stored file of a run."""

    def __init__(self, taskRunId: int, remoteFilePath: str, localFilePath: Path, mimeType: str, size: int) -> None:
        self.taskRunId = taskRunId
        self.remoteFilePath = remoteFilePath
        self.localFilePath = localFilePath
        self.mimeType = mimeType
        self.size = size
        self._stored: Any = None

    def download(self) -> bool:
        """Brings the file to ``localFilePath``; whether it is there."""
        import shutil

        if self._stored is not None:
            copy = self._stored.get_local_copy(extract_archive=False)
            if copy is None:
                return False
            self.localFilePath.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(copy, self.localFilePath)
        return self.localFilePath.is_file()

    @classmethod
    def fetchAll(cls, taskRunId: int) -> list[Artifact]:
        """The stored files of the run with that number.

        Raises:
            LookupError: There is no such run.
        """
        from mendel.artifact import Artifact as Stored

        store = place.store()
        run = store.run(f"@{taskRunId}")
        if run is None:
            raise LookupError(f"there is no run @{taskRunId}")
        found = []
        for record in store.artifacts(run["id"]):
            if record.get("digest"):
                local = folder_manager.getArtifactsFolder(taskRunId) / record["name"]
                made = cls(taskRunId, record["name"], local, record.get("media", ""), int(record["size"]))
                made._stored = Stored(record, store)
                found.append(made)
        return found

    def __repr__(self) -> str:
        return f"<Artifact `{self.remoteFilePath}`>"


def store(run: int, local: str | Path, remote: str, mimeType: str | None) -> Artifact | None:
    """Stores a file now; ``None``, with a line in the log, where that fails."""
    import mimetypes

    from mendel.artifact_format import Packed

    path = Path(local)
    media = mimeType or mimetypes.guess_type(path.name)[0] or mimetypes.guess_type(remote)[0]
    media = media or "application/octet-stream"
    try:
        if not path.is_file():
            raise FileNotFoundError(f"there is no file `{path}`")
        packed = Packed("file", Path(remote).name, media, Path(remote).name, path=path)
        place.task()._record_artifact(remote, packed, {})
        return Artifact(run, remote, path, media, path.stat().st_size)
    except Exception as error:
        logging.getLogger("coretex").error("artifact `%s` was not stored: %s", remote, error)
        return None
