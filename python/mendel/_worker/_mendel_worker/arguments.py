"""Follows argparse: which parameters a script has, their values, and when it refuses them.

Only parsers of the process's own command line count. Several of them add up.
"""

import os
import sys

from .observer import quote

_LIST_COUNTS = ("*", "+", "...", "A...")
_MISSING = object()


def install(argparse, observer):
    """Follow every parser of the module ``argparse``."""
    Follower(argparse, observer).install()


class Follower:
    """What the parsers of this process said so far."""

    def __init__(self, argparse, observer):
        self._argparse = argparse
        self._observer = observer
        self._depth = 0
        self._message = ""
        self._params = {}
        self._rest = None
        self._parses = 0

    def install(self):
        parser = self._argparse.ArgumentParser
        follower = self
        whole, known, refuse = parser.parse_args, parser.parse_known_args, parser.error

        def parse_args(self, *given, **named):
            return follower._parse(self, whole, given, named, lambda answer: (answer, None))

        def parse_known_args(self, *given, **named):
            return follower._parse(self, known, given, named, lambda answer: answer)

        def error(self, message):
            follower._message = message
            if follower._depth == 0:
                follower._refused()
            return refuse(self, message)

        for name, ours, theirs in (
            ("parse_args", parse_args, whole),
            ("parse_known_args", parse_known_args, known),
            ("error", error, refuse),
        ):
            ours.__name__, ours.__qualname__, ours.__doc__ = name, theirs.__qualname__, theirs.__doc__
            ours.__wrapped__ = theirs
            setattr(parser, name, ours)

    def _parse(self, parser, original, given, named, split):
        if self._depth or not self._is_command_line(given, named):
            return original(parser, *given, **named)
        self._depth += 1
        try:
            answer = original(parser, *given, **named)
        except SystemExit as stop:
            if stop.code in (None, 0):
                self._observer.record('{"kind":"help"}', now=True)
            else:
                self._refused()
            raise
        finally:
            self._depth -= 1
        try:
            self._report(parser, *split(answer))
        except Exception:
            self._observer.unsure("the parameters could not be read")
        return answer

    @staticmethod
    def _is_command_line(given, named):
        words = given[0] if given else named.get("args")
        return words is None or list(words) == sys.argv[1:]

    def _refused(self):
        event = {"kind": "refused", "message": self._message, "worked": self._observer.worked}
        self._observer.record(text_of(event), now=True)

    def _report(self, parser, namespace, rest):
        values = dict(vars(namespace))
        actions = {}
        self._gather(parser, values, actions)
        for name, value in values.items():
            value = plain(value)
            if value is not _MISSING:
                self._params[name] = self._param(name, value, actions.get(name))
                self._count_paths(value)
        self._parses += 1
        event = {"kind": "params", "known": True, "params": list(self._params.values())}
        if self._observer.learns:
            literal, event["steady"] = self._observer.declared()
            only = rest is None and self._parses == 1 and self._argparse.ArgumentParser is type(parser)
            if only and literal:
                event["parser"] = declarations(parser)
        rest = [str(word) for word in rest or ()]
        if self._rest is not None:
            rest = [word for word in rest if word in self._rest]
        event["rest"] = self._rest = rest
        self._observer.record(text_of(event), now=True)

    def _count_paths(self, value):
        for item in value if isinstance(value, list) else (value,):
            if isinstance(item, str):
                self._observer.name(item)

    def _gather(self, parser, values, actions):
        for action in parser._actions:
            if isinstance(action, self._argparse._SubParsersAction):
                chosen = action.choices.get(values.get(action.dest)) if isinstance(action.dest, str) else None
                if chosen is not None:
                    self._gather(chosen, values, actions)
            actions.setdefault(action.dest, action)

    def _param(self, name, value, action):
        param = {"name": name, "value": value}
        if action is None:
            return param
        kind = self._kind(action)
        param["type"] = kind
        default = plain(action.default)
        if default is not _MISSING and default != "==SUPPRESS==":
            param["default"] = default
        param["required"] = bool(action.required)
        if isinstance(action.help, str) and action.help != "==SUPPRESS==":
            param["help"] = action.help
        words = given_words(action, value)
        if words:
            param["words"] = words
        return param

    def _kind(self, action):
        name = type(action).__name__
        if name in ("_StoreTrueAction", "_StoreFalseAction", "BooleanOptionalAction"):
            return "bool"
        if name == "_CountAction":
            return "int"
        kind = "str" if action.type is None else getattr(action.type, "__name__", "str")
        if isinstance(action, self._argparse._SubParsersAction):
            return "str"
        many = isinstance(action.nargs, int) or action.nargs in _LIST_COUNTS
        if many or name in ("_AppendAction", "_ExtendAction", "_AppendConstAction"):
            return "list[%s]" % kind
        return kind


def given_words(action, value):
    """The words of the command line that gave ``action`` its value, as far as they are plain."""
    words = sys.argv[1:]
    if not action.option_strings:
        spelled = str(value)
        return spelled if spelled in words else None
    for place, word in enumerate(words):
        flag, equals, _ = word.partition("=")
        if flag in action.option_strings:
            if equals or action.nargs == 0 or place + 1 == len(words):
                return word
            return "%s %s" % (word, words[place + 1])
    return None


_ACTIONS = {
    "_StoreAction": "store",
    "_StoreTrueAction": "store_true",
    "_StoreFalseAction": "store_false",
    "_AppendAction": "append",
    "_ExtendAction": "extend",
    "_CountAction": "count",
    "BooleanOptionalAction": "boolean_optional",
    "_HelpAction": "help",
    "_VersionAction": "version",
}
_CONVERSIONS = {None: "str", str: "str", int: "int", float: "float", bool: "bool"}
_COUNTS = {None: "one", 0: "one", "?": "optional", "*": "any", "+": "some"}


def declarations(parser):
    """All that ``parser`` declares, where nothing of it is code; None otherwise."""
    special = parser.fromfile_prefix_chars, parser.argument_default, parser._defaults, parser._mutually_exclusive_groups
    if any(special) or parser.prefix_chars != "-":
        return None
    try:
        arguments = [_declaration(action) for action in parser._actions]
    except (LookupError, TypeError, ValueError):
        return None
    return {"arguments": arguments, "abbreviations": parser.allow_abbrev}


def _declaration(action):
    flags = list(action.option_strings)
    count = {"exactly": action.nargs} if isinstance(action.nargs, int) and action.nargs else _COUNTS[action.nargs]
    prints = isinstance(action.default, str) and action.default == "==SUPPRESS=="
    name = _ACTIONS[type(action).__name__]
    if prints and name not in ("help", "version"):
        raise ValueError(action.dest)
    return {
        "flags": flags,
        "dest": action.dest,
        "action": name,
        "convert": _CONVERSIONS[action.type],
        "count": count,
        "default": None if prints else _literal(action.default),
        "constant": _literal(action.const) if count == "optional" else None,
        "choices": None if action.choices is None else [_literal(choice) for choice in action.choices],
        "required": bool(action.required) if flags else False,
        "help": action.help if isinstance(action.help, str) else "",
    }


def text_of(value):
    """``value``, made of plain parts, as JSON; the module `json` takes longer to import than all else."""
    if value is None or value is True or value is False:
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, str):
        return quote(value)
    if isinstance(value, dict):
        return "{%s}" % ",".join(quote(key) + ":" + text_of(item) for key, item in value.items())
    if isinstance(value, (list, tuple)):
        return "[%s]" % ",".join(map(text_of, value))
    return repr(value)


def _is_finite(value):
    return value - value == 0


def _literal(value):
    if value is None or type(value) in (bool, int, str):
        return value
    if type(value) is float and _is_finite(value):
        return value
    if type(value) in (list, tuple):
        return [_literal(item) for item in value]
    raise ValueError(value)


def plain(value, depth=0):
    """``value`` as JSON can hold it; ``_MISSING`` where no text says what it is."""
    if value is None or isinstance(value, (bool, str)):
        return value if not isinstance(value, str) else str(value)
    if type(value) is int:
        return value
    if isinstance(value, float):
        if _is_finite(value):
            return float(value)
        return "NaN" if value != value else "Infinity" if value > 0 else "-Infinity"
    if depth > 8:
        return _MISSING
    if isinstance(value, (list, tuple, set, frozenset)):
        items = [plain(item, depth + 1) for item in value]
        items = [item for item in items if item is not _MISSING]
        return sorted(items, key=str) if isinstance(value, (set, frozenset)) else items
    if isinstance(value, dict):
        pairs = ((str(key), plain(item, depth + 1)) for key, item in value.items())
        return {key: item for key, item in pairs if item is not _MISSING}
    return _plain_object(value, depth)


def _plain_object(value, depth):
    enum = sys.modules.get("enum")
    if enum is not None and isinstance(value, enum.Enum):
        return value.name
    if isinstance(value, int):
        return int(value)
    if isinstance(value, os.PathLike):
        return os.fsdecode(os.fspath(value))
    if type(value).__name__ == "Namespace":
        return plain(vars(value), depth + 1)
    if hasattr(value, "read") or hasattr(value, "write"):
        name = getattr(value, "name", None)
        return name if isinstance(name, str) else _MISSING
    if callable(value) and hasattr(value, "__qualname__"):
        return "%s.%s" % (getattr(value, "__module__", ""), value.__qualname__)
    text = str(value)
    return _MISSING if " at 0x" in text else text
