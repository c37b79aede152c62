"""Notes where Python looks for modules, so that one that comes to stand in between is seen.

The finder stands right before Python's own finder of files, and finds nothing itself.
"""

import os
import sys


def install(observer):
    """Stand before the finder of files."""
    finders = sys.meta_path
    place = next((at for at, one in enumerate(finders) if getattr(one, "__name__", "") == "PathFinder"), len(finders))
    finders.insert(place, Lookups(observer))


class Lookups:
    """Hears of every module that is looked for in folders."""

    def __init__(self, observer):
        self._observer = observer
        self._folders = {}

    def find_spec(self, name, path=None, target=None):
        try:
            self._look(name.rpartition(".")[2], sys.path if path is None else path)
        except Exception:
            self._observer.unsure("where a module was looked for")
        return None

    def _look(self, name, path):
        for entry in path:
            folder = self._folders.get(entry)
            if folder is None:
                folder = self._observer.module_folder(entry or os.getcwd()) or ""
                if entry:
                    self._folders[entry] = folder
            if folder:
                self._observer.looked(folder, name)
                if _is_there(folder, name):
                    return


def _is_there(folder, name):
    for file in ("%s/%s.py" % (folder, name), "%s/%s/__init__.py" % (folder, name)):
        try:
            source = os.stat(file)
        except OSError:
            continue
        _forget_older(file, source)
        return True
    return False


def _forget_older(file, source):
    """Remove what was compiled before the source was written: Python compares whole seconds."""
    try:
        compiled = sys.modules["_frozen_importlib_external"].cache_from_source(file)
        if os.stat(compiled).st_mtime_ns <= source.st_mtime_ns:
            os.remove(compiled)
    except (OSError, NotImplementedError):
        pass
