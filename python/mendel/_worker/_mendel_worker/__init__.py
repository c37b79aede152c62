"""Observes one Python process of a run: what it reads, writes, imports and parses.

Only the standard library is used, and as little of it as possible is imported, since
user code waits for it. Nothing here may break user code: every hook is guarded.
"""

import os
import sys

from . import observer

seen = None
"""The observer of this process, once there is one."""


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
    seen = follow(settings, main)
    if main:
        seen.report_python()
        _write_lines_at_once()

    from . import finders

    finders.install(settings, seen)


def follow(settings, main=False):
    """Observe this process; without a file to report to, only its chapters."""
    global seen
    from . import existence, lookups, variables

    seen = observer.Observer(settings, main)
    seen.install()
    lookups.install(seen)
    variables.install(seen)
    existence.install(seen)
    return seen


def _write_lines_at_once():
    # As on a terminal: a console that is watched shows a line when it is printed.
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.reconfigure(line_buffering=True)
        except Exception:
            pass
