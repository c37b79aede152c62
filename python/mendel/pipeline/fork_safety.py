"""Whether this process may be forked, and the fork go on as if it were alone."""

from __future__ import annotations

import os
import threading
from typing import Set

# What tells of started processes is made anew in a fork.
_OWN = "/memfd:mendel-"
_SHARED = ("/dev/null", "/dev/urandom", "/dev/random", "/dev/zero")


def open_files() -> Set[str]:
    """What this process has open: each descriptor with what it leads to."""
    found = set()
    for number in os.listdir("/proc/self/fd"):
        try:
            found.add(f"{number} {os.readlink(f'/proc/self/fd/{number}')}")
        except OSError:
            # The one that lists them.
            continue
    return found


def why_not(before: Set[str]) -> str | None:
    """Why what was loaded since `before` must not be forked; None where it may be.

    A thread would be missing in the fork, with the locks it holds; a file or connection would be
    shared with it. Threads of libraries that end before a fork, and are made again, are none.
    """
    if threading.active_count() > 1:
        return "a thread was started while they were imported"
    new = [name for name in open_files() - before if not name.endswith(_SHARED) and _OWN not in name]
    if new:
        return f"`{min(new).partition(' ')[2]}` was left open while they were imported"
    pid = os.fork()
    if pid == 0:
        os._exit(0)
    # Libraries that know of forks have ended their threads by now.
    left = len(os.listdir("/proc/self/task"))
    os.waitpid(pid, 0)
    return None if left == 1 else "a library started a thread while they were imported"
