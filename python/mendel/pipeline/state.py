"""What of a process may hold data from one step to the next: globals of the project's modules, stages, caches.

A step that read something and left other objects there may have kept what it read. Steps
that come later in the process and can reach that place then depend on it too.
"""

from __future__ import annotations

import collections
import contextvars
import functools
import gc
import logging
import sys
import threading
import types
import zlib
from typing import Any, Callable, Dict, Iterator, List, Tuple

Place = Tuple[str, Any]
"""A place that may hold data: `name` with file and global name, `stage` or `cache` with its number."""

_ATOMS = frozenset((int, float, complex, bool, type(None), type(Ellipsis), str, bytes))
_HOLDERS = (dict, list, tuple, set, frozenset, collections.deque)
_FLAT_MIN = 32
_CLOSED = (types.CodeType, types.FrameType, types.BuiltinFunctionType, type(threading.Lock()), logging.Logger)
_OBJECTS_MAX = 200_000
_BLOCK = 1 << 16
_BLOCKS = 64
_Cache = type(functools.lru_cache(lambda: None))

State = Dict[Place, "List[Any] | None"]


class Caches:
    """The caches of functions that were met, each with file and global name of where it lies."""

    def __init__(self) -> None:
        self.known: Dict[int, Tuple[Tuple[str, str], Any]] = {}

    def hits(self, number: int) -> int:
        """How often a cache has answered."""
        found: int = self.known[number][1].cache_info().hits
        return found


class Project:
    """The loaded modules of a project.

    Args:
        file_of: The path of the source of a module that belongs to it; None for others.
    """

    def __init__(self, file_of: Callable[[str], str | None]) -> None:
        self._file_of = file_of
        self._count = 0
        self._files: Dict[str, str] = {}

    def modules(self) -> Iterator[Tuple[str, types.ModuleType]]:
        """The modules, each after the path of its source."""
        if len(sys.modules) != self._count:
            self._count = len(sys.modules)
            files = {name: getattr(module, "__file__", None) for name, module in list(sys.modules.items())}
            found = {name: self._file_of(file) for name, file in files.items() if isinstance(file, str)}
            self._files = {name: file for name, file in found.items() if file}
        for name, file in list(self._files.items()):
            module = sys.modules.get(name)
            if module is not None:
                yield file, module

    def names(self) -> set[str]:
        """The names of the modules."""
        return {module.__name__ for _, module in self.modules()}


def state_of(project: Project, stages: List[Any], caches: Caches) -> State:
    """What each place holds now.

    Args:
        project: The modules.
        stages: The stages of the pipeline.
        caches: Takes the caches of functions that are found.
    """
    names = project.names()
    state: State = {}
    for file, module in project.modules():
        for name, value in list(vars(module).items()):
            if name.startswith("__") or type(value) is types.ModuleType:
                continue
            found: List[Any] = []
            state["name", (file, name)] = _read(names, found, [value])
            for cache in found:
                caches.known[id(cache)] = ((file, name), cache)
                state["cache", id(cache)] = _read(names, None, gc.get_referents(cache))
    for stage in stages:
        state["stage", id(stage)] = _read(names, None, list(getattr(stage, "__dict__", {}).values()))
    return state


def _read(names: set[str], caches: List[Any] | None, things: List[Any]) -> List[Any] | None:
    try:
        return _Reader(names, caches).read(things)
    except Exception:
        # An object that cannot be looked at may hold anything.
        return None


def changed(before: State, after: State) -> Iterator[Place]:
    """The places that hold other objects than before."""
    for place, now in after.items():
        then = before.get(place)
        if then is None or now is None or len(then) != len(now) or not all(map(_is_same, then, now)):
            yield place


def _is_same(one: Any, other: Any) -> bool:
    if one is other:
        return True
    kind = type(one)
    return kind is type(other) and (kind in _ATOMS or kind in (_Buffer, _Flat)) and bool(one == other)


class _Buffer(int):
    """Digest of the bytes of something that is changed in place."""


class _Flat(tuple):  # type: ignore[type-arg]
    """The items of a container that holds nothing but plain values."""


class _Reader:
    """Goes through everything that can be reached from a place, without leaving the project."""

    def __init__(self, names: set[str], caches: List[Any] | None) -> None:
        self._names = names
        self._caches = caches

    def read(self, waiting: List[Any]) -> List[Any] | None:
        """All that is reached, in order; None where that is too much."""
        found: List[Any] = []
        seen: set[int] = set()
        waiting = list(reversed(waiting))
        while waiting:
            thing = waiting.pop()
            kind = type(thing)
            found.append(thing)
            if kind in _ATOMS or id(thing) in seen:
                continue
            seen.add(id(thing))
            if len(found) > _OBJECTS_MAX:
                return None
            waiting += self._inside(thing, kind, found)
        return found

    def _inside(self, thing: Any, kind: type, found: List[Any]) -> List[Any]:
        if kind is types.FunctionType:
            return _of_function(thing)
        if kind in _HOLDERS and len(thing) >= _FLAT_MIN:
            items = [*thing, *thing.values()] if kind is dict else thing
            if set(map(type, items)) <= _ATOMS:
                found.append(_Flat(items))
                return []
        if isinstance(thing, type):
            return list(vars(thing).values()) if thing.__module__ in self._names else []
        if isinstance(thing, (types.ModuleType, *_CLOSED)):
            return []
        if kind is _Cache and self._caches is not None:
            self._caches.append(thing)
            return []
        if isinstance(thing, (staticmethod, classmethod)):
            return [thing.__func__]
        if isinstance(thing, threading.local):
            return list(vars(thing).values())
        if isinstance(thing, contextvars.ContextVar):
            return [thing.get(None)]
        if _is_ours(kind):
            return []
        buffer = _buffer(thing)
        if buffer is not None:
            found.append(buffer)
        return gc.get_referents(thing)


def _of_function(function: Any) -> List[Any]:
    inside = [function.__defaults__, function.__kwdefaults__]
    for cell in function.__closure__ or ():
        try:
            inside.append(cell.cell_contents)
        except ValueError:
            pass
    return [*(one for one in inside if one is not None), *vars(function).values()]


def _is_ours(kind: type) -> bool:
    """Whether it is a part of the executor, which holds what it needs."""
    return kind.__module__.partition(".")[0] == "mendel" and kind.__module__ != "mendel.pipeline.stage_class"


def _buffer(thing: Any) -> _Buffer | None:
    """The digest of bytes that can be written, of a large thing of parts of it; None for what has none."""
    try:
        view = memoryview(thing)
    except TypeError:
        return None
    if view.readonly or not view.nbytes:
        return None
    if not view.c_contiguous:
        return _Buffer(zlib.crc32(view.tobytes()))
    content = view.cast("B")
    if len(content) <= _BLOCK * _BLOCKS:
        return _Buffer(zlib.crc32(content))
    digest = 0
    for start in range(0, len(content), len(content) // _BLOCKS):
        digest = zlib.crc32(content[start : start + _BLOCK], digest)
    return _Buffer(digest)
