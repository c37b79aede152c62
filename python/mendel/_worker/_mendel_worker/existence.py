"""Notes what code asks about paths without opening them: whether something is there, and of what kind.

The interpreter tells nobody of `stat`, so the functions of `os` are followed. What is asked for
more than its existence, such as its size, counts with its content.
"""

import os
import posixpath
import sys

stat, _lstat, _readlink = os.stat, os.lstat, os.readlink

# Never part of a project; the same names as in listings of the planner.
_NEVER = (".git", ".mendel", "__pycache__")
_PATHS = ("genericpath", "posixpath", "pathlib", "os", "glob", "shutil", "tempfile", "fnmatch")
_SOURCES = ("linecache.py", "tokenize.py", "inspect.py", "traceback.py", "warnings.py")
# They ask in order to make what is not there, to go on, or to find what a path leads to.
_MAKE = frozenset("makedirs mkdir mkdtemp mkstemp rmtree walk fwalk realpath _joinrealpath resolve which".split())
_ASK = frozenset(
    "exists lexists isfile isdir islink ismount is_file is_dir is_symlink is_mount is_socket is_fifo is_block_device "
    "is_char_device _isdir _lexists glob iglob rglob _iglob _glob0 _glob1 _iterate_directories _select_from".split()
)
_modules = {}


def install(observer):
    """Follow the questions from now on."""
    folder = os.path.dirname(os.path.abspath(__file__)) + os.sep

    def heard(path, dir_fd, is_question):
        try:
            frame = sys._getframe(2)
            if not frame.f_code.co_filename.startswith(folder):
                _hear(observer, path, dir_fd, is_question, frame)
        except (TypeError, ValueError):
            # What is no path is refused by the call itself.
            pass
        except Exception:
            observer.unsure("whether a path exists")

    access = os.access

    def follow_stat(path, *, dir_fd=None, follow_symlinks=True):
        if not observer.is_silent():
            heard(path, dir_fd, False)
        return stat(path, dir_fd=dir_fd, follow_symlinks=follow_symlinks)

    def follow_lstat(path, *, dir_fd=None):
        if not observer.is_silent():
            heard(path, dir_fd, True)
        return _lstat(path, dir_fd=dir_fd)

    def follow_readlink(path, *, dir_fd=None):
        if not observer.is_silent():
            heard(path, dir_fd, None)
        return _readlink(path, dir_fd=dir_fd)

    def follow_access(path, mode, *, dir_fd=None, effective_ids=False, follow_symlinks=True):
        if not observer.is_silent():
            heard(path, dir_fd, True)
        return access(path, mode, dir_fd=dir_fd, effective_ids=effective_ids, follow_symlinks=follow_symlinks)

    for name, function in (
        ("stat", follow_stat),
        ("lstat", follow_lstat),
        ("readlink", follow_readlink),
        ("access", follow_access),
    ):
        _replace(name, function)


def _replace(name, function):
    real = getattr(os, name)
    for attribute in ("__name__", "__qualname__", "__doc__", "__module__", "__text_signature__"):
        if hasattr(real, attribute):
            try:
                setattr(function, attribute, getattr(real, attribute))
            except (AttributeError, TypeError):
                pass
    for able in (os.supports_dir_fd, os.supports_fd, os.supports_effective_ids, os.supports_follow_symlinks):
        if real in able:
            able.add(function)
    setattr(os, name, function)


def _hear(observer, path, dir_fd, is_question, frame):
    if isinstance(path, int):
        return
    path = observer.path(path, -1 if dir_fd is None else dir_fd)
    if path is None or observer.is_known("exists", path) or observer.is_known("read", path):
        return
    names, frame = _way(frame)
    if observer.is_ours(frame.f_code.co_filename):
        return
    if is_for_sources(frame) or (is_question is not None and not _MAKE.isdisjoint(names)):
        return
    if not observer.is_below(path) and not observer.is_by_project(frame):
        return
    if is_question is False and _ASK.isdisjoint(names) and not path.endswith(".py"):
        facts = _facts(path)
        if facts is not None and _kind(facts) == "file":
            if not observer.is_own(path):
                observer.reads(path)
            return
    observer.exists(path)


def _way(frame):
    """The functions about paths that ask, and who called them."""
    names = set()
    while frame.f_back is not None and _is_about_paths(frame.f_code.co_filename):
        names.add(frame.f_code.co_name)
        frame = frame.f_back
    return names, frame


def asker(frame):
    """Who asks, if a module about paths asks for somebody."""
    return _way(frame)[1]


def _is_about_paths(file):
    known = _modules.get(file)
    if known is None:
        name = file[8:-1] if file.startswith("<frozen ") else _module_name(file)
        known = _modules[file] = name in _PATHS
    return known


def _module_name(file):
    folder, name = posixpath.split(file)
    if folder == _LIBRARY:
        return name[:-3]
    return posixpath.basename(folder) if posixpath.dirname(folder) == _LIBRARY else ""


_LIBRARY = posixpath.dirname(os.__file__)


def is_for_sources(frame):
    """Whether the import system asks, or who shows lines of source."""
    for _ in range(4):
        if frame is None:
            return False
        file = frame.f_code.co_filename
        if file.startswith("<frozen importlib") or (file.startswith(_LIBRARY) and file.endswith(_SOURCES)):
            return True
        frame = frame.f_back
    return False


def text_of(path):
    """What is at ``path``, in the words of the planner; None where nothing is."""
    try:
        facts = _lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError):
        return "unreadable"
    kind = _kind(facts)
    if kind != "link":
        return kind
    try:
        target = _readlink(os.fsencode(path))
    except OSError:
        return "unreadable"
    there = _facts(path)
    return "link %s to %s" % (_escaped(target), "nothing" if there is None else _kind(there))


def names_of(folder):
    """The names in ``folder`` that count, one a line; None where there is no such folder."""
    try:
        names = os.listdir(os.fsencode(folder))
    except OSError:
        return None
    names = [_escaped(name) for name in names]
    return "".join(name + "\n" for name in sorted(name for name in names if name not in _NEVER))


def _facts(path):
    try:
        return stat(path)
    except (OSError, ValueError):
        return None


def _kind(facts):
    kind = facts.st_mode & 0o170000
    return {0o100000: "file", 0o040000: "folder", 0o120000: "link"}.get(kind, "other")


_SIGNS = {9: "\\t", 10: "\\n", 13: "\\r", 34: '\\"', 39: "\\'", 92: "\\\\"}


def _escaped(name):
    """Bytes as text, what is no plain sign written out."""
    return "".join(_SIGNS.get(byte) or (chr(byte) if 32 <= byte < 127 else "\\x%02x" % byte) for byte in name)
