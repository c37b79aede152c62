"""Notes which variables of the environment the code of the project reads."""

import os
import sys

# What the mapping's own methods are defined in.
_MACHINERY = ("<frozen _collections_abc>", "<frozen os>", os.__file__, sys.modules["_collections_abc"].__file__)


def install(observer):
    """Follow every look into ``os.environ``."""
    kind = type(os.environ)
    value_of, names_of = kind.__getitem__, kind.__iter__
    remember(observer)
    copying = [None]

    def __getitem__(self, name):
        raw = _encoded(self, name)
        # Unchanged ones only: what user code sets is its own.
        if self._data.get(raw, _ABSENT) == observer.given.get(raw, _ABSENT):
            frame = _caller()
            if frame is not None and (id(frame), frame.f_lasti) != copying[0]:
                try:
                    observer.variable(os.fsdecode(name), frame.f_code.co_filename)
                except Exception:
                    observer.unsure("a variable of the environment")
        return value_of(self, name)

    def __iter__(self):
        frame = _caller()
        # A copy of all: names first, then each value from the same instruction.
        copying[0] = None if frame is None else (id(frame), frame.f_lasti)
        return names_of(self)

    kind.__getitem__, kind.__iter__ = __getitem__, __iter__


def remember(observer):
    """Take the variables as they are now for those that were given."""
    observer.given = dict(os.environ._data)


_ABSENT = object()


def _encoded(environ, name):
    try:
        return environ.encodekey(name)
    except Exception:
        return None


def _caller():
    """The frame that asked; none where all variables are copied."""
    frame = sys._getframe(2)
    while frame is not None and frame.f_code.co_filename in _MACHINERY:
        if frame.f_code.co_name in ("copy", "__repr__", "__or__", "__ror__"):
            return None
        frame = frame.f_back
    return frame
