"""Storing artifacts of a task: once, or again whenever a table changes."""

from __future__ import annotations

import json
import os
import time

from mendel.destination import Destination, safe_name
from mendel.notes import warn

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any, Callable, Mapping

    from mendel import artifact_format
    from mendel.artifact import Artifacts
    from mendel.store import Document

SETTLE_SECONDS = 30.0


class ArtifactMembers(Destination):
    """The members of a task that concern artifacts."""

    _local: list[Document]
    _registered: dict[str, Any]

    def upload_artifact(
        self,
        name: str,
        artifact_object: Any,
        metadata: Mapping[str, Any] | None = None,
        delete_after_upload: bool = False,
        auto_pickle: bool = False,
        wait_on_upload: bool = False,
    ) -> bool:
        """Stores an object as an artifact, in the background; the same name overwrites.

        Args:
            name: Name within the task.
            artifact_object: A path, folder or wildcard, a dictionary or list (JSON), a
                DataFrame (CSV.gz), an array (NPZ), an image (PNG), a text, or bytes.
            metadata: Key-value pairs to keep with it.
            delete_after_upload: Delete the given file once the store has its bytes.
            auto_pickle: Store an object of another type as a pickle.
            wait_on_upload: Return only when it is stored.

        Returns:
            Whether it was taken; with ``wait_on_upload`` whether it is stored.

        Raises:
            ValueError: The object has no fixed format, or the file does not exist.
        """
        from mendel import artifact_format

        self._open()
        pack = artifact_format.prepare(name, artifact_object, auto_pickle)
        ended: list[bool] = []
        self._uploads.add(lambda: self._upload(name, pack, dict(metadata or {}), delete_after_upload, ended))
        if wait_on_upload:
            self._uploads.wait(SETTLE_SECONDS)
            return ended == [True]
        return True

    def _upload(
        self,
        name: str,
        pack: Callable[[], artifact_format.Packed],
        metadata: Document,
        delete: bool,
        ended: list[bool],
    ) -> None:
        packed = pack()
        try:
            self._record_artifact(name, packed, metadata)
        finally:
            if packed.temporary and packed.path is not None:
                packed.path.unlink(missing_ok=True)
        if delete and packed.source is not None:
            self._delete_source(packed.source)
        ended.append(True)

    def _record_artifact(self, name: str, packed: artifact_format.Packed, metadata: Document) -> None:
        content = packed.data if packed.data is not None else packed.path
        record: Document = {
            "name": name,
            "type": packed.kind,
            "file": packed.file,
            "media": packed.media,
            "preview": packed.preview,
            "metadata": json.loads(json.dumps(metadata, default=str)),
            "time": int(time.time() * 1000),
        }
        record["size"] = len(content) if isinstance(content, bytes) else os.path.getsize(str(content))
        record["digest"] = None
        if self.output_uri and content is not None:
            record["uri"] = self.get_output_destination(f"artifacts/{safe_name(name)}/{safe_name(packed.file)}")
        record["digest"] = self._open().artifact(json.dumps(record), content)
        self._local = [known for known in self._local if known["name"] != name] + [record]
        if record.get("uri") and content is not None:
            # Last, since a destination that cannot be reached must not cost the artifact.
            self._copy_out(content, record["uri"])

    def _delete_source(self, source: Path) -> None:
        """Deletes an uploaded file, but only once the store has acknowledged its bytes."""
        if self._acknowledged(SETTLE_SECONDS) and not self._open().counts()["refused"]:
            source.unlink(missing_ok=True)
        else:
            warn("`%s` was kept, since the store has not confirmed it", source)

    def register_artifact(
        self,
        name: str,
        artifact: Any,
        metadata: Mapping[str, Any] | None = None,
        uniqueness_columns: bool | list[str] = True,
    ) -> None:
        """Stores a DataFrame now, and again whenever it has changed.

        Args:
            name: Name within the task; the same name replaces.
            artifact: The DataFrame, which the script goes on changing.
            metadata: Key-value pairs to keep with it.
            uniqueness_columns: Columns by which rows are duplicates, of which the last is
                stored; ``True`` for all columns, ``False`` for none.

        Raises:
            ValueError: It is no DataFrame, or has no such column.
        """
        from mendel import _native, artifact_format

        if not artifact_format._is(artifact, "pandas", "DataFrame"):
            raise ValueError(f"artifact `{name}`: only a DataFrame can be registered")
        columns = list(artifact.columns) if uniqueness_columns is True else list(uniqueness_columns or [])
        missing = [str(column) for column in columns if column not in artifact.columns]
        if missing:
            raise ValueError(f"artifact `{name}`: there is no column `{'`, `'.join(missing)}`")
        self._registered[name] = artifact
        every = uniqueness_columns is True
        state = {"digest": ""}

        def check() -> None:
            frame = artifact.copy()
            if columns:
                frame = frame.drop_duplicates(subset=None if every else columns, keep="last")
            packed = artifact_format.pack_frame(name, frame, "data-audit-table")
            digest = _native.digest(packed.data or b"")
            if digest != state["digest"]:
                self._record_artifact(name, packed, dict(metadata or {}))
                state["digest"] = digest

        check()
        self._watcher.add(f"artifact/{name}", check)

    def unregister_artifact(self, name: str) -> None:
        """Stores a registered table a last time and watches it no more.

        Raises:
            ValueError: No table of that name is registered.
        """
        if name not in self._registered:
            raise ValueError(f"no artifact `{name}` is registered")
        self._watcher.check_now()
        self._watcher.remove(f"artifact/{name}")
        del self._registered[name]

    def get_registered_artifacts(self) -> dict[str, Any]:
        """The registered tables by name: the objects that are watched."""
        return dict(self._registered)

    @property
    def artifacts(self) -> Artifacts:
        """The artifacts of the task by name, read-only."""
        from mendel import _native
        from mendel.artifact import Artifact, Artifacts

        self._settle()
        try:
            records = self._store.artifacts(self.id)
        except _native.Unreachable:
            if not self._main:
                raise
            records = self._local
        return Artifacts([Artifact(record, self._store) for record in records if record.get("type") != "deleted"])

    def set_artifacts(self, artifacts_list: list[Any] | None = None) -> None:
        """Replaces the records of artifacts; their bytes are left alone.

        Args:
            artifacts_list: :class:`Artifact` objects, or mappings with ``name`` (or
                ``key``), ``type``, ``uri`` or ``digest``.
        """
        from mendel.artifact import Artifact

        if not artifacts_list:
            return
        writer = self._open()
        wanted = []
        for item in artifacts_list:
            given = dict(item._record) if isinstance(item, Artifact) else dict(item)
            given["name"] = given.pop("key", None) or given["name"]
            wanted.append(
                {
                    "name": given["name"],
                    "type": given.get("type", "custom"),
                    "mode": given.get("mode", "output"),
                    "digest": given.get("digest"),
                    "size": int(given.get("size", given.get("content_size", 0))),
                    "file": given.get("file", given["name"]),
                    "media": given.get("media", ""),
                    "preview": given.get("preview", ""),
                    "metadata": given.get("metadata", {}),
                    "uri": given.get("uri"),
                    "time": int(time.time() * 1000),
                }
            )
        names = {record["name"] for record in wanted}
        dropped = [name for name in self.artifacts if name not in names]
        gone = [{"name": name, "type": "deleted", "digest": None, "size": 0, "file": name} for name in dropped]
        for record in [*wanted, *gone]:
            record.setdefault("time", int(time.time() * 1000))
            writer.artifact(json.dumps(record))
        self._local = wanted

    @property
    def data_audit(self) -> dict[str, Any]:
        """The registered tables by name."""
        return self.get_registered_artifacts()
