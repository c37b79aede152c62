"""Writes the reference pages from the command's own help and the package's own docstrings."""

from __future__ import annotations

import importlib
import inspect
import pathlib
import re
import subprocess
import sys

import mendel
import mendel.pipeline

REPOSITORY = pathlib.Path(__file__).resolve().parent.parent
REFERENCE = REPOSITORY / "docs" / "reference"


def help_of(binary: str, *words: str) -> str:
    done = subprocess.run([binary, *words, "--help"], capture_output=True, text=True, check=True)
    return done.stdout.rstrip()


def command_line(binary: str) -> str:
    overview = help_of(binary)
    pages = ["# Command line", "Generated from `mendel --help`.", f"```text\n{overview}\n```"]
    listed = overview.split("Commands:", 1)[1].split("Options:", 1)[0]
    for name in re.findall(r"^  ([a-z][a-z-]*)\s", listed, re.MULTILINE):
        if name != "help":
            pages.append(f"## mendel {name}\n\n```text\n{help_of(binary, name)}\n```")
    return "\n\n".join(pages) + "\n"


def members(owner: type, shown: str = "") -> list[str]:
    pages = []
    for name, member in inspect.getmembers(owner):
        if name.startswith("_") or not (text := inspect.getdoc(member)):
            continue
        try:
            signature = str(inspect.signature(member)) if callable(member) else ""
        except (TypeError, ValueError):
            signature = "(…)"
        pages.append(f"### `{shown or owner.__name__}.{name}{signature}`\n\n```text\n{text}\n```")
    return pages


def python() -> str:
    pages = ["# Python", "Generated from the docstrings of the package."]
    for module in (mendel, mendel.pipeline):
        for name in sorted(module.__all__):
            thing = getattr(module, name)
            if not inspect.isclass(thing) and not inspect.isroutine(thing):
                continue
            pages.append(f"## `{module.__name__}.{name}`\n\n```text\n{inspect.getdoc(thing) or ''}\n```")
            if inspect.isclass(thing) and not issubclass(thing, BaseException):
                pages.extend(members(thing))
            if thing is mendel.Task:
                pages.extend(members(importlib.import_module("mendel.task").Tracking, "Task"))
    tracked = importlib.import_module("mendel.tracked_task").TrackedTask
    pages.append(f"## `TrackedTask`\n\n```text\n{inspect.getdoc(tracked) or ''}\n```")
    pages.extend(members(tracked))
    return "\n\n".join(pages) + "\n"


def trains_api() -> str:
    """The endpoints of the dialect, from the table that the server itself reads."""
    schema = REPOSITORY / "crates" / "mendel-server" / "src" / "trains" / "schema"
    pages = ["# Trains API", "Generated from the table that requests are held against. `!` marks a field that must be"]
    pages[-1] += " given, `@` the level a field appeared at, `-` nothing."
    for line in (schema / "endpoints.txt").read_text().splitlines():
        if line.startswith("# ") and line[2:].isidentifier():
            pages.append(f"## {line[2:]}")
        elif line.startswith("    "):
            way, told = line.split(maxsplit=1)
            pages.append(f"- *{'request' if way == 'in' else 'answer'}*: `{told}`")
        elif line and not line.startswith("#"):
            name, *_, since = line.split()
            pages.append(f"### {name}\n\nSince {since}.")
    types = [line.split(" = ", 1) for line in (schema / "types.txt").read_text().splitlines() if " = " in line]
    pages.append("## Types")
    pages.extend(f"- `{name}`: `{fields}`" for name, fields in types)
    return "\n\n".join(pages) + "\n"


if __name__ == "__main__":
    REFERENCE.mkdir(exist_ok=True)
    (REFERENCE / "command-line.md").write_text(command_line(sys.argv[1]))
    (REFERENCE / "python.md").write_text(python())
    (REFERENCE / "trains-api.md").write_text(trains_api())
