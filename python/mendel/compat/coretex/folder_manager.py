"""Folders that a task may use: a temporary one for the run, and kept ones beside the store.

``temp``, ``cache``, ``samplesFolder``, ``datasetsFolder`` and ``modelsFolder`` are made
when first asked for.
"""

from __future__ import annotations

import atexit
import contextlib
import os
from pathlib import Path

from . import place

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Optional

    temp: Path
    cache: Path
    samplesFolder: Path
    datasetsFolder: Path
    modelsFolder: Path


def createTempFolder(name: str) -> Path:
    """Makes a folder below ``temp``.

    Raises:
        FileExistsError: It is there already.
    """
    path = _temp() / name
    try:
        path.mkdir(parents=True)
    except FileExistsError:
        raise FileExistsError(f"the temporary folder `{name}` exists already") from None
    return path


def tempFile(name: Optional[str] = None) -> Path:
    """The path of a file below ``temp`` that does not exist yet."""
    path = _temp() / (name or os.urandom(16).hex())
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def getTempFolder(name: str) -> Path:
    """The folder of that name below ``temp``, which need not exist."""
    return _temp() / name


def getArtifactsFolder(id: int) -> Path:
    """The folder for downloaded artifacts of the run with that number."""
    return _kept("artifacts", str(id))


def clearTempFiles() -> None:
    """Empties ``temp``."""
    folder = _temp()
    for entry in folder.iterdir():
        deleteFolder(entry) if entry.is_dir() and not entry.is_symlink() else entry.unlink()


def deleteFolder(path: Path) -> None:
    """Deletes a folder, as far as that is possible.

    By whole paths, other than ``shutil.rmtree``: names below an open folder would be
    taken for files that the run reads in its own.
    """
    for folder, names, files in os.walk(path, topdown=False):
        for name in (*files, *names):
            entry = os.path.join(folder, name)
            with contextlib.suppress(OSError):
                os.rmdir(entry) if os.path.isdir(entry) and not os.path.islink(entry) else os.unlink(entry)
    with contextlib.suppress(OSError):
        os.rmdir(path)


def _kept(*parts: str) -> Path:
    path = place.workspace().joinpath("cache", "coretex", *parts)
    path.mkdir(parents=True, exist_ok=True)
    return path


def _temp() -> Path:
    run = place.taskIfAny()
    path = place.workspace() / "cache" / "coretex" / "temp" / (run.id if run else f"process-{os.getpid()}")
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        path.mkdir()
    except FileExistsError:
        return path
    # Whoever made it empties it: child processes of the run share it.
    atexit.register(_remove, path, os.getpid())
    return path


def _remove(path: Path, process: int) -> None:
    if os.getpid() == process:
        deleteFolder(path)


def __getattr__(name: str) -> Any:
    if name == "temp":
        return _temp()
    if name == "cache":
        return _kept("files")
    if name == "datasetsFolder":
        path = place.workspace() / "datasets"
        path.mkdir(parents=True, exist_ok=True)
        return path
    if name in ("samplesFolder", "modelsFolder"):
        return _kept(name[: -len("Folder")])
    raise AttributeError(f"`folder_manager.{name}` is not part of the local shim of Mendel")
