"""Where the files of a task go besides the store, and how they are named there."""

from __future__ import annotations

import os

from mendel.notes import warn
from mendel.run_handle import RunHandle

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

_UNSAFE = dict.fromkeys((*range(32), *map(ord, '"*:<>?|\\/')), "_")


class Destination(RunHandle):
    """The members of a task that concern its output destination."""

    @property
    def output_uri(self) -> str | None:
        """Where files of the task go besides the store."""
        found = self._facts.get("documents", {}).get("output") or {}
        return found.get("destination") or None

    @output_uri.setter
    def output_uri(self, value: str | None) -> None:
        self._change(documents={"output": {"destination": str(value)} if value else None})

    def get_output_destination(self, extra_path: str | None = None, **kwargs: Any) -> str:
        """Folder or address where the files of the task are, with ``extra_path`` appended."""
        base = self.output_uri
        if base is None:
            base = os.path.join(self._store.workspace, "blobs")
        else:
            parts = [part for part in self.project.split("/") if part]
            base = "/".join([base.rstrip("/"), *map(safe_name, parts), f"{safe_name(self.name)}.{self.id}"])
        return f"{base}/{extra_path}" if extra_path else base

    def _copy_out(self, source: Path | bytes, address: str) -> None:
        """Copies a stored file to the output destination: a folder, or a bucket that speaks S3."""
        if address.startswith("blob:"):
            return
        if address.startswith("s3://"):
            from mendel import s3

            s3.put(source, address)
            return
        if "://" in address and not address.startswith("file://"):
            warn("nothing was copied to `%s`; folders and `s3://` are destinations here", address)
            return
        import shutil
        from pathlib import Path

        target = Path(address[7:] if address.startswith("file://") else address)
        target.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(source, bytes):
            target.write_bytes(source)
        else:
            shutil.copyfile(source, target)


def safe_name(name: str) -> str:
    """A name as part of a path.

    Example:
        >>> safe_name("a/b: c?")
        'a_b_ c_'
    """
    cleaned = str(name).translate(_UNSAFE).strip()
    return cleaned if cleaned not in ("", ".", "..") else "_"
