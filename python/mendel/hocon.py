"""Mappings as HOCON text: written for people, and read back.

Only the part of HOCON that is data is read: nested objects, lists, strings, numbers,
true, false and null, with ``=`` or ``:``, commas or line ends, and ``#`` or ``//``
comments. Includes and substitutions are not: they would make a stored text depend on
the machine that reads it.
"""

from __future__ import annotations

import json
import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_BARE_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*\Z")
_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?\Z")
_WORDS = {"true": True, "false": False, "null": None, "NaN": float("nan")}
_WORDS.update({"Infinity": float("inf"), "-Infinity": float("-inf")})
_STRINGS = json.JSONDecoder(strict=False)
_STOPS = "{}[],:=\n#\"'"


def dumps(mapping: dict[Any, Any]) -> str:
    """``mapping`` as text.

    Example:
        >>> print(dumps({"rate": 0.1, "net": {"layers": [8, 4]}}))
        rate = 0.1
        net {
          layers = [8, 4]
        }
    """
    return "\n".join(_entries(mapping, ""))


def loads(text: str) -> dict[str, Any]:
    """The mapping that ``text`` holds.

    Raises:
        ValueError: The text is not in the part of HOCON that is read; says the line.

    Example:
        >>> loads("rate = 0.1  # small\\nnet { layers: [8, 4] }")
        {'rate': 0.1, 'net': {'layers': [8, 4]}}
    """
    reader = _Reader(text)
    reader.blanks()
    braced = reader.takes("{")
    mapping = reader.entries("}" if braced else "")
    reader.blanks()
    if reader.at < len(text):
        raise reader.wrong("the end is expected")
    return mapping


def _entries(mapping: dict[Any, Any], indent: str) -> list[str]:
    written = []
    for key, value in mapping.items():
        name = str(key) if _BARE_KEY.match(str(key)) and str(key) not in _WORDS else json.dumps(str(key))
        if isinstance(value, dict) and value:
            written += [f"{indent}{name} {{", *_entries(value, indent + "  "), f"{indent}}}"]
        else:
            written.append(f"{indent}{name} = {_value(value)}")
    return written


def _value(value: Any) -> str:
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(_value(item) for item in value) + "]"
    if isinstance(value, dict):
        inside = ", ".join(f"{json.dumps(str(key))}: {_value(item)}" for key, item in value.items())
        return "{" + inside + "}"
    if value is None or isinstance(value, (str, bool, int, float)):
        return json.dumps(value, ensure_ascii=False)
    if hasattr(value, "tolist"):
        return _value(value.tolist())
    return json.dumps(str(value), ensure_ascii=False)


class _Reader:
    """Walks over a text; ``at`` is the place of the next character."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0

    def wrong(self, message: str) -> ValueError:
        line = self.text.count("\n", 0, self.at) + 1
        return ValueError(f"{message}, at line {line} of the configuration")

    def blanks(self, also: str = " \t\r\n,") -> None:
        text = self.text
        while self.at < len(text):
            if text[self.at] in also or text[self.at] == "\ufeff":
                self.at += 1
            elif text[self.at] == "#" or text.startswith("//", self.at):
                end = text.find("\n", self.at)
                self.at = len(text) if end < 0 else end
            else:
                return

    def takes(self, symbol: str) -> bool:
        found = self.text.startswith(symbol, self.at)
        self.at += len(symbol) if found else 0
        return found

    def entries(self, end: str) -> dict[str, Any]:
        mapping: dict[str, Any] = {}
        while True:
            self.blanks()
            if self.at >= len(self.text):
                if end:
                    raise self.wrong(f"`{end}` is expected")
                return mapping
            if end and self.takes(end):
                return mapping
            path = self.key()
            self.blanks(" \t\r")
            separated = self.takes("=") or self.takes(":")
            self.blanks(" \t\r\n" if separated else " \t\r")
            if not separated and not self.text.startswith("{", self.at):
                raise self.wrong("`=` or `:` is expected")
            _put(mapping, path, self.value())

    def key(self) -> list[str]:
        quoted = self.text.startswith(('"', "'"), self.at)
        word = self.quoted() if quoted else self.bare()
        if not word and not quoted:
            raise self.wrong("a key is expected")
        return [word] if quoted else word.split(".")

    def value(self) -> Any:
        if self.takes("{"):
            return self.entries("}")
        if self.takes("["):
            items = []
            self.blanks()
            while not self.takes("]"):
                if self.at >= len(self.text):
                    raise self.wrong("`]` is expected")
                items.append(self.value())
                self.blanks()
            return items
        if self.text.startswith(('"', "'"), self.at):
            return self.quoted()
        word = self.bare()
        if not word:
            raise self.wrong("a value is expected")
        if word in _WORDS:
            return _WORDS[word]
        if _NUMBER.match(word):
            return json.loads(word)
        return word

    def bare(self) -> str:
        start = self.at
        while self.at < len(self.text) and self.text[self.at] not in _STOPS:
            if self.text.startswith("//", self.at) and not self.text.startswith(":", self.at - 1):
                break
            self.at += 1
        return self.text[start : self.at].strip()

    def quoted(self) -> str:
        if self.takes('"""'):
            end = self.text.find('"""', self.at)
            if end < 0:
                raise self.wrong("the quote is not closed")
            word = self.text[self.at : end]
            self.at = end + 3
            return word
        quote = self.text[self.at]
        if quote == '"':
            try:
                word, self.at = _STRINGS.raw_decode(self.text, self.at)
            except ValueError as error:
                raise self.wrong("the quote is not closed") from error
            return str(word)
        end = self.text.find("'", self.at + 1)
        if end < 0:
            raise self.wrong("the quote is not closed")
        word, self.at = self.text[self.at + 1 : end], end + 1
        return word


def _put(mapping: dict[str, Any], path: list[str], value: Any) -> None:
    for name in path[:-1]:
        inner = mapping.setdefault(name, {})
        if not isinstance(inner, dict):
            inner = mapping[name] = {}
        mapping = inner
    earlier = mapping.get(path[-1])
    if isinstance(earlier, dict) and isinstance(value, dict):
        earlier.update(value)
    else:
        mapping[path[-1]] = value
