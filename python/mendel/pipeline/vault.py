"""Values and files in the store: what is kept by digest, and brought back verified."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import Any, Dict

from mendel import _native, cache
from mendel.pipeline.cells import Cell
from mendel.pipeline.formats import Encoded, decode
from mendel.pipeline.observe import Stat, look
from mendel.store import Store

WAITING_MAX = 32 << 20
"""Bytes that wait to be put, at most: whoever makes more waits until they are put."""


class Damaged(Exception):
    """A stored value is missing, or its bytes are not what they were."""


class Vault:
    """Keeps and brings values. What it keeps is put together, and durable after a flush.

    Args:
        store: The store.
    """

    def __init__(self, store: Store) -> None:
        self.store = store
        self._digests: Dict[tuple[str, Stat], str] = {}
        self._waiting: Dict[str, bytes] = {}
        self._size = 0
        self._lock = threading.Lock()
        self._putting = threading.Lock()

    def keep(self, cell: Cell, encoded: Encoded, kept: bool) -> None:
        """Gives a cell its stored form; only a kept one leaves its bytes here."""
        cell.format, cell.size, cell.kept = encoded.format, len(encoded.data), kept
        cell.digest = digest = _native.digest(encoded.data)
        if kept:
            with self._lock:
                if digest not in self._waiting:
                    self._waiting[digest] = encoded.data
                    self._size += cell.size
            if self._size > WAITING_MAX:
                self.flush()

    def flush(self) -> None:
        """Puts what waits into the store; it is durable when this returns."""
        with self._putting:
            with self._lock:
                batch = dict(self._waiting)
            if batch:
                self.store.put_blobs(list(batch.items()))
                with self._lock:
                    self._size -= sum(len(self._waiting.pop(digest)) for digest in batch)

    def bring(self, cell: Cell) -> Any:
        """The value of a cell.

        Raises:
            Damaged: Its bytes are not there, or not what they were.
        """
        digest = cell.digest
        assert digest is not None, "a cell without value has a digest"
        if digest in self._waiting:
            self.flush()
        try:
            return decode(
                cell.format,
                lambda: self.store.blob(digest),
                lambda name: self._file(digest, name),
                cell.size,
            )
        except _native.Refused as error:
            raise Damaged(f"`{cell.name}`: {error}") from error

    def _file(self, digest: str, name: str | None) -> Path:
        """A file with these bytes. Where it needs no name it is that of the store, which nobody may change."""
        here = None if name is not None else _native.blob_file(self.store.workspace, digest)
        return cache.download(self.store, digest, name or "content") if here is None else Path(here)

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
