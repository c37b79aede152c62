"""Keeps what a file holds before it is written over."""

import os

# A larger file is a doubt.
BYTES_MAX = 256 << 20
_BLOCK = 1 << 20


def keep(path, place):
    """Copy the file at ``path`` to ``place``; says whether it is small enough for that."""
    source = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        if os.fstat(source).st_size > BYTES_MAX:
            return False
        target = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        try:
            block = os.read(source, _BLOCK)
            while block:
                os.write(target, block)
                block = os.read(source, _BLOCK)
        finally:
            os.close(target)
    finally:
        os.close(source)
    return True
