"""A part of what a process does, observed by itself: one step of a pipeline, or the making of it."""

import json
import os
import sys

from . import observer


class Chapter:
    """What is done while it is open, by this process; others report to the observer's file.

    One is open at a time; another one inside of it takes what happens meanwhile. It knows
    nothing of what was recorded before: what is used again is recorded again.
    """

    def __init__(self, seen):
        self._seen = seen
        self._outer = None
        self.records = []
        """Each record as a line of JSON, with file and line of the module that was being loaded, if one was."""
        self.listener = None
        """Hears of the first record (`began`), of a file that is handed on (`touched`), and of a program that is
        started and does not report itself (`started`), each before that happens."""
        self._has_begun = False

    def __enter__(self):
        self._outer = self._seen.swap((set(), set(), {}, self))
        return self

    def __exit__(self, *details):
        seen = self._seen
        seen.tell_libraries()
        _, _, looks, _ = seen.swap(self._outer)
        self.records += [(line, None) for line in observer.looked_lines(looks)]

    def add(self, line):
        """Takes a record."""
        loading = _loading(self._seen)
        if self.listener is not None and loading is None:
            if not self._has_begun:
                self._has_begun = True
                self.listener.began()
            if line.startswith('{"kind":"touched"'):
                self.listener.touched(json.loads(line)["path"])
            elif line.startswith('{"kind":"child"'):
                self.listener.started()
        self.records.append((line, loading))


def _loading(seen):
    """The innermost of the project's modules that are being executed: its file, and the line that is."""
    frame = sys._getframe(3)
    while frame is not None:
        file = frame.f_code.co_filename
        if frame.f_code.co_name == "<module>" and not file.startswith("<"):
            path = seen.module_file(file)
            if path is not None and frame.f_globals.get("__name__") != "__main__":
                return path, frame.f_lineno
        frame = frame.f_back
    return None


class Pipe:
    """A file without a name that started processes write to, and that goes with this process."""

    def __init__(self, name):
        self._descriptor = os.memfd_create(name)
        self._offset = 0
        self.path = "/proc/%d/fd/%d" % (os.getpid(), self._descriptor)

    def write(self, content):
        """Adds bytes."""
        while content:
            content = content[os.write(self._descriptor, content) :]

    def more(self):
        """What was added since the last time."""
        size = os.fstat(self._descriptor).st_size
        content = os.pread(self._descriptor, size - self._offset, self._offset) if size > self._offset else b""
        self._offset += len(content)
        return content
