"""Which paths count for a run: those below its roots, those it was told by name, those of modules."""

import os
import sys

from . import existence

# So many paths are remembered.
_PATHS_MAX = 200000
# Folders that are never part of what a run means: caches, histories, environments.
_FOREIGN = ("/__pycache__/", "/.git/", "/site-packages/", "/dist-packages/", "/.mendel/")
# Folders outside of a project that belong to the machine.
_SYSTEM = ("/proc/", "/sys/", "/dev/", "/run/", "/etc/", "/usr/", "/lib/", "/lib64/", "/bin/", "/sbin/")


class Paths:
    """The roots of a run, and what does not count below and beside them."""

    def __init__(self, settings):
        # Whether files outside of the roots count, as they do for stages.
        self._everywhere = "everywhere" in settings
        self._named = tuple(settings.get("named", ()))
        self._folder = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
        self._libraries = os.path.dirname(os.__file__) + "/"
        self.settle(settings)

    def settle(self, settings):
        """Take the roots, and the folders that do not count, of ``settings``."""
        self._roots = tuple(root.rstrip("/") + "/" for root in settings.get("root", ()))
        self._own = tuple(folder.rstrip("/") + "/" for folder in [self._folder, *settings.get("package", ())])
        self._foreign = tuple(folder.rstrip("/") + "/" for folder in [*settings.get("foreign", ()), *self._prefixes()])
        self._known = {}
        self._modules = {}

    def look_everywhere(self, wanted):
        """Whether files outside of the roots count from now on; answers whether they did."""
        before = self._everywhere
        if wanted != before:
            self._everywhere = wanted
            self._known = {}
        return before

    def roots(self):
        """The roots."""
        return [root.rstrip("/") for root in self._roots]

    def _prefixes(self):
        prefixes = {os.path.abspath(prefix) for prefix in (sys.prefix, sys.base_prefix)}
        return [prefix for prefix in prefixes if not any(root.startswith(prefix + "/") for root in self._roots)]

    @staticmethod
    def _absolute(path, folder=-1):
        """The absolute path; ``folder`` is the descriptor of the folder it is relative to, if any."""
        path = os.fspath(path)
        if isinstance(path, bytes):
            path = os.fsdecode(path)
        if not path.startswith("/"):
            base = os.getcwd() if folder == -1 else os.readlink("/proc/self/fd/%d" % folder)
            path = os.path.join(base, path)
        if "/." in path or "//" in path:
            path = os.path.normpath(path)
        return path

    def path(self, path, folder=-1):
        """The absolute path, if it is one that counts."""
        return self._path(path, folder)

    def _path(self, path, folder=-1):
        if isinstance(path, int):
            return None
        path = self._absolute(path, folder)
        counts = self._known.get(path)
        if counts is None:
            counts = self._counts(path)
            if len(self._known) < _PATHS_MAX:
                self._known[path] = counts
        return path if counts else None

    def _counts(self, path):
        for root in self._roots:
            if path.startswith(root):
                below = path[len(root) - 1 :]
                return not (path.startswith(self._foreign) or any(part in below for part in _FOREIGN))
        return self._is_named(path) or (self._everywhere and self._is_data(path))

    def _is_data(self, path):
        """Whether a file outside of the roots may be data of the user's."""
        return not path.startswith((*_SYSTEM, *self._foreign, self._folder + "/")) and not any(
            part in path for part in _FOREIGN
        )

    def is_ours(self, file):
        """Whether a source belongs to what runs the code of the project."""
        return file.startswith(self._own)

    def is_below(self, path):
        """Whether it lies below a root."""
        return path.startswith(self._roots)

    def _is_named(self, path):
        return any(path == named or path.startswith(named + "/") for named in self._named)

    def module_folder(self, folder):
        """The absolute path of a folder whose modules count: everyone's but those of the interpreter."""
        folder = self._absolute(folder).rstrip("/")
        return folder if self._is_module(folder + "/") and os.path.isdir(folder) else None

    def _is_module(self, path):
        for root in self._roots:
            if path.startswith(root):
                return self._counts(path)
        foreign = path.startswith(self._foreign) or path.startswith((self._libraries, self._folder + "/"))
        return not foreign and not any(part in path for part in _FOREIGN)

    def _module_path(self, file):
        """The absolute path of the file of a module that counts."""
        known = self._modules.get(file)
        if known is None:
            path = self._absolute(file)
            is_below = path.startswith(self._roots)
            known = path if self._is_module(path) and (is_below or os.path.isfile(path)) else ""
            self._modules[file] = known
        return known or None

    def module_file(self, file):
        """The absolute path of the source of a module that counts; None for others."""
        return self._module_path(file)

    def is_by_project(self, frame):
        """Whether code of the project asks, itself or through a module about paths."""
        return self._module_path(existence.asker(frame).f_code.co_filename) is not None
