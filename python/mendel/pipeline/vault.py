"""Values and files in the store: what is kept by digest, and brought back verified."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import Any, Dict

from mendel import _native, downloads
from mendel.pipeline.cells import Cell
from mendel.pipeline.formats import MAPPED_MIN, Encoded, decode
from mendel.pipeline.look import Stat, look
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
        self._waiting: Dict[str, bytes | str] = {}
        self._folder = os.path.join(store.workspace, "blobs", "tmp")
        self._size = 0
        self._lock = threading.Lock()
        self._putting = threading.Lock()

    def keep(self, cell: Cell, encoded: Encoded, kept: bool) -> None:
        """Gives a cell its stored form; only a kept one leaves its bytes here."""
        cell.format, cell.size, cell.kept = encoded.format, encoded.size, kept
        cell.digest = digest = encoded.digest()
        if not kept or digest in self._waiting:
            return
        bytes_or_name = self._staged(encoded) if cell.size >= MAPPED_MIN else encoded.whole()
        with self._lock:
            self._waiting[digest] = bytes_or_name
            self._size += len(bytes_or_name)
        if self._size > WAITING_MAX:
            self.flush()

    def flush(self) -> None:
        """Puts what waits into the store; it is durable when this returns."""
        with self._putting:
            with self._lock:
                batch = dict(self._waiting)
            small = [(digest, data) for digest, data in batch.items() if isinstance(data, bytes)]
            files = [(data, digest) for digest, data in batch.items() if isinstance(data, str)]
            if small:
                self.store.put_blobs(small)
            if files:
                self._adopt(files)
            with self._lock:
                self._size -= sum(len(self._waiting.pop(digest)) for digest in batch)

    def _staged(self, encoded: Encoded) -> bytes | str:
        """The name of a file beside the blobs that has the bytes; the bytes, where the store is elsewhere."""
        if not os.path.isdir(self._folder):
            return encoded.whole()
        name = f"{_native.new_id()}.staged"
        path = os.path.join(self._folder, name)
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), "wb") as stream:
            encoded.write(stream)
        return name

    def _adopt(self, files: list[tuple[str, str]]) -> None:
        """Lets the store take the files over; those that it does not find are sent."""
        for (name, _), adopted in zip(files, self.store.adopt_blobs(files)):
            if not adopted:
                path = Path(self._folder, name)
                self.store.put_blob(path)
                path.unlink()

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
        return downloads.download(self.store, digest, name or "content") if here is None else Path(here)

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
