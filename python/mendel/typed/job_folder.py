"""The folder of a job: its files, its marks, and the lock that says whether it is alive.

The names are an interface: people look into these folders with ``ls`` and ``tail``. The
lock belongs to the supervisor of the job and to nobody else, and the operating system
releases it with the last process that holds it, however it ended.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
from pathlib import Path

from mendel.typed.paths import safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

PARAMS = "params.json"
LAUNCH = "launch.json"
OURS = ".mendel"


class JobFolder:
    """The folder of one task identity in one workspace.

    Args:
        workspace: The folder that holds ``jobs/``.
        type_id: The name of the task's class.
        digits: The identity, without its version.
    """

    def __init__(self, workspace: Path, type_id: str, digits: str) -> None:
        self.workspace = workspace
        self.path = workspace / "jobs" / safe(type_id) / digits
        self.name = safe(type_id.rpartition(".")[2])

    @property
    def stdout(self) -> Path:
        """What the task printed."""
        return self.path / f"{self.name}.out"

    @property
    def stderr(self) -> Path:
        """What the task wrote to its standard error."""
        return self.path / f"{self.name}.err"

    @property
    def done(self) -> Path:
        """Is there when the task succeeded."""
        return self.path / f"{self.name}.done"

    @property
    def failed(self) -> Path:
        """Is there when the task failed, and says why."""
        return self.path / f"{self.name}.failed"

    @property
    def pid(self) -> Path:
        """Describes the process while there is one."""
        return self.path / f"{self.name}.pid"

    @property
    def ours(self) -> Path:
        """The folder for what users need not look at."""
        return self.path / OURS

    def is_done(self) -> bool:
        """Whether the task succeeded, and all that it made under generated paths is still there."""
        told = _read(self.done)
        if told is None or not (self.path / PARAMS).is_file():
            return False
        return all((self.path / name).exists() for name in told.get("outputs", ()))

    def failure(self) -> dict[str, Any] | None:
        """Why the task failed; ``None`` where it did not."""
        return _read(self.failed)

    def write(self, name: str, document: Any) -> None:
        """Writes a document; whoever reads sees all of it or nothing."""
        write(self.path / name, document)

    def acquire(self) -> int | None:
        """Takes the lock; ``None`` while another process has it.

        Only who is handed the lock may inherit it: another process would keep the job alive.
        """
        self.ours.mkdir(parents=True, exist_ok=True)
        handle = os.open(self.ours / "lock", os.O_RDWR | os.O_CREAT, 0o644)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(handle)
            return None
        return handle

    def is_alive(self) -> bool:
        """Whether a process of the job exists."""
        try:
            handle = os.open(self.ours / "lock", os.O_RDWR | os.O_CLOEXEC)
        except OSError:
            return False
        try:
            fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        finally:
            os.close(handle)
        return False

    def begin_attempt(self, keep: bool) -> int:
        """Makes room for an attempt and answers its number. Call it with the lock.

        Args:
            keep: Leave the files of the task where they are, for one that goes on from them.
        """
        count = self.ours / "attempts"
        before = int(count.read_text()) if count.is_file() else 0
        if before:
            aside = self.ours / f"attempt-{before}"
            for entry in sorted(self.path.iterdir()):
                is_ours = entry in (self.stdout, self.stderr, self.done, self.failed, self.pid)
                if entry.name not in (OURS, PARAMS) and (is_ours or not keep):
                    aside.mkdir(exist_ok=True)
                    shutil.move(str(entry), str(aside / entry.name))
        write(count, before + 1)
        return before + 1


def _read(mark: Path) -> dict[str, Any] | None:
    """What a mark says; ``None`` where there is none. One that is damaged says nothing."""
    try:
        told = json.loads(mark.read_text(encoding="utf-8"))
    except OSError:
        return None
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}


def write(path: Path, document: Any) -> None:
    """Writes a JSON document; whoever reads sees all of it or nothing."""
    part = path.with_name(f".{path.name}.{os.getpid()}")
    with open(part, "w", encoding="utf-8", errors="surrogatepass") as stream:
        json.dump(document, stream, indent=1, ensure_ascii=False)
        stream.flush()
        os.fsync(stream.fileno())
    os.replace(part, path)
