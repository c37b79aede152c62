"""A process that forks others: `python -m mendel.pipeline.fork_server`, held by the supervisor.

What it forks is as a fresh process would be, with the interpreter started and installed packages
imported already. Code of a project is never loaded here, so nothing of one task reaches another.

Requests come, and answers go, one datagram each over a socket. A task is forked by
`{"start": n, "variables": …, "folder": …}` with its standard output and error; another server
that imports packages first, by `{"serve": n, "preload": [names]}` with its socket.
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import select
import signal
import socket
import sys
from typing import Any, Dict, List

from mendel import _native
from mendel.pipeline import fork_safety, preload, worker

VARIABLE = "MENDEL_FORK_SERVER"
"""Names the environment variable with the number of the socket."""

_MESSAGE_BYTES = 1 << 20


class Server:
    """Forks what it is asked for, and says how that ended.

    Args:
        channel: Where requests come from.
    """

    def __init__(self, channel: socket.socket) -> None:
        self._channel = channel
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
        while True:
            ready, _, _ = select.select([self._channel, self._woken], [], [])
            if self._woken in ready:
                with contextlib.suppress(BlockingIOError):
                    os.read(self._woken, 4096)
                self._tell_ended()
            if self._channel not in ready:
                continue
            message, descriptors, _, _ = socket.recv_fds(self._channel, _MESSAGE_BYTES, 4)
            if not message:
                return 0
            request = json.loads(message)
            parent = os.getpid()
            try:
                pid = os.fork()
            except OSError as error:
                self._answer({"refused": request["number"], "why": str(error)})
                pid = None
            if pid == 0:
                return self._in_child(parent, request, descriptors)
            for descriptor in descriptors:
                os.close(descriptor)
            if pid is not None:
                with contextlib.suppress(OSError):
                    os.setpgid(pid, pid)
                self._forked[pid] = request["number"]
                self._answer({"started": request["number"], "pid": pid})

    def _tell_ended(self) -> None:
        for pid in list(self._forked):
            ended, status, usage = os.wait4(pid, os.WNOHANG)
            if ended:
                number = self._forked.pop(pid)
                self._answer({"ended": number, "status": status, "peak_kb": usage.ru_maxrss})

    def _answer(self, answer: Dict[str, Any]) -> None:
        # Whoever asked may be gone: the next look at the channel tells.
        with contextlib.suppress(BrokenPipeError, ConnectionError):
            self._channel.send(json.dumps(answer).encode())

    def _in_child(self, parent: int, request: Dict[str, Any], descriptors: List[int]) -> int:
        _native.die_with_parent(parent)
        os.setpgid(0, 0)
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        for end in (self._woken, self._wakes):
            os.close(end)
        self._channel.close()
        if "preload" in request:
            return _serve_preloaded(socket.socket(fileno=descriptors[0]), request["preload"])
        for own, given in enumerate(descriptors, 1):
            os.dup2(given, own)
            os.close(given)
        os.environ.update(request["variables"])
        os.chdir(request["folder"])
        # As `python -m` would: the folder in which it is started comes first.
        sys.path[0] = request["folder"]
        return worker.main()


def _serve_preloaded(channel: socket.socket, names: List[str]) -> int:
    """Imports packages, and serves unless that left something that a fork must not share."""
    before = fork_safety.open_files()
    preload.load(names)
    why = fork_safety.why_not(before)
    if why is not None:
        print(f"the packages of a pipeline are imported by each of its tasks: {why}", file=sys.stderr)
        return 0
    return Server(channel).serve()


def main() -> int:
    """Serves the socket that the supervisor handed over."""
    return Server(socket.socket(fileno=int(os.environ.pop(VARIABLE)))).serve()


if __name__ == "__main__":
    # Under this name the classes of this module would exist twice.
    from mendel.pipeline import fork_server

    sys.exit(fork_server.main())
