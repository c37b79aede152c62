"""A process that forks others: `python -m mendel.pipeline.fork_server`, held by the supervisor.

What it forks is as a fresh process would be, with the interpreter started and installed packages
imported already. Code of a project is never loaded here, so nothing of one task reaches another.

Requests come on standard input and answers go to standard output, one JSON object a line. Ends of
pipes are named by their path in `/proc`. A task is forked by
`{"start": n, "out": path, "err": path, "folder": path, "variables": {…}}`; another server, which
imports packages first, by `{"serve": n, "requests": path, "answers": path, "preload": [names]}`.
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import select
import signal
import sys
from typing import Any, Dict, List

from mendel import _native
from mendel.pipeline import fork_safety, preload, worker

_READ_BYTES = 1 << 16
_ENDS = (("requests", os.O_RDONLY), ("answers", os.O_WRONLY), ("out", os.O_WRONLY), ("err", os.O_WRONLY))


class Server:
    """Forks what it is asked for, and says how that ended.

    Args:
        requests: Where requests come from.
        answers: Where answers go.
    """

    def __init__(self, requests: int, answers: int) -> None:
        self._requests = requests
        self._answers = answers
        self._forked: Dict[int, int] = {}
        self._woken, self._wakes = os.pipe()
        for end in (self._woken, self._wakes):
            os.set_blocking(end, False)

    def serve(self) -> int:
        """Serves until nobody asks any more; in a forked process, the exit code of what it did."""
        signal.set_wakeup_fd(self._wakes, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        # What is there stays; collecting it in each child would only copy its pages.
        gc.collect()
        gc.freeze()
        self._answer({"ready": True})
        rest = b""
        while True:
            ready, _, _ = select.select([self._requests, self._woken], [], [])
            if self._woken in ready:
                with contextlib.suppress(BlockingIOError):
                    os.read(self._woken, _READ_BYTES)
                self._tell_ended()
            if self._requests not in ready:
                continue
            read = os.read(self._requests, _READ_BYTES)
            if not read:
                return 0
            *lines, rest = (rest + read).split(b"\n")
            for line in lines:
                code = self._fork(json.loads(line))
                if code is not None:
                    return code

    def _fork(self, request: Dict[str, Any]) -> int | None:
        """Forks; in the child, the exit code of what it did."""
        number = request["start"] if "start" in request else request["serve"]
        parent, ends = os.getpid(), []
        try:
            for name, flags in _ENDS:
                if name in request:
                    ends.append(os.open(request[name], flags))
            pid = os.fork()
        except OSError as error:
            self._answer({"refused": number, "why": str(error)})
            pid = None
        if pid == 0:
            return self._in_child(parent, request, ends)
        for end in ends:
            os.close(end)
        if pid is not None:
            with contextlib.suppress(OSError):
                os.setpgid(pid, pid)
            self._forked[pid] = number
            self._answer({"started": number, "pid": pid})
        return None

    def _tell_ended(self) -> None:
        for pid in list(self._forked):
            ended, status, usage = os.wait4(pid, os.WNOHANG)
            if ended:
                number = self._forked.pop(pid)
                self._answer({"ended": number, "status": status, "peak_kb": usage.ru_maxrss})

    def _answer(self, answer: Dict[str, Any]) -> None:
        # Whoever asked may be gone: the next request tells, which does not come.
        with contextlib.suppress(BrokenPipeError):
            os.write(self._answers, json.dumps(answer).encode() + b"\n")

    def _in_child(self, parent: int, request: Dict[str, Any], ends: List[int]) -> int:
        _native.die_with_parent(parent)
        os.setpgid(0, 0)
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        for end in (self._woken, self._wakes, self._requests, self._answers):
            os.close(end)
        if "preload" in request:
            return _serve_preloaded(ends, request["preload"])
        for own, given in enumerate(ends, 1):
            os.dup2(given, own)
            os.close(given)
        os.environ.update(request["variables"])
        os.chdir(request["folder"])
        # As `python -m` would: the folder in which it is started comes first.
        sys.path[0] = request["folder"]
        return worker.main()


def _serve_preloaded(ends: List[int], names: List[str]) -> int:
    """Imports packages, and serves unless that left something that a fork must not share."""
    before = fork_safety.open_files()
    preload.load(names)
    return 0 if fork_safety.why_not(before) is not None else Server(*ends).serve()


def main() -> int:
    """Serves whoever started it."""
    ends = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDWR)
    for end in (0, 1):
        os.dup2(nothing, end)
    os.close(nothing)
    return Server(*ends).serve()


if __name__ == "__main__":
    # Under this name the classes of this module would exist twice.
    from mendel.pipeline import fork_server

    sys.exit(fork_server.main())
