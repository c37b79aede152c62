"""Tells what libraries that open files without Python's knowledge may have read or written.

Which files such a library read cannot be seen. The files and folders of the project that
the code names are taken as read; where it names none, everything counts.
"""

import os
import sys

_READ = (
    "av catboost cv2 decord duckdb faiss fiona h5py lightgbm lmdb netCDF4 osgeo polars pyarrow.csv pyarrow.dataset "
    "pyarrow.feather pyarrow.orc pyarrow.parquet pysam rasterio safetensors sentencepiece soundfile tables tensorflow "
    "xgboost"
).split()
_WRITE = "cupy onnx torch".split()
_TEXT_MAX = 300


def loaded(module_file):
    """Those that may have read, and those that may have written; a module of the project is none."""
    found = [name for name in _READ + _WRITE if name in sys.modules]
    found = [name for name in found if module_file(getattr(sys.modules[name], "__file__", None) or "/") is None]
    return [name for name in found if name in _READ], found


def database(name):
    """The file of the SQLite database that is connected to by ``name``, if it has one."""
    if name.startswith("file:"):
        from urllib.parse import unquote

        name = unquote(name[5:].partition("?")[0])
        if name.startswith("//"):
            name = "/" + name[2:].partition("/")[2]
    return None if name in ("", ":memory:") else name


def named(codes, roots, start):
    """Existing files and folders below ``roots`` that constants of ``codes`` name."""
    texts = set()
    for code in codes:
        _gather(code, texts)
    bases = {start, os.getcwd(), *(os.path.dirname(code.co_filename) for code in codes)}
    found = set()
    for text in texts:
        for base in bases:
            path = _existing(os.path.normpath(os.path.join(base, text)), roots, "/" in text)
            if path is not None:
                found.add(path)
    return found


def _gather(code, texts):
    for constant in code.co_consts:
        if isinstance(constant, str):
            _add(constant, texts)
        elif isinstance(constant, (tuple, frozenset)):
            for item in constant:
                if isinstance(item, str):
                    _add(item, texts)
        elif hasattr(constant, "co_consts"):
            _gather(constant, texts)


def _add(text, texts):
    if 0 < len(text) < _TEXT_MAX and "\n" not in text and "\0" not in text:
        texts.add(text)


def _existing(path, roots, is_path):
    """``path``, or the folder above it that exists; none where that is not below a root."""
    while True:
        root = next((root for root in roots if path.startswith(root) and len(path) > len(root)), None)
        if root is None:
            return None
        if os.path.exists(path):
            return None if path.endswith((".py", ".pyc")) or "/." in path[len(root) - 1 :] else path
        if not is_path:
            return None
        path = os.path.dirname(path)
