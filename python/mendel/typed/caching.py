"""``@cache``: results of methods, kept by the identity of their configuration.

An entry is made under a private name and appears when the method returns, so that a crash
leaves nothing behind. Who makes one holds an exclusive lock, which the operating system
releases with the process; readers share.
"""

from __future__ import annotations

import fcntl
import functools
import os
import shutil
import uuid
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from mendel.typed import active
from mendel.typed.errors import DeclarationError, NotUsable
from mendel.typed.identity import as_configuration, identity
from mendel.typed.paths import safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Iterator


def cache(name: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Gives a method a path that follows from the identity of its configuration.

    The method reads the file where there is one, and makes it where there is none. Of many
    processes that ask for a new entry at once, one makes it. Further arguments are passed
    through and do not change the place.

    Args:
        name: Name of the file or folder.

    Raises:
        DeclarationError: It is no plain name.

    Example:
        >>> from mendel import Config, Param, cache
        >>> class Vocabulary(Config):
        ...     size: Param[int]
        ...     @cache("counts.txt")
        ...     def counts(self, path):
        ...         if not path.is_file():
        ...             path.write_text(str(self.size))
        ...         return int(path.read_text())
    """
    if not isinstance(name, str) or not name or PurePosixPath(name).name != name or name.startswith("."):
        raise DeclarationError(f'`@cache` is given the name of a file, such as `@cache("terms.npy")`, not {name!r}')

    def decorate(method: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(method)
        def cached(self: Any, *positional: Any, **named: Any) -> Any:
            with _entry(_folder(self, method), name) as path:
                return method(self, path, *positional, **named)

        return cached

    return decorate


def _folder(owner: Any, method: Callable[..., Any]) -> Path:
    """The folder of the entries of a configuration.

    Raises:
        NotUsable: There is no workspace to put it into.
    """
    context = owner.__dict__.get("__mendel_context__")
    base = context.shared if context is not None else active.folder()
    if base is None:
        raise NotUsable(
            f"`{method.__qualname__}` is cached in a workspace, and none is active here; call it in a task, within "
            '`with experiment("folder", "name")`, or on `instance(DirectoryContext("folder"))`'
        )
    configuration = as_configuration(owner)
    type_id = configuration.__mendel__.schema.type_id
    return base / "config" / safe(type_id) / identity(configuration).hex


@contextmanager
def _entry(folder: Path, name: str) -> Iterator[Path]:
    """The path of an entry, locked; one that is new appears at the end."""
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / name
    lock = os.open(folder / f".{name}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        fcntl.flock(lock, fcntl.LOCK_SH)
        if not target.exists():
            fcntl.flock(lock, fcntl.LOCK_EX)
        if target.exists():
            fcntl.flock(lock, fcntl.LOCK_SH)
            yield target
        else:
            with _private(folder, name) as made:
                yield made
                if made.exists():
                    _settle(made)
                    os.replace(made, target)
                    _sync(folder)
    finally:
        fcntl.flock(lock, fcntl.LOCK_UN)
        os.close(lock)


@contextmanager
def _private(folder: Path, name: str) -> Iterator[Path]:
    """A path of that name which nobody else looks at; what crashed processes left is removed."""
    making = folder / f".{name}.making"
    shutil.rmtree(making, ignore_errors=True)
    own = making / uuid.uuid4().hex
    own.mkdir(parents=True)
    try:
        yield own / name
    finally:
        shutil.rmtree(making, ignore_errors=True)


def _settle(path: Path) -> None:
    """Brings a file, or all files of a folder, to stable storage."""
    if path.is_dir():
        for child in path.iterdir():
            _settle(child)
    _sync(path)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
