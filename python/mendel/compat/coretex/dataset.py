"""Datasets: folders of samples, given by path or made by a task and kept in the workspace.

A dataset that a task makes is open until it is finalized, then read-only; its version is
the digest of its samples.
"""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path

from . import shelf
from .project import numberOf
from .sample import CustomSample, NetworkSample, nameOf

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Iterator, TypeVar

    DatasetT = TypeVar("DatasetT", bound="NetworkDataset")


class NetworkDataset:
    """A named, ordered set of samples in a folder.

    Every ``*.zip``, sub-folder and other file of the folder is a sample; hidden ones and
    ``classes.json`` are not.
    """

    kind = "custom"
    sampleType: type[Any] = NetworkSample
    _left_out: tuple[str, ...] = ("classes.json",)

    def __init__(self, path: str | Path, name: str | None = None) -> None:
        self.path = Path(path)
        self._facts = shelf.facts(self.path)
        self.name = str(name or self._facts.get("name") or self.path.absolute().name)
        self._samples: list[Any] | None = None

    @property
    def id(self) -> int:
        """The number of the dataset."""
        return int(self._facts.get("id") or numberOf("dataset", self.name))

    @property
    def projectId(self) -> int:
        """The number of the project it was made in; 0 for a folder given by path."""
        return int(self._facts.get("project") or 0)

    @property
    def meta(self) -> dict[str, Any]:
        """What was said about it when it was made."""
        return dict(self._facts.get("meta") or {})

    @property
    def isLocked(self) -> bool:
        """Whether it was finalized, and takes no more samples."""
        return self._facts.get("state") == "finalized"

    @property
    def version(self) -> str | None:
        """Digest of the samples, once finalized."""
        return self._facts.get("version")

    @property
    def samples(self) -> list[Any]:
        """The samples by name."""
        return self._all()

    @property
    def count(self) -> int:
        """How many samples there are."""
        return len(self.samples)

    def _all(self) -> list[Any]:
        if self._samples is None:
            self._samples = self._find()
        return self._samples

    def _find(self) -> list[Any]:
        if not self.path.is_dir():
            raise FileNotFoundError(f"there is no folder `{self.path}` for dataset `{self.name}`")
        entries = [entry for entry in self.path.iterdir() if self._isSample(entry)]
        names = [nameOf(entry) for entry in entries]
        pairs = ((name if names.count(name) == 1 else entry.name, entry) for name, entry in zip(names, entries))
        return [self.sampleType(entry, self.name, name) for name, entry in sorted(pairs)]

    def _isSample(self, entry: Path) -> bool:
        return not entry.name.startswith(".") and entry.name not in self._left_out and entry.name != "__pycache__"

    def refresh(self) -> bool:
        """Looks for samples anew."""
        self._samples = None
        return True

    def download(self, decrypt: bool = True, ignoreCache: bool = False) -> None:
        """Does nothing, since local samples are here."""

    def getSample(self, name: str) -> Any:
        """The first sample whose name begins with ``name``, the exact one first; or ``None``."""
        found = [sample for sample in self.samples if sample.name.startswith(name)]
        return min(found, key=lambda sample: sample.name != name, default=None)

    def getSamples(self, wanted: Callable[[Any], bool]) -> list[Any]:
        """The samples for which ``wanted`` is true."""
        return [sample for sample in self.samples if wanted(sample)]

    def add(self, path: str | Path, sampleName: str | None = None, **metadata: Any) -> Any:
        """Adds a copy of an archive, folder or file; a used name gets a serial suffix.

        Raises:
            PermissionError: The dataset was finalized.
            FileNotFoundError: There is no such path.
        """
        self._mustBeOpen()
        source = Path(path)
        if not source.exists():
            raise FileNotFoundError(f"there is no `{source}` to add to dataset `{self.name}`")
        endings = "".join(_endings(source))
        stem = Path(sampleName or source.name).name
        target = self._target(stem[: -len(endings)] if endings and stem.endswith(endings) else stem, endings)
        self._place(source, target)
        self.refresh()
        sample = next(sample for sample in self._all() if sample.source == target)
        if metadata:
            sample.saveMetadata(metadata)
        return sample

    def _target(self, stem: str, endings: str) -> Path:
        """A free place for a sample, whose name no other sample has."""
        used = {sample.name for sample in self._all()}
        name, serial = stem, 0
        while name in used or (self.path / f"{name}{endings}").exists():
            serial += 1
            name = f"{stem}-{serial}"
        return self.path / f"{name}{endings}"

    def _place(self, source: Path, target: Path) -> None:
        shelf.copy(source, target)

    def _mustBeOpen(self) -> None:
        if self.isLocked:
            raise PermissionError(f"dataset `{self.name}` was finalized and is read-only")
        if not self._facts:
            raise PermissionError(
                f"dataset `{self.name}` was given by path and is read-only; `createDataset` makes one"
            )

    def finalize(self) -> bool:
        """Ends the making: from now on the dataset is read-only, and later runs find it."""
        self._mustBeOpen()
        self._facts = shelf.finalize(self.path)
        return True

    def rename(self, name: str) -> bool:
        """Gives the dataset another name."""
        self._facts = shelf.change(self.path, name=name)
        self.name = name
        return True

    @classmethod
    def createDataset(
        cls: type[DatasetT], name: str, projectId: int, meta: dict[str, Any] | None = None, **_: Any
    ) -> DatasetT:
        """A new, open dataset in the workspace."""
        return cls(shelf.create(name, cls.kind, projectId, meta))

    @classmethod
    def createCacheDataset(cls: type[DatasetT], prefix: str, dependencies: list[str], projectId: int) -> DatasetT:
        """A new dataset that is found again by what it depends on."""
        return cls.createDataset(_cacheName(prefix, dependencies), projectId)

    @classmethod
    def fetchCachedDataset(cls: type[DatasetT], dependencies: list[str]) -> DatasetT | None:
        """The finalized dataset that depends on the same, or ``None``."""
        ending = _cacheName("", dependencies)
        paths = shelf.find(lambda facts: str(facts["name"]).endswith(ending) and facts.get("state") == "finalized")
        return cls(paths[0]) if paths else None

    @classmethod
    def fetchAll(cls: type[DatasetT], name: str | None = None, **_: Any) -> list[DatasetT]:
        """The datasets of the workspace of that name, or all; the newest first."""
        return [cls(path) for path in shelf.find(lambda facts: name is None or facts["name"] == name)]

    @classmethod
    def fetchByName(cls: type[DatasetT], name: str) -> DatasetT:
        """The newest dataset of that name.

        Raises:
            LookupError: There is none.
        """
        return cls(shelf.look(name))

    @classmethod
    def fetchById(cls: type[DatasetT], id: int) -> DatasetT:
        """The dataset of that number.

        Raises:
            LookupError: There is none.
        """
        return cls(shelf.look(id))

    def encode(self) -> dict[str, Any]:
        """What is needed to find the dataset again."""
        return {"path": str(self.path), "name": self.name}

    @classmethod
    def decode(cls: type[DatasetT], encoded: dict[str, Any]) -> DatasetT:
        """The same dataset as this class."""
        return cls(encoded["path"], encoded["name"])

    def __iter__(self) -> Iterator[Any]:
        return iter(self.samples)

    def __len__(self) -> int:
        return self.count

    def __repr__(self) -> str:
        return f"<{type(self).__name__} `{self.name}` at `{self.path}`>"


class CustomDataset(NetworkDataset):
    """A dataset whose samples hold any files."""

    sampleType = CustomSample


@contextmanager
def createDataset(
    datasetType: type[DatasetT], name: str, projectId: int, meta: dict[str, Any] | None = None
) -> Iterator[DatasetT]:
    """Makes a dataset and finalizes it on the way out; an exception leaves it open."""
    dataset = datasetType.createDataset(name, projectId, meta)
    yield dataset
    if not dataset.isLocked:
        dataset.finalize()


def openDataset(datasetType: type[DatasetT], reference: int | str) -> DatasetT:
    """The dataset that a parameter names: a path, else a name or number in the workspace.

    Raises:
        LookupError: There is none.
    """
    if isinstance(reference, str):
        path = Path(reference).expanduser()
        if path.is_dir():
            shelf.recordUse(path.absolute())
            return datasetType(path.absolute())
        if path.exists():
            raise LookupError(f"dataset `{reference}` is a file; a folder of samples is needed")
    path = shelf.look(reference)
    shelf.recordUse(path)
    return datasetType(path)


def _cacheName(prefix: str, dependencies: list[str]) -> str:
    return f"{prefix}-{numberOf('cache', *map(str, dependencies)):08x}"


def _endings(path: Path) -> list[str]:
    """The endings of a file that are no part of its name."""
    if path.is_dir():
        return []
    return path.suffixes[-2:] if path.suffix.lower() == ".gz" else path.suffixes[-1:]
