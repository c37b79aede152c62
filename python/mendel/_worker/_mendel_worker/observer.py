"""Records what a process does with files, through the audit events of the interpreter.

A path is recorded once for each way it is used. Records are kept in memory and written
at most every 0.2 s, whole lines at a time, so that the processes of one run may share a
file; the file is opened for each write, since user code may close any descriptor.
"""

import _thread
import os
import sys
import time

from . import existence, paths

try:
    from _json import encode_basestring_ascii as quote
except ImportError:
    from json.encoder import py_encode_basestring_ascii as quote

_WRITES = os.O_WRONLY | os.O_RDWR
_FLUSH_SECONDS = 0.2
_FLUSH_RECORDS = 256
_PATHS_MAX = 200000
_IMPORT_MACHINERY = ("importlib", "pkgutil.py", "pkg_resources", "zipimport")


class Observer(paths.Paths):
    """What one process did, on its way to the file that all processes of a run share."""

    def __init__(self, settings, main):
        self._has_asked = False
        self.file = settings.get("observed", [os.devnull])[0]
        self.main = main
        self.worked = False
        self.learns = main and "learn" in settings
        super().__init__(settings)
        self._start = os.getcwd()
        self._seen = set()
        self._codes = {}
        self._looked = set()
        self._looks = {}
        self._lines = []
        self._flushed = 0.0
        self._lock = _thread.allocate_lock()
        self._full = False
        # Whether all that this process does is reported, and not only chapters of it.
        self.reports = "observed" in settings
        self.chapter = None
        # Where files are kept that are about to be written over, if not beside the observations.
        self.asides = settings.get("aside", [None])[0]
        self.paused = 0
        self.unnamed = frozenset(settings.get("unnamed", ()))
        self.given = {}

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
            if handler is not None and not self.is_silent():
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

    def is_silent(self):
        """Whether nothing that happens now is of interest."""
        return self.paused or not (self.reports or self.chapter is not None)

    def swap(self, part):
        """Begin another part of what is observed; gives back the one that was open."""
        before = (self._seen, self._looked, self._looks, self.chapter)
        self._seen, self._looked, self._looks, self.chapter = part
        return before

    def record(self, line, now=False):
        """Add one JSON object; ``now`` writes it at once."""
        if self.chapter is not None:
            self.chapter.add(line)
            return
        self._lines.append(line)
        # Others may be killed at any time, as the workers of a pool are.
        if (
            now
            or not self.main
            or len(self._lines) >= _FLUSH_RECORDS
            or time.monotonic() - self._flushed > _FLUSH_SECONDS
        ):
            self.flush()

    def unsure(self, what):
        """Say that something may have been missed, so that the result is not reused."""
        self.record('{"kind":"unsure","message":%s}' % quote(what), now=True)

    def flush(self):
        """Write what is kept, unless another thread is just doing so."""
        if self.chapter is not None or not (self._lines or self._looks) or not self._lock.acquire(False):
            return
        lines = []
        try:
            lines, self._lines = self._lines, []
            looks, self._looks = self._looks, {}
            lines.extend(looked_lines(looks))
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

    def name(self, text):
        """Count the path ``text``, a parameter's value, if it exists; with all that is below it."""
        if text and "\0" not in text and os.path.exists(text):
            path = self._absolute(text)
            if path != "/" and path + "/" not in self._roots:
                self._named += (path,)
                self._known.clear()
                self._note("named", path, stat=True)

    def looked(self, folder, name):
        """A module ``name`` was looked for in ``folder``."""
        if not self.is_silent() and (folder, name) not in self._looked:
            self._looked.add((folder, name))
            self._looks.setdefault(folder, []).append(name)
            if not self.main and self.chapter is None:
                self.flush()

    def variable(self, name, file):
        """The code in ``file`` asked for the variable ``name`` of the environment."""
        if self.is_silent() or name in self.unnamed or name.startswith("MENDEL_") or ("variable", name) in self._seen:
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

    def is_own(self, path):
        """Whether the path, or a folder around it, was made here."""
        while len(path) > 1:
            if ("write", path) in self._seen:
                return True
            path = os.path.dirname(path)
        return False

    def is_known(self, kind, path):
        """Whether it was recorded before that ``path`` is used this way."""
        return (kind, path) in self._seen

    def exists(self, path):
        """It was asked whether something is at ``path``."""
        if not self.is_own(path) and self._first("exists", path):
            text = existence.text_of(path)
            self.record(
                '{"kind":"exists","path":%s,"found":%s}' % (quote(path), "null" if text is None else quote(text))
            )

    def reads(self, path):
        """The file at ``path`` was, or may have been, read."""
        self._note("read", path, stat=True)

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
            if not (self._everywhere and (self.is_own(path) or self._is_source(path, 2))):
                self.reads(path)
            return
        if flags & os.O_ACCMODE == os.O_RDWR and not flags & os.O_TRUNC and os.path.exists(path):
            self._note("read", path, stat=True)
        self._wrote(path)

    @staticmethod
    def _is_source(path, depth):
        """Whether a source is opened by the import system, or to be shown: code counts as such."""
        return path.endswith(".py") and existence.is_for_sources(sys._getframe(depth + 1))

    def _wrote(self, path):
        self.worked = True
        if ("read", path) in self._seen and ("write", path) not in self._seen:
            self._set_aside(path)
        self._note("write", path)

    def _set_aside(self, path):
        """Keep what was read, before it is written over."""
        if os.path.isfile(path):
            from . import aside

            place = "%s.%d.%d" % (self.asides or self.file, os.getpid(), len(self._seen))
            if aside.keep(path, place):
                self.record('{"kind":"aside","path":%s,"place":%s}' % (quote(path), quote(place)), now=True)
            else:
                self.unsure("a large file that was read and then written")

    def touched(self, path, folder=None):
        """The path, relative to ``folder``, was handed to what cannot be observed."""
        self._touched(self._path(os.path.join(folder or "", path)))

    def unobserved(self, program):
        """A program was started that does not report what it reads."""
        if self._first("child", program):
            self.record('{"kind":"child","program":%s}' % quote(program))

    def reports_child(self, words, environment):
        """Whether a started program reports itself."""
        from . import children

        return children.is_observed(words, environment, self._folder)

    def _touched(self, path):
        """It was handed to what cannot be observed: read, and written if it is another in the end."""
        if path is not None and existence.text_of(path) is not None:
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

    def _listed(self, arguments):
        given = arguments[0]
        given = os.readlink("/proc/self/fd/%d" % given) if isinstance(given, int) else given or "."
        folder = self._path(given)
        if folder is None:
            # The root itself does not lie below the root.
            folder = self._absolute(given).rstrip("/")
            if folder + "/" not in self._roots:
                return
        frame = sys._getframe(2)
        if any(part in frame.f_code.co_filename for part in _IMPORT_MACHINERY):
            return
        if not self._everywhere:
            self._note("list", folder.rstrip("/"), stat=True)
        elif (self.is_below(folder + "/") or self.is_by_project(frame)) and self._first("list", folder):
            names = existence.names_of(folder)
            self.record(
                '{"kind":"list","path":%s,"stat":%s,"names":%s}'
                % (quote(folder), _stat(folder), "null" if names is None else quote(names))
            )

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
        from . import libraries

        name = libraries.database(os.fsdecode(arguments[0]))
        path = name and self._path(name)
        if path is None:
            return
        if existence.text_of(path) is None:
            self._wrote(path)
        else:
            # What was committed and not yet taken over into the database itself.
            self._touched(path + "-wal")
            self.exists(path + "-wal")
        self._touched(path)

    def _loaded(self, arguments):
        name = arguments[0]
        if name and os.path.isfile(name):
            self._touched(self._path(name))

    def _started(self, arguments):
        from . import children

        children.started(self, arguments[0], arguments[1], arguments[2], None)

    def _started_in(self, arguments):
        from . import children

        program, words, folder, environment = arguments
        children.started(self, program, words, environment, folder)

    def _told_shell(self, arguments):
        from . import children

        children.told_shell(self, os.fsdecode(arguments[0]))

    def _leaving(self, _arguments):
        self.flush()

    def _forked(self):
        self.main = False
        if self.chapter is not None:
            # What a child does is told to the process that goes on with the chapter.
            self.chapter, self.reports = None, True
            self._looked, self._looks = set(), {}
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
            self.tell_libraries()
            self.flush()
            leave(status)

        _exit.__doc__ = leave.__doc__
        os._exit = _exit

    def tell_libraries(self):
        """Say which libraries may have read or written unseen, and what the code names."""
        try:
            from . import libraries

            readers, writers = libraries.loaded(self.module_file)
            if not writers or self.is_silent():
                return
            names = [",".join(map(quote, some)) for some in (readers, writers)]
            self.record('{"kind":"libraries","readers":[%s],"writers":[%s]}' % tuple(names))
            if readers:
                for path in libraries.named(self._codes.values(), self._roots, self._start):
                    self.touched(path)
        except Exception:
            self.unsure("the libraries could not be told")

    def _ending(self):
        kind = getattr(sys, "last_type", None)
        if self.main and kind is not None:
            value = getattr(sys, "last_value", None)
            self.record(
                '{"kind":"exception","type":%s,"message":%s}' % (quote(kind.__name__), quote(_text(value)[:2000]))
            )
        self.tell_libraries()
        if self.main:
            self.record('{"kind":"end"}')
        self.flush()
        # What is still to come, such as objects that write when they are deleted.
        self._flushed = -_FLUSH_SECONDS


def looked_lines(looks):
    """The records of lookups of modules, one a folder."""
    for folder, names in looks.items():
        yield '{"kind":"looked","path":%s,"names":[%s]}' % (quote(folder), ",".join(map(quote, names)))


def _stat(path):
    try:
        facts = existence.stat(path)
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
