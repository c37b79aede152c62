"""Datasets of sequences: single reads, or pairs of forward and reverse reads."""

from __future__ import annotations

import gzip
import os
import shutil
from pathlib import Path

from .dataset import NetworkDataset
from .sample import NetworkSample

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

ENDINGS = (".fasta", ".fastq", ".fa", ".fq")
METADATA = "_metadata"
FORWARD, REVERSE = "_R1_", "_R2_"


class SequenceSample(NetworkSample):
    """One file of sequences, or a forward and a reverse one."""

    def unzip(self, ignoreCache: bool = False) -> None:
        """Unpacks the sample, and the ``.gz`` files within it."""
        super().unzip(ignoreCache)
        self._files()

    @property
    def sequencePath(self) -> Path:
        """The file of single reads.

        Raises:
            FileNotFoundError: There is none.
            ValueError: The reads are paired.
        """
        if self.isPairedEnd():
            raise ValueError(f"sample `{self.name}` has paired reads; `forwardPath` and `reversePath` are there")
        return self._one("")

    @property
    def forwardPath(self) -> Path:
        """The file of forward reads.

        Raises:
            FileNotFoundError: There is none.
        """
        return self._one(FORWARD)

    @property
    def reversePath(self) -> Path:
        """The file of reverse reads.

        Raises:
            FileNotFoundError: There is none.
        """
        return self._one(REVERSE)

    def isPairedEnd(self) -> bool:
        """Whether there are forward and reverse reads."""
        names = [file.name for file in self._files()]
        return any(FORWARD in name for name in names) and any(REVERSE in name for name in names)

    def _one(self, mark: str) -> Path:
        found = [file for file in self._files() if mark in file.name]
        if not found:
            wanted = f"`*{mark}*`" if mark else "sequences"
            raise FileNotFoundError(f"sample `{self.name}` holds no file of {wanted} ({', '.join(ENDINGS)})")
        return found[0]

    def _files(self) -> list[Path]:
        packed = [entry for entry in self.path.rglob("*.gz") if entry.stem.lower().endswith(ENDINGS)]
        for archive in packed:
            plain = archive.with_suffix("")
            if not plain.exists():
                partial = plain.with_name(f".{plain.name}.{os.getpid()}")
                with gzip.open(archive) as content, open(partial, "wb") as into:
                    shutil.copyfileobj(content, into)
                os.replace(partial, plain)
        return sorted(entry for entry in self.path.rglob("*") if entry.name.lower().endswith(ENDINGS))


class SequenceDataset(NetworkDataset):
    """A dataset whose samples are sequences; the sample ``_metadata`` describes the others."""

    kind = "sequence"
    sampleType = SequenceSample

    @classmethod
    def createSequenceDataset(
        cls, name: str, projectId: int, metadataPath: str | Path, meta: dict[str, Any] | None = None
    ) -> SequenceDataset:
        """A new, open dataset with a file of metadata."""
        dataset = cls.createDataset(name, projectId, meta)
        dataset.add(metadataPath, METADATA)
        return dataset

    @property
    def metadata(self) -> SequenceSample:
        """The sample that describes the others.

        Raises:
            LookupError: There is none.
        """
        found = next((sample for sample in self._all() if sample.name == METADATA), None)
        if found is None:
            raise LookupError(f"dataset `{self.name}` has no sample `{METADATA}`")
        return found  # type: ignore[no-any-return]

    @property
    def samples(self) -> list[Any]:
        """The samples of sequences by name."""
        return [sample for sample in self._all() if sample.name != METADATA]

    def isPairedEnd(self) -> bool:
        """Whether all samples have paired reads.

        Raises:
            ValueError: Only some have.
        """
        paired = {sample.isPairedEnd() for sample in self.samples}
        if len(paired) > 1:
            raise ValueError(f"dataset `{self.name}` mixes single and paired reads")
        return paired == {True}
