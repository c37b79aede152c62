"""Command-line arguments: what a parser made of them becomes parameters, without a call.

Parsers are listened to from ``Task.init`` on; one that has parsed before is found by its
namespace in the frames of the script.
"""

from __future__ import annotations

import functools
import sys

from mendel import capture
from mendel.capture.imports import when_imported
from mendel.parameters import _param, cast

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType, ModuleType
    from typing import Any, Mapping

    from mendel.parameters import Parameters
    from mendel.store import Document
    from mendel.tracked_task import TrackedTask

SECTION = "Args"
WORKER = "_mendel_worker"
FRAMES_MAX = 50

_task: TrackedTask | None = None
_choice: bool | Mapping[str, bool] = False
_sections: dict[int, tuple[Any, str]] = {}
_installed = False
_depth = 0


def begin(task: TrackedTask, choice: bool | Mapping[str, bool]) -> None:
    """Records into ``task`` what parsers make of the command line."""
    global _task, _choice, _installed
    _task, _choice = task, choice
    if choice is False or choice == {}:
        return
    argparse = sys.modules.get("argparse")
    if argparse is not None:
        parsers, namespaces = _in_frames(argparse, sys._getframe(1))
        for namespace in namespaces:
            record(task, _parser_of(parsers, namespace), namespace, SECTION, choice)
    if not _installed:
        _installed = True
        when_imported("argparse", _install)


def end(task: TrackedTask) -> None:
    """Records into ``task`` no more."""
    global _task
    if _task is task:
        _task = None
        _sections.clear()


def connect(task: Parameters, parser: Any, section: str | None) -> None:
    """Records the defaults of ``parser`` now and its values once it parses."""
    import argparse

    _sections[id(parser)] = (parser, section or SECTION)
    if task._attached:
        return
    actions = [action for action in parser._actions if action.dest != argparse.SUPPRESS]
    defaults = {action.dest: parser.get_default(action.dest) for action in actions if action.dest != "help"}
    known = {param["name"] for param in task._facts.get("params", []) if param.get("section") == (section or SECTION)}
    missing = argparse.Namespace(**{name: value for name, value in defaults.items() if name not in known})
    record(task, parser, missing, section or SECTION, True)
    if not _installed:
        _install(argparse)


def record(task: Parameters, parser: Any, namespace: Any, section: str, choice: bool | Mapping[str, bool]) -> None:
    """Records the values of ``namespace`` as parameters, with types and help of ``parser``.

    Inside of ``mendel run`` its worker follows the same parsers and has recorded them.
    """
    if task._attached and section == SECTION and WORKER in sys.modules:
        return
    actions = {action.dest: action for action in getattr(parser, "_actions", [])}
    params: list[Document] = []
    for name, value in vars(namespace).items():
        if name.startswith("_") or callable(value) or _excluded(choice, name):
            continue
        param = _param(section, name, value)
        action = actions.get(name)
        if action is not None:
            kind = getattr(action.type, "__name__", None)
            if kind and not isinstance(value, (list, tuple)):
                param["type"] = kind
            param["required"] = bool(action.required and action.option_strings)
            param["description"] = action.help or ""
            if value == action.default:
                param["origin"] = {"from": "default"}
            else:
                param["origin"] = {"from": "command_line", "words": " ".join(sys.argv[1:])}
        params.append(param)
    task._record_arguments(params)


def _excluded(choice: bool | Mapping[str, bool], name: str) -> bool:
    return not choice if isinstance(choice, bool) else not choice or not choice.get(name, True)


def _install(argparse: ModuleType) -> None:
    """Listens to every parser; subcommands parse inside of their parent and are part of it."""
    global _installed
    _installed = True
    parser_class: Any = argparse.ArgumentParser
    original = parser_class.parse_known_args
    if hasattr(original, "__mendel__"):
        return

    @functools.wraps(original)
    def parse_known_args(self: Any, args: Any = None, namespace: Any = None) -> Any:
        global _depth
        _depth += 1
        try:
            parsed, rest = original(self, args, namespace)
        finally:
            _depth -= 1
        task = _task
        of_command_line = args is None or list(args) == sys.argv[1:] or id(self) in _sections
        if task is not None and not task._closed and _depth == 0 and of_command_line:
            section = _sections.get(id(self), (None, SECTION))[1]
            choice = True if id(self) in _sections else _choice
            capture.quietly("argparse", _apply, task, self, parsed, section, choice)
        return parsed, rest

    parse_known_args.__mendel__ = True  # type: ignore[attr-defined]
    parser_class.parse_known_args = parse_known_args


def _apply(task: TrackedTask, parser: Any, parsed: Any, section: str, choice: bool | Mapping[str, bool]) -> None:
    """Under an agent stored values win over the command line; else the values are recorded."""
    if task._attached:
        for param in task._facts.get("params", []):
            name = param["name"]
            edited = param.get("origin", {}).get("from") == "edit"
            if edited and param.get("section") == section and hasattr(parsed, name) and not _excluded(choice, name):
                setattr(parsed, name, _typed(parser, name, param["value"], getattr(parsed, name)))
    record(task, parser, parsed, section, choice)


def _typed(parser: Any, name: str, value: Any, like: Any) -> Any:
    action = next((action for action in parser._actions if action.dest == name), None)
    if action is not None and callable(action.type) and isinstance(value, (str, int, float)):
        return action.type(str(value))
    return cast(value, like)


def _in_frames(argparse: ModuleType, frame: FrameType | None) -> tuple[list[Any], list[Any]]:
    """Parsers and namespaces that the functions now running hold in variables."""
    parsers: dict[int, Any] = {}
    namespaces: dict[int, Any] = {}
    main = vars(sys.modules["__main__"]) if "__main__" in sys.modules else {}
    places: list[Mapping[str, Any]] = [main]
    while frame is not None and len(places) < FRAMES_MAX:
        if not frame.f_globals.get("__name__", "").startswith("mendel."):
            places.append(frame.f_locals)
        frame = frame.f_back
    for place in places:
        for value in list(place.values()):
            if isinstance(value, argparse.ArgumentParser):
                parsers[id(value)] = value
            elif type(value) is argparse.Namespace and vars(value):
                namespaces[id(value)] = value
    return list(parsers.values()), list(namespaces.values())


def _parser_of(parsers: list[Any], namespace: Any) -> Any:
    """The parser whose arguments ``namespace`` holds."""
    held = set(vars(namespace))
    for parser in parsers:
        wanted = {action.dest for action in parser._actions} - {"help", "version", "==SUPPRESS=="}
        if wanted and wanted <= held:
            return parser
    return None
