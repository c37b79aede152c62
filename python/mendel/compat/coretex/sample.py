"""Samples: the archives, folders and files of which a dataset consists.

Whatever a sample is on disk, a script sees a folder: an archive is unpacked on demand into
the hidden folder ``.unpacked`` beside it, a single file is put into a folder of its own.
"""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

from . import folder_manager
from .project import numberOf

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

UNPACKED = ".unpacked"
METADATA = "metadata.json"


class CustomSampleData:
    """The content of a sample: the bytes of its files by their path within it."""

    def __init__(self, folderContent: dict[str, bytes]) -> None:
        self.folderContent = folderContent


class NetworkSample:
    """A sample of a dataset.

    Args:
        source: The archive, folder or file.
        dataset: Name of the dataset, which tells samples of one name apart.
        name: Its name; that of the file without its ending by default.
    """

    def __init__(self, source: Path, dataset: str = "", name: str | None = None) -> None:
        self.source = Path(source)
        self.name = name or nameOf(self.source)
        self._dataset = dataset

    @property
    def id(self) -> int:
        """A number for the sample, the same in every run."""
        return numberOf("sample", self._dataset, self.name)

    @property
    def zipPath(self) -> Path:
        """The archive; for a sample that is none, the folder or file itself."""
        return self.source

    @property
    def isArchive(self) -> bool:
        """Whether the sample has to be unpacked."""
        return self.source.is_file() and self.source.suffix.lower() == ".zip"

    @property
    def path(self) -> Path:
        """The folder with the files of the sample, unpacked if need be."""
        if self.source.is_dir():
            return self.source
        folder = self._unpackedFolder()
        if not folder.is_dir() or folder.stat().st_mtime < self.source.stat().st_mtime:
            self._unpack(folder)
        return folder

    def unzip(self, ignoreCache: bool = False) -> None:
        """Unpacks the sample; again with ``ignoreCache``.

        Raises:
            zipfile.BadZipFile: The archive is damaged.
        """
        if ignoreCache and not self.source.is_dir():
            folder_manager.deleteFolder(self._unpackedFolder())
        _ = self.path

    def download(self, decrypt: bool = True, ignoreCache: bool = False) -> bool:
        """Does nothing, since local samples are here."""
        return True

    def joinPath(self, *parts: str | Path) -> Path:
        """A path within the sample."""
        return self.path.joinpath(*parts)

    def load(self) -> Any:
        """The content of the sample."""
        files = sorted(entry for entry in self.path.rglob("*") if entry.is_file())
        return CustomSampleData({file.relative_to(self.path).as_posix(): file.read_bytes() for file in files})

    @property
    def metadataPath(self) -> Path:
        """Where the metadata is, or would be."""
        return self.joinPath(METADATA)

    def loadMetadata(self) -> dict[str, Any]:
        """The metadata.

        Raises:
            FileNotFoundError: There is none.
            ValueError: It is no mapping.
        """
        found = json.loads(self.metadataPath.read_text("utf-8"))
        if not isinstance(found, dict):
            raise ValueError(f"`{METADATA}` of sample `{self.name}` must be a mapping")
        return found

    def saveMetadata(self, metadata: dict[str, Any]) -> bool:
        """Keeps metadata with the sample."""
        return self._write(METADATA, metadata)

    def _write(self, file: str, content: Any) -> bool:
        """Writes a JSON file into the sample, and into its archive where it is one."""
        text = json.dumps(content, indent=2)
        (self.path / file).write_text(text, "utf-8")
        if self.isArchive:
            _replaceMember(self.source, file, text)
            os.utime(self.path)
        return True

    def _unpackedFolder(self) -> Path:
        beside = self.source.parent / UNPACKED
        if self.isArchive and os.access(self.source.parent, os.W_OK):
            return beside / self.source.stem
        return folder_manager.temp / UNPACKED / f"{numberOf(str(self.source.absolute()))}-{self.source.stem}"

    def _unpack(self, folder: Path) -> None:
        marker = folder.parent / ".coretexignore"
        folder.parent.mkdir(parents=True, exist_ok=True)
        # What is unpacked is no result of the run.
        marker.touch()
        partial = folder.parent / f".{folder.name}.{os.getpid()}"
        folder_manager.deleteFolder(partial)
        partial.mkdir()
        try:
            if self.isArchive:
                import zipfile

                with zipfile.ZipFile(self.source) as archive:
                    archive.extractall(partial)
            else:
                shutil.copyfile(self.source, partial / self.source.name)
            folder_manager.deleteFolder(folder)
            os.replace(partial, folder)
            os.utime(folder)
        finally:
            folder_manager.deleteFolder(partial)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} `{self.name}`>"


class CustomSample(NetworkSample):
    """A sample of any files."""


def nameOf(source: Path) -> str:
    """The name of the sample at a path.

    Example:
        >>> nameOf(Path("reads/a.fastq.gz")), nameOf(Path("b.zip"))
        ('a', 'b')
    """
    if source.is_dir():
        return source.name
    stem = source.name[:-3] if source.name.lower().endswith(".gz") else source.name
    return Path(stem).stem


def _replaceMember(archive: Path, member: str, text: str) -> None:
    import zipfile

    partial = archive.with_name(f".{archive.name}.{os.getpid()}")
    try:
        with zipfile.ZipFile(archive) as old, zipfile.ZipFile(partial, "w", zipfile.ZIP_DEFLATED) as new:
            for entry in old.infolist():
                if entry.filename != member:
                    new.writestr(entry, old.read(entry))
            new.writestr(member, text)
        os.replace(partial, archive)
    finally:
        partial.unlink(missing_ok=True)
