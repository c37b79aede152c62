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
        self.learns = main and "learn" in settings
        self._roots = tuple(root.rstrip("/") + "/" for root in settings.get("root", ()))
        self._named = tuple(settings.get("named", ()))
        self._foreign = tuple(folder.rstrip("/") + "/" for folder in [*settings.get("foreign", ()), *self._prefixes()])
        self._folder = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
        self._start = os.getcwd()
        self._libraries = os.path.dirname(os.__file__) + "/"
        self._seen = set()
        self._known = {}
        self._modules = {}
        self._codes = {}
        self._looked = set()
        self._looks = {}
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
            "os.mkdir": self._made,
            "os.rmdir": self._removed,
            "os.remove": self._removed,
            "os.rename": self._renamed,
            "os.truncate": self._truncated,
            "os.link": self._linked,
            "os.symlink": self._symlinked,
            "shutil.copyfile": self._copied,
            "sqlite3.connect": self._connected,
            "ctypes.dlopen": self._loaded,
            "os.exec": self._started,
            "os.posix_spawn": self._started,
            "subprocess.Popen": self._started_in,
            "os.system": self._told_shell,
            "os.kill": self._leaving,
            "mendel.store.asked": self._asked,
        }
        find = handlers.get

        def hear(event, arguments):
            handler = find(event)
            if handler is not None:
                try:
                    handler(arguments)
                except (TypeError, ValueError):
                    # What is no path is refused by the call itself.
                    pass
                except Exception:
                    self.unsure("the event %s" % event)

        sys.addaudithook(hear)
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(before=self.flush, after_in_child=self._forked)
        self._wrap_exit()
        import atexit

        # Registered first, it runs last: handlers of user code are still observed.
        atexit.register(self._ending)

    def record(self, line, now=False):
        """Add one JSON object; ``now`` writes it at once."""
        self._lines.append(line)
        # Others may be killed at any time, as the workers of a pool are.
        if now or not self.main or len(self._lines) >= _FLUSH_RECORDS or time.monotonic() - self._flushed > _FLUSH_SECONDS:
            self.flush()

    def unsure(self, what):
        """Say that something may have been missed, so that the result is not reused."""
        self.record('{"kind":"unsure","message":%s}' % quote(what), now=True)

    def flush(self):
        """Write what is kept, unless another thread is just doing so."""
        if not (self._lines or self._looks) or not self._lock.acquire(False):
            return
        lines = []
        try:
            lines, self._lines = self._lines, []
            looks, self._looks = self._looks, {}
            for folder, names in looks.items():
                names = ",".join(map(quote, names))
                lines.append('{"kind":"looked","path":%s,"names":[%s]}' % (quote(folder), names))
            self._flushed = time.monotonic()
            descriptor = os.open(self.file, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                left = ("\n".join(lines) + "\n").encode()
                while left:
                    left = left[os.write(descriptor, left) :]
            finally:
                os.close(descriptor)
        except Exception:
            # No file can be opened now, perhaps: they go with the next. Without the last of
            # them, which tells the end, the run is a doubt.
            self._lines[:0] = lines
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

    def _path(self, path, folder=-1):
        """The absolute path, if it is one that counts."""
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
        return self._is_named(path)

    def _is_named(self, path):
        return any(path == named or path.startswith(named + "/") for named in self._named)

    def name(self, text):
        """Count the path ``text``, a parameter's value, if it exists; with all that is below it."""
        if text and "\0" not in text and os.path.exists(text):
            path = self._absolute(text)
            if path != "/" and path + "/" not in self._roots:
                self._named += (path,)
                self._known.clear()
                self._note("named", path, stat=True)

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

    def looked(self, folder, name):
        """A module ``name`` was looked for in ``folder``."""
        if (folder, name) not in self._looked:
            self._looked.add((folder, name))
            self._looks.setdefault(folder, []).append(name)
            if not self.main:
                self.flush()

    def variable(self, name, file):
        """The code in ``file`` asked for the variable ``name`` of the environment."""
        if not isinstance(name, str) or name.startswith("MENDEL_") or ("variable", name) in self._seen:
            return
        if self._module_path(file) is not None and self._first("variable", name):
            self.record('{"kind":"variable","name":%s}' % quote(name))

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
        if ("write", path) in self._seen and os.path.islink(path):
            # A link that the run made is its own; what it leads to is not.
            path = self._path(os.path.realpath(path))
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
        if ("read", path) in self._seen and ("write", path) not in self._seen:
            self._set_aside(path)
        self._note("write", path)

    def _set_aside(self, path):
        """Keep what was read, before it is written over."""
        if os.path.isfile(path):
            from . import aside

            place = "%s.%d.%d" % (self.file, os.getpid(), len(self._seen))
            if aside.keep(path, place):
                self.record('{"kind":"aside","path":%s,"place":%s}' % (quote(path), quote(place)), now=True)
            else:
                self.unsure("a large file that was read and then written")

    def _touched(self, path):
        """It was handed to what cannot be observed: read, and written if it is another in the end."""
        if path is not None and os.path.exists(path):
            self._note("touched", path, stat=True)

    def _executed(self, arguments):
        name = getattr(arguments[0], "co_filename", "<")
        if not name.startswith("<"):
            path = self._module(name)
            if path is not None:
                self._codes[path] = arguments[0]

    def _imported(self, arguments):
        # Only extension modules name their file here; source is seen when it is executed.
        if arguments[1]:
            self._module(arguments[1])

    def _module(self, path):
        path = self._module_path(path)
        if path is not None:
            self._note("module", path, stat=True)
        return path

    def _module_path(self, file):
        """The absolute path of the file of a module that counts."""
        known = self._modules.get(file)
        if known is None:
            path = self._absolute(file)
            is_below = path.startswith(self._roots)
            known = path if self._is_module(path) and (is_below or os.path.isfile(path)) else ""
            self._modules[file] = known
        return known or None

    def _listed(self, arguments):
        given = arguments[0]
        given = os.readlink("/proc/self/fd/%d" % given) if isinstance(given, int) else given or "."
        folder = self._path(given)
        if folder is None:
            # The root itself does not lie below the root.
            folder = self._absolute(given).rstrip("/")
            if folder + "/" not in self._roots:
                return
        caller = sys._getframe(2).f_code.co_filename
        if not any(part in caller for part in _IMPORT_MACHINERY):
            self._note("list", folder.rstrip("/"), stat=True)

    def _made(self, arguments):
        path, _, folder = arguments
        path = self._path(path, folder)
        if path is not None and not os.path.lexists(path):
            self._wrote(path)

    def _removed(self, arguments):
        path = self._path(*arguments)
        if path is not None:
            self._wrote(path)

    def _truncated(self, arguments):
        path = self._path(arguments[0])
        if path is not None:
            self._wrote(path)

    def _renamed(self, arguments):
        source, target, source_folder, target_folder = arguments
        for path in (self._path(source, source_folder), self._path(target, target_folder)):
            if path is not None:
                self._wrote(path)

    def _linked(self, arguments):
        source, target, source_folder, target_folder = arguments
        self._touched(self._path(source, source_folder))
        target = self._path(target, target_folder)
        if target is not None:
            self._wrote(target)

    def _symlinked(self, arguments):
        _, target, folder = arguments
        target = self._path(target, folder)
        if target is not None:
            self._wrote(target)

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

    def _connected(self, arguments):
        name = os.fsdecode(arguments[0])
        if name.startswith("file:"):
            from urllib.parse import unquote

            name = unquote(name[5:].partition("?")[0])
            if name.startswith("//"):
                name = "/" + name[2:].partition("/")[2]
        if not name or name == ":memory:":
            return
        path = self._path(name)
        if path is not None and not os.path.exists(path):
            self._wrote(path)
        self._touched(path)

    def _loaded(self, arguments):
        name = arguments[0]
        if name and os.path.isfile(name):
            self._touched(self._path(name))

    def _started(self, arguments):
        program, words, environment = arguments[:3]
        self._child(program, words, environment, None)

    def _started_in(self, arguments):
        program, words, folder, environment = arguments
        self._child(program, words, environment, folder)

    def _child(self, program, words, environment, folder):
        from . import children

        words = children.words_of(program, words)
        if not children.is_observed(words, environment, self._folder):
            self._unobserved(os.path.basename(words[0]), words[1:], folder)
        self.flush()

    def _told_shell(self, arguments):
        from . import children

        if not children.is_observed_text(arguments[0], None, self._folder):
            text = os.fsdecode(arguments[0])
            self._unobserved("sh", [text], None)
        self.flush()

    def _unobserved(self, program, words, folder):
        """A started program that does not report what it reads."""
        if self._first("child", program):
            self.record('{"kind":"child","program":%s}' % quote(program))
        for word in words:
            for part in [word, word.partition("=")[2], *word.replace("=", " ").split()]:
                part = part.strip("\"'`;,()<>|&")
                if part and "\0" not in part and len(part) < 4096:
                    self._touched(self._path(os.path.join(folder or "", part)))

    def _leaving(self, _arguments):
        self.flush()

    def _forked(self):
        self.main = False
        self._lines = []
        self._lock = _thread.allocate_lock()

    def declared(self):
        """Whether the parsers of the project's code are made of literals, and whether they at
        least follow from files and variables alone."""
        from . import literals

        try:
            return literals.declared(self._codes)
        except (OSError, SyntaxError, ValueError, RecursionError):
            return False, False

    def _wrap_exit(self):
        leave = os._exit

        def _exit(status):
            self._tell_libraries()
            self.flush()
            leave(status)

        _exit.__doc__ = leave.__doc__
        os._exit = _exit

    def _tell_libraries(self):
        """Say which libraries may have read or written unseen, and what the code names."""
        try:
            from . import libraries

            readers, writers = libraries.loaded()
            if not writers:
                return
            names = [",".join(map(quote, some)) for some in (readers, writers)]
            self.record('{"kind":"libraries","readers":[%s],"writers":[%s]}' % tuple(names))
            if readers:
                for path in libraries.named(self._codes.values(), self._roots, self._start):
                    self._touched(self._path(path))
        except Exception:
            self.unsure("the libraries could not be told")

    def _ending(self):
        kind = getattr(sys, "last_type", None)
        if self.main and kind is not None:
            value = getattr(sys, "last_value", None)
            self.record(
                '{"kind":"exception","type":%s,"message":%s}' % (quote(kind.__name__), quote(_text(value)[:2000]))
            )
        self._tell_libraries()
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
