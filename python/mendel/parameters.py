"""Parameters of a task: reading, setting, and objects connected to them.

A parameter is named ``section/name``; names of nested mappings are joined by ``/``. The
store keeps values with their types; what is read back as raw text is text.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping, MutableMapping, Sequence
from types import FunctionType, ModuleType

from mendel.run_handle import RunHandle, apply

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, TypeVar

    from mendel.store import Document

    T = TypeVar("T")
    Pairs = Any

DEFAULT_SECTION = "General"
SUPPORTED = "an argparse parser, a dictionary, an object with attributes, a model"


class Parameters(RunHandle):
    """The members of a task that concern parameters."""

    _connected: dict[str, tuple[str, Any]]

    def connect(self, mutable: T, name: str | None = None) -> T:
        """Records the values of ``mutable`` as parameters, now and whenever they change.

        Under an agent the stored values are written into it instead.

        Args:
            mutable: A parser, a dictionary (nested allowed), an object with attributes,
                or a model.
            name: The section; ``General`` for dictionaries and objects, ``Args`` for parsers.

        Returns:
            The object that was given.

        Raises:
            TypeError: It is none of these.
        """
        if _is_parser(mutable):
            from mendel.capture import argparse as capture

            capture.connect(self, mutable, name)
            return mutable
        connect_model = getattr(mutable, "_connect_to", None)
        if connect_model is not None:
            connect_model(self)
            return mutable
        if not _is_mapping(mutable) and not _has_attributes(mutable):
            kind = type(mutable).__qualname__
            raise TypeError(f"a `{kind}` cannot be connected; supported are {SUPPORTED}")
        self._connect_values(mutable, name or DEFAULT_SECTION)
        return mutable

    def _connect_values(self, mutable: Any, section: str) -> None:
        stored = {
            param["name"]: param["value"]
            for param in self._facts.get("params", [])
            if param.get("section", "") == section
        }
        if self._attached and stored:
            _fill(mutable, stored)
        state: dict[str, str] = {}

        def check() -> None:
            params = [_param(section, key, value) for key, value in flat(_values(mutable)).items()]
            changed = [param for param in params if state.get(param["name"]) != _text_of(param)]
            if changed:
                self._change(set_params=changed)
                state.update({param["name"]: _text_of(param) for param in changed})

        check()
        self._watcher.add(f"parameters/{section}/{id(mutable)}", check)

    def get_parameters(self) -> dict[str, str]:
        """All parameters as ``section/name`` and raw text."""
        if self._watcher_made is not None:
            self._watcher_made.check_now()
        return {_path(param): raw(param["value"]) for param in self._facts.get("params", [])}

    def get_parameters_as_dict(self) -> dict[str, Any]:
        """All parameters as a nested dictionary of raw texts."""
        nested: dict[str, Any] = {}
        for path, value in self.get_parameters().items():
            *outer, last = path.split("/")
            inner = nested
            for part in outer:
                step = inner.setdefault(part, {})
                if not isinstance(step, dict):
                    step = inner[part] = {"": step}
                inner = step
            inner[last] = value
        return nested

    def get_parameter(self, name: str, default: Any = None) -> Any:
        """One parameter as raw text, or ``default`` where there is none."""
        found = self.get_parameters()
        for path in (name, f"{DEFAULT_SECTION}/{name}", f"Args/{name}"):
            if path in found:
                return found[path]
        return default

    def set_parameter(self, name: str, value: Any, description: str | None = None, value_type: Any = None) -> None:
        """Sets one parameter; the others stay."""
        section, key = _split(name)
        param = _param(section, key, value)
        if description:
            param["description"] = description
        if value_type is not None:
            param["type"] = getattr(value_type, "__name__", str(value_type))
        self._change(set_params=[param])

    def set_parameters(self, *args: Pairs, **kwargs: Any) -> None:
        """Sets parameters in place of all others.

        Args:
            *args: Dictionaries, or iterables of pairs, merged from left to right.
            **kwargs: Parameters that win over ``args``.
        """
        self._change(replace_params=_merged(args, kwargs))

    def update_parameters(self, *args: Pairs, **kwargs: Any) -> None:
        """Sets parameters as :meth:`set_parameters` does, and keeps the others."""
        self._change(set_params=_merged(args, kwargs))

    def set_parameters_as_dict(self, dictionary: Mapping[str, Any]) -> None:
        """Sets parameters from a nested dictionary, once; it is not connected."""
        self.set_parameters(dictionary)

    def delete_parameter(self, name: str) -> bool:
        """Removes one parameter; whether there was one."""
        kept = [param for param in self._facts.get("params", []) if _path(param) != name]
        found = len(kept) < len(self._facts.get("params", []))
        if found:
            self._change(replace_params=kept)
        return found

    def _record_arguments(self, params: list[Document]) -> None:
        """Records what a parser made of the command line; a run of an agent has it already."""
        if self._attached:
            known = {
                param["name"] for param in self._facts.get("params", []) if param.get("section", "") in ("", "Args")
            }
            params = [param for param in params if param["name"] not in known]
        earlier = {_path(param): _text_of(param) for param in self._facts.get("params", [])}
        changed = [param for param in params if earlier.get(_path(param)) != _text_of(param)]
        if changed:
            self._change(set_params=changed)


def flat(mapping: Mapping[Any, Any], prefix: str = "") -> dict[str, Any]:
    """A nested mapping with its keys joined by ``/``.

    Example:
        >>> flat({"a": 1, "b": {"c": 2, "d": {}}})
        {'a': 1, 'b/c': 2, 'b/d': {}}
    """
    result: dict[str, Any] = {}
    for key, value in mapping.items():
        path = f"{prefix}{key}"
        if _is_mapping(value) and len(value):
            result.update(flat(value, f"{path}/"))
        else:
            result[path] = value
    return result


def raw(value: Any) -> str:
    """A stored value as text.

    Example:
        >>> raw(0.1), raw(None), raw([1, "a"]), raw(True)
        ('0.1', '', "[1, 'a']", 'True')
    """
    return "" if value is None else str(value)


def cast(text: Any, like: Any) -> Any:
    """A stored value with the type of ``like``, where it can have it.

    Example:
        >>> cast("3", 1), cast("yes", False), cast("[1, 2]", [0]), cast("x", 1)
        (3, True, [1, 2], 'x')
    """
    if like is None or isinstance(text, type(like)) and not isinstance(text, bool):
        return text
    try:
        if isinstance(like, bool):
            return text if isinstance(text, bool) else str(text).strip().lower() in ("true", "yes", "1", "on")
        if isinstance(like, (int, float)):
            return type(like)(text)
        if isinstance(like, (list, tuple, dict)):
            value = json.loads(text.replace("'", '"')) if isinstance(text, str) else text
            return type(like)(value)
        if isinstance(like, str):
            return raw(text)
    except (TypeError, ValueError):
        return text
    return text


def _merged(args: tuple[Pairs, ...], kwargs: Mapping[str, Any]) -> list[Document]:
    given: dict[str, Any] = {}
    for arg in (*args, kwargs):
        if not _is_mapping(arg):
            if not isinstance(arg, Iterable) or isinstance(arg, (str, bytes)):
                raise ValueError(f"parameters are a dictionary or pairs, not a `{type(arg).__qualname__}`")
            arg = dict(arg)
        given.update(flat(arg))
    scratch: Document = {}
    apply(scratch, {"set_params": [_param(*_split(name), value) for name, value in given.items()]})
    params: list[Document] = scratch["params"]
    return params


def _split(name: str) -> tuple[str, str]:
    section, separator, key = str(name).partition("/")
    return (section, key) if separator else (DEFAULT_SECTION, section)


def _path(param: Document) -> str:
    section = param.get("section", "")
    return f"{section}/{param['name']}" if section else str(param["name"])


def _param(section: str, name: str, value: Any) -> Document:
    stored, kind = _storable(value)
    param: Document = {"section": section, "name": str(name), "value": stored, "origin": {"from": "code"}}
    if kind:
        param["type"] = kind
    return param


def _storable(value: Any) -> tuple[Any, str]:
    """A value as the store keeps it, and the name of its type."""
    if value is None:
        return None, ""
    kind = type(value).__name__
    if isinstance(value, (bool, int, str)):
        return (value.value if hasattr(value, "value") else value), kind
    if isinstance(value, float):
        return (value if value == value and abs(value) != float("inf") else str(value)), kind
    if hasattr(value, "tolist") and getattr(value, "ndim", 0) == 0:
        return _storable(value.tolist())
    if isinstance(value, (Sequence, set, frozenset)) and not isinstance(value, bytes):
        return [_storable(item)[0] for item in value], kind
    if _is_mapping(value):
        return {str(key): _storable(item)[0] for key, item in value.items()}, "dict"
    return str(value), kind


def _text_of(param: Document) -> str:
    return json.dumps([param["value"], param.get("type")], sort_keys=True)


def _is_mapping(value: Any) -> bool:
    return isinstance(value, MutableMapping) or (hasattr(value, "items") and hasattr(value, "__setitem__"))


def _is_parser(value: Any) -> bool:
    argparse = sys.modules.get("argparse")
    return argparse is not None and isinstance(value, argparse.ArgumentParser)


def _has_attributes(value: Any) -> bool:
    if isinstance(value, (ModuleType, FunctionType, str, bytes, int, float, list, tuple, set, frozenset)):
        return False
    return isinstance(value, type) or hasattr(value, "__dict__")


def _values(mutable: Any) -> Mapping[Any, Any]:
    """The values of a mapping, or the public attributes of an object."""
    import inspect

    if _is_mapping(mutable):
        mapping: Mapping[Any, Any] = mutable
        return mapping
    found: dict[str, Any] = {}
    owners = mutable.__mro__ if isinstance(mutable, type) else type(mutable).__mro__
    for owner in reversed(owners[:-1]):
        found.update(vars(owner))
    if not isinstance(mutable, type):
        found.update(vars(mutable))
    hidden = (property, classmethod, staticmethod)
    return {
        name: value
        for name, value in found.items()
        if not name.startswith("_")
        and not isinstance(value, hidden)
        and not inspect.isroutine(value)
        and not inspect.ismemberdescriptor(value)
        and not isinstance(value, type)
    }


def _fill(mutable: Any, stored: Mapping[str, Any]) -> None:
    """Writes stored values into a mapping or object, with the types it has."""
    own = flat(_values(mutable))
    for path, value in stored.items():
        *outer, last = path.split("/")
        inner = mutable
        for part in outer:
            if _is_mapping(inner):
                key = _key(inner, part)
                if not _is_mapping(inner.get(key)):
                    inner[key] = {}
                inner = inner[key]
            else:
                inner = getattr(inner, part, None)
        if inner is None:
            continue
        wanted = cast(value, own.get(path))
        if _is_mapping(inner):
            inner[_key(inner, last)] = wanted
        else:
            setattr(inner, last, wanted)


def _key(mapping: Any, part: str) -> Any:
    """The key of ``mapping`` that reads as ``part``: keys need not be texts."""
    return next((key for key in mapping if str(key) == part), part)
