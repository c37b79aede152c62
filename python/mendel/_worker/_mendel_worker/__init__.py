"""Observes one Python process of a run: what it reads, writes, imports and parses.

Only the standard library is used, and as little of it as possible is imported, since
user code waits for it. Nothing here may break user code: every hook is guarded.
"""

import os
import sys

from . import observer


def _read_settings(path):
    with open(path, "rb") as file:
        parts = file.read().split(b"\0")
    settings = {}
    for name, value in zip(parts[0::2], parts[1::2]):
        settings.setdefault(name.decode(), []).append(os.fsdecode(value))
    return settings


def start(path):
    """Begin the observation that the settings file at ``path`` describes."""
    settings = _read_settings(path)
    main = [str(os.getppid())] == settings.get("supervisor")
    seen = observer.Observer(settings, main)
    seen.install()
    if main:
        seen.report_python()
        _write_lines_at_once()

    from . import finders, lookups, variables

    finders.install(settings, seen)
    lookups.install(seen)
    variables.install(seen)


def _write_lines_at_once():
    # As on a terminal: a console that is watched shows a line when it is printed.
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.reconfigure(line_buffering=True)
        except Exception:
            pass
