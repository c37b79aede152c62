"""Starts the observation of a Python process that Mendel started, then steps aside.

Python imports this file by itself, because its folder comes first in PYTHONPATH. The
script then runs as it would without Mendel: same arguments, same path, same tracebacks.
"""

import sys


def _start():
    try:
        import os

        folder = os.path.dirname(os.path.abspath(__file__))
        sys.path[:] = [entry for entry in sys.path if entry != folder]
        settings = os.environ.get("MENDEL_OBSERVE")
        if settings and sys.version_info >= (3, 8):
            sys.path.insert(0, folder)
            # Wherever the user wants no bytecode: this folder is ours, and every process
            # would compile its files anew.
            writes_none, sys.dont_write_bytecode = sys.dont_write_bytecode, False
            try:
                import _mendel_worker

                _mendel_worker.start(settings)
            finally:
                sys.dont_write_bytecode = writes_none
                sys.path.remove(folder)
                sys.path_importer_cache.pop(folder, None)
    except Exception:
        # User code must run whatever becomes of its observation; the supervisor notices
        # that nothing was reported, and does not reuse the result.
        pass


_start()
del _start

# The user's own file of this name comes next, as if this one were not there.
_own = sys.modules.pop("sitecustomize", None)
try:
    import sitecustomize  # noqa: F401
except ImportError as _error:
    if getattr(_error, "name", None) not in (None, "sitecustomize"):
        raise
finally:
    if _own is not None:
        sys.modules.setdefault("sitecustomize", _own)
