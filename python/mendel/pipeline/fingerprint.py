"""What counts as the code of a stage, and the digest that tells whether it changed.

The `mendel` command reads the source. Where it cannot (a class of `__main__` or of a
function, no command), the loaded code is followed instead: its instructions, constants,
defaults and class attributes, and every function, class and constant of the project that
it refers to. Comments, docstrings and line numbers do not count.
"""

from __future__ import annotations

import functools
import json
import os
import subprocess
import sys
import sysconfig
import types
import weakref
from typing import Any, Callable, Iterable, Iterator

from mendel.pipeline.constants import written_constant
from mendel.pipeline.loaded import was_edited
from mendel.pipeline.plain import canonical

_SKIPPED = {"__doc__", "__module__", "__qualname__", "__dict__", "__weakref__", "__annotations__", "__firstlineno__"}
_SKIPPED |= {"__static_attributes__", "__annotate__", "__annotate_func__", "__annotations_cache__", "__orig_bases__"}
_SKIPPED |= {"__slotnames__", "__parameters__", "__abstractmethods__", "_abc_impl", "__slots__"}
_SECONDS_MAX = 60
_known: weakref.WeakKeyDictionary[type, str | None] = weakref.WeakKeyDictionary()


def class_path(cls: type) -> str:
    """The dotted path of a class."""
    return f"{cls.__module__}.{cls.__qualname__}"


def subject(stage: Any) -> str:
    """Names the code of a stage: the dotted path of its class, made distinct for an inner one."""
    path = class_path(type(stage))
    return f"{path}#{stage.id}" if "<locals>" in path else path


def code_digests(stages: Iterable[Any]) -> dict[str, str]:
    """The digest of the code of each stage, by its subject."""
    from mendel import _native

    classes = {subject(stage): type(stage) for stage in stages}
    _read_sources({path: cls for path, cls in classes.items() if cls not in _known})
    digests = {}
    for path, cls in classes.items():
        digests[path] = _known.get(cls) or _native.digest(signature(cls).encode())
    return digests


def signature(cls: type, instance: Any = None) -> str:
    """What a class is, as one line of text, from its loaded code."""
    parts = _Follower().of_class(cls)
    if instance is not None:
        declared = {name: getattr(instance, name, None) for name in ("id", "inputs", "outputs", "consumes")}
        parts = [parts, canonical(declared)]
    return canonical(parts)


def _read_sources(classes: dict[str, type]) -> None:
    """Asks the `mendel` command for the digests of the classes that have a source."""
    readable = {path: root for path, cls in classes.items() if (root := _import_root(cls)) is not None}
    if not readable or was_edited(_is_ours):
        return
    answer = ask_sources(tuple(dict.fromkeys(readable.values())), list(readable))
    _known.update({classes[path]: answer.get(path, {}).get("digest") for path in readable})


def ask_sources(roots: tuple[str, ...], classes: list[str]) -> dict[str, dict[str, Any]]:
    """What the `mendel` command says of classes, by their dotted paths; nothing where it cannot.

    Args:
        roots: The folders that modules are imported from.
        classes: The dotted paths.
    """
    from mendel import _native

    binary = _native.binary()
    if binary is None:
        return {}
    words = [word for root in roots for word in ("--root", root)]
    done = subprocess.run(
        [os.fspath(binary), "fingerprint", *words, *classes],
        capture_output=True,
        text=True,
        timeout=_SECONDS_MAX,
        check=False,
    )
    answer = json.loads(done.stdout)["classes"] if done.returncode == 0 else []
    return {entry["class"]: entry for entry in answer}


def import_roots(stages: Iterable[Any]) -> tuple[str, ...]:
    """The folders that the modules of stages were imported from."""
    found = (_import_root(type(stage)) for stage in stages)
    return tuple(dict.fromkeys(root for root in found if root is not None))


def _import_root(cls: type) -> str | None:
    """The folder from which the module of a class was imported; None where it has no source."""
    module = sys.modules.get(cls.__module__)
    file: str | None = getattr(module, "__file__", None)
    if cls.__module__ == "__main__" or "<locals>" in cls.__qualname__ or not file or not file.endswith(".py"):
        return None
    if _is_foreign(file):
        return None
    parts = cls.__module__.count(".") + (2 if os.path.basename(file) == "__init__.py" else 1)
    root: str = os.path.abspath(file)
    for _ in range(parts):
        root = os.path.dirname(root)
    return root


@functools.cache
def _is_foreign(file: str) -> bool:
    """Whether a module belongs to an installed package, Python itself, or Mendel."""
    path = os.path.realpath(file)
    if f"{os.sep}site-packages{os.sep}" in path or f"{os.sep}dist-packages{os.sep}" in path:
        return True
    homes = [sysconfig.get_path("stdlib"), os.path.dirname(os.path.dirname(os.path.abspath(__file__)))]
    return any(path.startswith(os.path.realpath(home) + os.sep) for home in homes)


def _is_ours(module: str) -> bool:
    """Whether the code of that module is followed."""
    if module == "__main__":
        return True
    file = getattr(sys.modules.get(module), "__file__", None)
    return bool(file) and not _is_foreign(file)


class _Follower:
    """Walks from a class through everything of the project that it refers to."""

    def __init__(self) -> None:
        self._seen: dict[int, int] = {}
        self._kept: list[Any] = []

    def of_class(self, cls: type) -> Any:
        if not self._first(cls):
            return ["class", cls.__qualname__]
        parts: list[Any] = ["class", cls.__qualname__]
        for base in cls.__mro__:
            if base is not cls and not _is_ours(base.__module__):
                parts.append(["base", class_path(base)])
                continue
            names = sorted(set(vars(base)) - _SKIPPED)
            parts.append([base.__qualname__, [[name, self.of_value(vars(base)[name])] for name in names]])
        return parts

    def of_value(self, value: Any) -> Any:
        if isinstance(value, (staticmethod, classmethod)):
            return [type(value).__name__, self.of_value(value.__func__)]
        if isinstance(value, property):
            return ["property", *(self.of_value(part) for part in (value.fget, value.fset, value.fdel))]
        if isinstance(value, functools.partial):
            return ["partial", self.of_value(value.func), self.of_value(value.args), self.of_value(value.keywords)]
        if isinstance(value, types.FunctionType):
            return self.of_function(value) if _is_ours(value.__module__ or "") else _named(value)
        if isinstance(value, types.MethodType):
            return ["method", self.of_value(value.__func__)]
        if isinstance(value, type):
            return self.of_class(value) if _is_ours(value.__module__) else _named(value)
        if isinstance(value, types.ModuleType):
            return ["module", value.__name__]
        if isinstance(value, (list, tuple)):
            return [type(value).__name__, [self.of_value(item) for item in value]]
        if isinstance(value, (set, frozenset)):
            return ["set", sorted(canonical(self.of_value(item)) for item in value)]
        if isinstance(value, dict):
            return ["dict", [[canonical(self.of_value(key)), self.of_value(item)] for key, item in value.items()]]
        if value is None or isinstance(value, (bool, int, float, complex, str, bytes)):
            return [type(value).__name__, repr(value)]
        if hasattr(value, "tobytes") and hasattr(value, "dtype"):
            return ["array", str(value.dtype), list(value.shape), value.tobytes()]
        wrapped = getattr(value, "__wrapped__", None)
        return ["object", class_path(type(value)), None if wrapped is None else self.of_value(wrapped)]

    def of_function(self, function: types.FunctionType) -> Any:
        if not self._first(function):
            return ["function", function.__qualname__]
        code = function.__code__
        cells = zip(code.co_freevars, function.__closure__ or ())
        return [
            "function",
            self.of_code(code, function.__doc__),
            self.of_value(function.__defaults__),
            self.of_value(function.__kwdefaults__),
            [[name, self._of_cell(cell)] for name, cell in cells if name != "__class__"],
            [[name, value] for name, value in self._references(function)],
        ]

    def of_code(self, code: types.CodeType, doc: str | None = None) -> Any:
        constants = list(code.co_consts)
        if doc is not None and constants and constants[0] == doc:
            constants[0] = None
        shown = [
            self.of_code(constant, _docstring(constant))
            if isinstance(constant, types.CodeType)
            else _constant(constant)
            for constant in constants
        ]
        names = [list(code.co_names), list(code.co_varnames), list(code.co_freevars)]
        return [code.co_name, code.co_argcount, code.co_kwonlyargcount, code.co_flags, code.co_code, names, shown]

    def _of_cell(self, cell: Any) -> Any:
        try:
            return self.of_value(cell.cell_contents)
        except ValueError:
            return ["empty"]

    def _references(self, function: types.FunctionType) -> Iterator[tuple[str, Any]]:
        """What the code names, of its globals and of the project's modules, as shown."""
        names = sorted(set(_names(function.__code__)))
        space = function.__globals__
        for name in names:
            if name not in space:
                continue
            value = space[name]
            yield name, self._held(space.get("__name__", ""), name, value)
            if isinstance(value, types.ModuleType) and _is_ours(value.__name__):
                for attribute in names:
                    if attribute in vars(value):
                        yield f"{name}.{attribute}", self._held(value.__name__, attribute, vars(value)[attribute])

    def _held(self, module: str, name: str, value: Any) -> Any:
        """What a global name stands for: a constant as it is written, since running code may change it."""
        if not isinstance(value, (types.FunctionType, type, types.ModuleType)) and _is_ours(module):
            texts, read = written_constant(module, name)
            if texts:
                found = (getattr(sys.modules.get(home), other, None) for home, other in read)
                code = [self.of_value(one) for one in found if isinstance(one, (types.FunctionType, type))]
                return ["constant", texts, code]
        return self.of_value(value)

    def _first(self, thing: Any) -> bool:
        if id(thing) in self._seen:
            return False
        self._seen[id(thing)] = len(self._kept)
        self._kept.append(thing)
        return True


def _names(code: types.CodeType) -> Iterator[str]:
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from _names(constant)


def _docstring(code: types.CodeType) -> str | None:
    """The docstring of an inner function; its first constant, where it has one."""
    has = bool(code.co_flags & 0x4000000) if sys.version_info >= (3, 14) else not code.co_name.startswith("<")
    first = code.co_consts[0] if code.co_consts else None
    return first if has and isinstance(first, str) else None


def _constant(value: Any) -> Any:
    if isinstance(value, (tuple, frozenset)):
        items = [_constant(item) for item in value]
        return [type(value).__name__, sorted(items, key=canonical) if isinstance(value, frozenset) else items]
    return [type(value).__name__, repr(value)]


def _named(value: Callable[..., Any] | type) -> Any:
    return ["external", getattr(value, "__module__", ""), getattr(value, "__qualname__", repr(type(value)))]
