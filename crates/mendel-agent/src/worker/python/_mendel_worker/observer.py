"""Records what a process does with files, through the audit events of the interpreter.

A path is recorded once for each way it is used. Records are kept in memory and written
at most every 0.2 s, whole lines at a time, so that the processes of one run may share a
file; the file is opened for each write, since user code may close any descriptor.
"""

import _thread
import os
import sys
import time

try:
    from _json import encode_basestring_ascii as quote
except ImportError:
    from json.encoder import py_encode_basestring_ascii as quote

_WRITES = os.O_WRONLY | os.O_RDWR
_FLUSH_SECONDS = 0.2
_FLUSH_RECORDS = 256
_PATHS_MAX = 200000
# Folders that are never part of what a run means: caches, histories, environments.
_FOREIGN = ("/__pycache__/", "/.git/", "/site-packages/", "/dist-packages/", "/.mendel/")
_IMPORT_MACHINERY = ("importlib", "pkgutil.py", "pkg_resources", "zipimport")


class Observer:
    """What one process did, on its way to the file that all processes of a run share."""

    def __init__(self, settings, main):
        self._has_asked = False
        self.file = settings["observed"][0]
        self.main = main
        self.worked = False
        self._roots = tuple(root.rstrip("/") + "/" for root in settings.get("root", ()))
        self._named = tuple(settings.get("named", ()))
        self._foreign = tuple(folder.rstrip("/") + "/" for folder in [*settings.get("foreign", ()), *self._prefixes()])
        self._seen = set()
        self._known = {}
        self._lines = []
        self._flushed = 0.0
        self._lock = _thread.allocate_lock()
        self._full = False

    def _prefixes(self):
        prefixes = {os.path.abspath(prefix) for prefix in (sys.prefix, sys.base_prefix)}
        return [prefix for prefix in prefixes if not any(root.startswith(prefix + "/") for root in self._roots)]

    def install(self):
        """Hear of every file from now on."""
        handlers = {
            "open": self._opened,
            "exec": self._executed,
            "import": self._imported,
            "os.listdir": self._listed,
            "os.scandir": self._listed,
            "os.remove": self._removed,
            "os.rename": self._renamed,
            "os.truncate": self._written_to,
            "os.link": self._renamed,
            "os.symlink": self._renamed,
            "shutil.copyfile": self._copied,
            "sqlite3.connect": self._written_to,
            "os.exec": self._leaving,
            "os.kill": self._leaving,
            "os.posix_spawn": self._leaving,
            "mendel.store.asked": self._asked,
        }
        find = handlers.get

        def hear(event, arguments):
            handler = find(event)
            if handler is not None:
                try:
                    handler(arguments)
                except Exception:
                    pass

        sys.addaudithook(hear)
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self._forked)
        self._wrap_exit()
        import atexit

        # Registered first, it runs last: handlers of user code are still observed.
        atexit.register(self._ending)

    def record(self, line, now=False):
        """Add one JSON object; ``now`` writes it at once."""
        self._lines.append(line)
        if now or len(self._lines) >= _FLUSH_RECORDS or time.monotonic() - self._flushed > _FLUSH_SECONDS:
            self.flush()

    def unsure(self, what):
        """Say that something may have been missed, so that the result is not reused."""
        self.record('{"kind":"unsure","message":%s}' % quote(what), now=True)

    def flush(self):
        """Write what is kept, unless another thread is just doing so."""
        if not self._lines or not self._lock.acquire(False):
            return
        try:
            lines, self._lines = self._lines, []
            self._flushed = time.monotonic()
            descriptor = os.open(self.file, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                os.write(descriptor, ("\n".join(lines) + "\n").encode())
            finally:
                os.close(descriptor)
        except Exception:
            pass
        finally:
            self._lock.release()

    def report_python(self):
        """Say which interpreter this is."""
        version = ".".join(map(str, sys.version_info[:3]))
        folders = ",".join(quote(path) for path in sys.path if path.endswith("-packages"))
        self.record(
            '{"kind":"python","version":%s,"executable":%s,"paths":[%s]}'
            % (quote(version), quote(sys.executable or ""), folders)
        )

    def _path(self, path):
        """The absolute path, if it is one that counts."""
        if isinstance(path, int):
            return None
        path = os.fspath(path)
        if isinstance(path, bytes):
            path = os.fsdecode(path)
        if not path.startswith("/"):
            path = os.path.join(os.getcwd(), path)
        if "/." in path or "//" in path:
            path = os.path.normpath(path)
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
        return self._is_named(path)

    def _is_named(self, path):
        return any(path == named or path.startswith(named + "/") for named in self._named)

    def _first(self, kind, path):
        """Whether ``path`` is used this way for the first time."""
        if (kind, path) in self._seen:
            return False
        if len(self._seen) >= _PATHS_MAX:
            if not self._full:
                self._full = True
                self.unsure("more than %d paths" % _PATHS_MAX)
            return False
        try:
            path.encode()
        except UnicodeEncodeError:
            self.unsure("a path that is not text")
            return False
        self._seen.add((kind, path))
        return True

    def _note(self, kind, path, stat=False):
        if self._first(kind, path):
            line = '{"kind":"%s","path":%s' % (kind, quote(path))
            self.record(line + (',"stat":%s}' % _stat(path) if stat else "}"))

    def _opened(self, arguments):
        path, _, flags = arguments
        path = self._path(path)
        if path is None:
            return
        if not flags & _WRITES:
            self._note("read", path, stat=True)
            return
        if flags & os.O_ACCMODE == os.O_RDWR and not flags & os.O_TRUNC and os.path.exists(path):
            self._note("read", path, stat=True)
        self._wrote(path)

    def _wrote(self, path):
        self.worked = True
        self._note("write", path)

    def _executed(self, arguments):
        name = getattr(arguments[0], "co_filename", "<")
        if not name.startswith("<"):
            self._module(name)

    def _imported(self, arguments):
        # Only extension modules name their file here; source is seen when it is executed.
        if arguments[1]:
            self._module(arguments[1])

    def _module(self, path):
        path = self._path(path)
        if path is not None:
            self._note("module", path, stat=True)

    def _listed(self, arguments):
        folder = arguments[0]
        folder = self._path("." if folder is None else folder)
        if folder is None:
            # The root itself does not lie below the root.
            folder = os.path.abspath(os.fspath(arguments[0] or "."))
            if folder + "/" not in self._roots:
                return
        caller = sys._getframe(2).f_code.co_filename
        if not any(part in caller for part in _IMPORT_MACHINERY):
            self._note("list", folder.rstrip("/"), stat=True)

    def _removed(self, arguments):
        path = self._path(arguments[0])
        if path is not None:
            self._wrote(path)

    def _written_to(self, arguments):
        path = self._path(arguments[0])
        if path is not None:
            self._wrote(path)

    def _renamed(self, arguments):
        for path in map(self._path, arguments[:2]):
            if path is not None:
                self._wrote(path)

    def _copied(self, arguments):
        source, target = map(self._path, arguments[:2])
        if source is not None:
            self._note("read", source, stat=True)
        if target is not None:
            self._wrote(target)

    def _asked(self, _arguments):
        if not self._has_asked:
            self._has_asked = True
            self.unsure("it asked the store about other runs")

    def _leaving(self, _arguments):
        self.flush()

    def _forked(self):
        self.main = False
        self._lines = []
        self._lock = _thread.allocate_lock()

    def _wrap_exit(self):
        leave = os._exit

        def _exit(status):
            self.flush()
            leave(status)

        _exit.__doc__ = leave.__doc__
        os._exit = _exit

    def _ending(self):
        kind = getattr(sys, "last_type", None)
        if self.main and kind is not None:
            value = getattr(sys, "last_value", None)
            self.record(
                '{"kind":"exception","type":%s,"message":%s}' % (quote(kind.__name__), quote(_text(value)[:2000]))
            )
        if self.main:
            self.record('{"kind":"end"}')
        self.flush()
        # What is still to come, such as objects that write when they are deleted.
        self._flushed = -_FLUSH_SECONDS


def _stat(path):
    try:
        facts = os.stat(path)
    except OSError:
        return "null"
    return "[%d,%d,%d]" % (facts.st_size, facts.st_mtime_ns, facts.st_ino)


def _text(value):
    try:
        text = str(value)
        text.encode()
        return text
    except Exception:
        return ""
