"""Files and objects kept by key between runs; a file is named by the SHA-256 of its key."""

from __future__ import annotations

import hashlib
import os
import shutil
from pathlib import Path

from . import folder_manager

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Optional, Union


def getPath(key: str) -> Path:
    """Where the file of ``key`` is, or would be."""
    return folder_manager.cache / hashlib.sha256(key.encode()).hexdigest()


def exists(key: str) -> bool:
    """Whether something is kept under ``key``."""
    return getPath(key).exists()


def storeObject(key: str, object: Any, override: bool = True) -> None:
    """Keeps an object, as a pickle.

    Raises:
        KeyError: The key is taken, and ``override`` is false.
    """
    import pickle

    content = pickle.dumps(object)
    _store(key, override, lambda partial: partial.write_bytes(content))


def loadObject(key: str) -> Any:
    """The object kept under ``key``.

    Raises:
        KeyError: There is none.
    """
    import pickle

    # Only the user's own tasks write here.
    return pickle.loads(_kept(key).read_bytes())


def storeFile(key: str, filePath: Union[str, Path], override: bool = True) -> None:
    """Keeps a copy of a file."""
    _store(key, override, lambda partial: shutil.copyfile(filePath, partial))


def loadFile(key: str) -> Path:
    """The path of the file kept under ``key``.

    Raises:
        KeyError: There is none.
    """
    return _kept(key)


def storeUrl(key: str, url: Optional[str] = None, override: bool = True) -> Path:
    """Downloads a file and keeps it.

    Old tasks give the address first or second; it is kept under both names.
    """
    address = next((text for text in (key, url) if text and "://" in text), None)
    if address is None:
        raise ValueError(f"neither `{key}` nor `{url}` is an address")

    def fetch(partial: Path) -> None:
        from urllib.request import urlopen

        with urlopen(address) as answer, open(partial, "wb") as into:
            shutil.copyfileobj(answer, into)

    _store(address, override, fetch)
    for other in {key, url} - {address, None}:
        storeFile(str(other), getPath(address))
    return getPath(key)


def loadUrl(url: str) -> Path:
    """The file of an address, downloaded when it is not kept yet."""
    return getPath(url) if exists(url) else storeUrl(url)


def remove(key: str) -> None:
    """Forgets ``key``."""
    getPath(key).unlink(missing_ok=True)


def clear() -> None:
    """Forgets everything."""
    for entry in folder_manager.cache.iterdir():
        if entry.is_file():
            entry.unlink()


def _kept(key: str) -> Path:
    path = getPath(key)
    if not path.exists():
        raise KeyError(f"nothing is cached under `{key}`")
    return path


def _store(key: str, override: bool, write: Any) -> None:
    path = getPath(key)
    if path.exists() and not override:
        raise KeyError(f"something is cached under `{key}` already")
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        write(partial)
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)
