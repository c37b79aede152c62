"""Values and files in the store: what is kept by digest, and brought back verified."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Dict

from mendel import _native, downloads
from mendel.pipeline.cells import Cell
from mendel.pipeline.formats import Encoded, decode
from mendel.pipeline.look import Stat, look
from mendel.store import Store


class Damaged(Exception):
    """A stored value is missing, or its bytes are not what they were."""


class Vault:
    """Keeps and brings values.

    Args:
        store: The store.
    """

    def __init__(self, store: Store) -> None:
        self.store = store
        self._digests: Dict[tuple[str, Stat], str] = {}

    def keep(self, cell: Cell, encoded: Encoded, kept: bool) -> None:
        """Gives a cell its stored form; only a kept one leaves its bytes here."""
        cell.format, cell.size, cell.kept = encoded.format, len(encoded.data), kept
        cell.digest = self.store.put_blob(encoded.data)[0] if kept else _native.digest(encoded.data)

    def bring(self, cell: Cell) -> Any:
        """The value of a cell.

        Raises:
            Damaged: Its bytes are not there, or not what they were.
        """
        digest = cell.digest
        assert digest is not None, "a cell without value has a digest"
        try:
            return decode(
                cell.format,
                lambda: self.store.blob(digest),
                lambda name: downloads.download(self.store, digest, name),
                cell.size,
            )
        except _native.Refused as error:
            raise Damaged(f"`{cell.name}`: {error}") from error

    def file_digest(self, path: str | os.PathLike[str]) -> str | None:
        """Digest of a file; None where there is none."""
        stat = look(path)
        if stat is None or not os.path.isfile(path):
            return None
        key = (os.fspath(path), stat)
        if key not in self._digests:
            self._digests[key] = _native.digest(Path(path))
        return self._digests[key]

    def restore(self, record: Dict[str, Any], path: Path) -> None:
        """Puts a file back to `path`, unless it is there.

        Raises:
            Damaged: Its bytes are not in the store.
        """
        if self.file_digest(path) == record["digest"]:
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_name(f".{path.name}.{os.getpid()}")
        try:
            self.store.blob_to_file(record["digest"], partial)
            os.chmod(partial, record["mode"])
            os.replace(partial, path)
        except _native.Refused as error:
            raise Damaged(f"`{path}`: {error}") from error
        finally:
            partial.unlink(missing_ok=True)
