"""What steps may use at once: processors, GPUs and memory, shared by all tasks of one command.

Each unit is a file that whoever uses it has locked, so the system takes it back from a process that
dies. The kinds are taken in a fixed order and by one process at a time, so nobody waits in a
circle, and a step that needs much gets its turn. Whoever has units never waits for anything else.
"""

from __future__ import annotations

import contextlib
import fcntl
import glob
import math
import os
import re
import resource
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Dict, Iterator, List, Mapping

_UNITS = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}
_MEMORY_PARTS = 64
_PAUSE_SECONDS = 0.01
_KNOWN = ("cpu", "gpu", "memory", "time")


@dataclass(frozen=True)
class Need:
    """What a step needs while it runs."""

    cpu: int = 1
    gpu: int = 0
    memory: int | None = None
    """Bytes that it may have resident."""


def need_of(written: Any, what: str, base: Need | None = None) -> Need:
    """The need that a mapping such as `{cpu: 2, memory: 2G}` says; what it does not name is that of `base`.

    Raises:
        ValueError: It is no such mapping; says what is wrong with it.
    """
    base = base or Need()
    if written is None:
        return base
    if not isinstance(written, Mapping):
        raise ValueError(f"`resources` of {what} is `{written}`; write a mapping such as `{{cpu: 2, memory: 2G}}`")
    unknown = [name for name in written if name not in _KNOWN]
    if unknown:
        raise ValueError(f"`resources` of {what} has `{unknown[0]}`, and knows {', '.join(_KNOWN)}")
    values: Dict[str, float] = {}
    for name in ("cpu", "gpu"):
        value = written.get(name, getattr(base, name))
        if isinstance(value, bool) or not isinstance(value, (int, float)) or value < 0:
            raise ValueError(f"`resources: {{{name}: {value}}}` of {what} is no number of at least 0")
        values[name] = value
    memory = base.memory if written.get("memory") is None else _bytes(written["memory"], what)
    return Need(max(1, math.ceil(values["cpu"])), math.ceil(values["gpu"]), memory)


def _bytes(value: Any, what: str) -> int:
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([KMGT]?)(?:i?B)?\s*", str(value), re.IGNORECASE)
    if found is None or isinstance(value, bool) or float(found[1]) <= 0:
        raise ValueError(f"`resources: {{memory: {value}}}` of {what} is no size such as `512M` or `2G`")
    return int(float(found[1]) * _UNITS[found[2].upper()])


def written_size(size: int) -> str:
    """A size as people write it.

    Example:
        >>> written_size(3 << 29)
        '1.5 GiB'
    """
    power = min(3, max(0, size.bit_length() - 1) // 10)
    return f"{size / (1 << 10 * power):.3g} {('B', 'KiB', 'MiB', 'GiB')[power]}"


class Pool:
    """The units of one command, in this process.

    Args:
        folder: Where their files are.
        cpu: How many processors may be used.
    """

    def __init__(self, folder: Path, cpu: int) -> None:
        self._folder = folder
        self._gpus = _visible()
        self._most = {"gpu": len(self._gpus), "memory": _MEMORY_PARTS, "cpu": cpu}
        self._held: Dict[str, Dict[int, int]] = {}
        self._last: Dict[str, List[int]] = {}
        self._need: Need | None = None
        folder.mkdir(parents=True, exist_ok=True)
        # What a stage forks may outlive it, and must not keep what it had.
        os.register_at_fork(after_in_child=self._forget)

    def check(self, need: Need, what: str) -> None:
        """Refuses what this machine can never give.

        Raises:
            ValueError: It has not so many GPUs, or not so much memory.
        """
        if need.gpu > self._most["gpu"]:
            raise ValueError(f"{what} needs {need.gpu} GPUs, and this machine has {self._most['gpu']}")
        if need.memory is not None and need.memory > _machine_memory():
            has = written_size(_machine_memory())
            raise ValueError(f"{what} needs {written_size(need.memory)} of memory, and this machine has {has}")

    def has_room(self) -> bool:
        """Whether a processor is free at this moment."""
        for number in range(self._most["cpu"]):
            descriptor = self._try("cpu", number)
            if descriptor is not None:
                os.close(descriptor)
                return True
        return False

    def take(self, need: Need) -> None:
        """Waits until it has what is needed; it must have nothing."""
        self._need = need
        share = 0 if need.memory is None else math.ceil(need.memory / _machine_memory() * _MEMORY_PARTS)
        # In the order in which they get scarce: who waits for a processor may hold a GPU.
        for kind, count in (("gpu", need.gpu), ("memory", share), ("cpu", need.cpu)):
            if count:
                self._collect(kind, min(count, self._most[kind]))
        if need.gpu:
            os.environ["CUDA_VISIBLE_DEVICES"] = ",".join(self._gpus[one] for one in sorted(self._held["gpu"]))

    def give_back(self) -> None:
        """Gives back what it has."""
        for kind, held in self._held.items():
            self._last[kind] = list(held)
            for descriptor in held.values():
                # A process that a stage started may have the file open as well.
                fcntl.flock(descriptor, fcntl.LOCK_UN)
                os.close(descriptor)
        self._held = {}

    def _forget(self) -> None:
        for held in self._held.values():
            for descriptor in held.values():
                os.close(descriptor)
        self._held = {}

    @contextlib.contextmanager
    def without(self) -> Iterator[None]:
        """Has nothing for a while, such as when another process is waited for."""
        need = self._need
        self.give_back()
        yield
        if need is not None:
            self.take(need)

    @contextlib.contextmanager
    def instead(self, need: Need) -> Iterator[None]:
        """Has what another step needs for a while."""
        before = self._need
        if before == need or before is None:
            with limited(need.memory):
                yield
            return
        self.give_back()
        try:
            self.take(need)
            with limited(need.memory):
                yield
        finally:
            self.give_back()
            # Whoever is interrupted needs nothing any more, and waits for nothing.
            if not isinstance(sys.exc_info()[1], KeyboardInterrupt):
                self.take(before)

    def _collect(self, kind: str, count: int) -> None:
        order = [*dict.fromkeys([*self._last.get(kind, []), *range(self._most[kind])])]
        queue = os.open(self._folder / f"{kind}.queue", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        held = self._held.setdefault(kind, {})
        try:
            fcntl.flock(queue, fcntl.LOCK_EX)
            while True:
                for number in order:
                    if len(held) < count and number not in held:
                        descriptor = self._try(kind, number)
                        if descriptor is not None:
                            held[number] = descriptor
                if len(held) >= count:
                    return
                time.sleep(_PAUSE_SECONDS)
        finally:
            os.close(queue)

    def _try(self, kind: str, number: int) -> int | None:
        descriptor = os.open(self._folder / f"{kind}-{number}", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(descriptor)
            return None
        return descriptor


@contextlib.contextmanager
def limited(memory: int | None) -> Iterator[None]:
    """Refuses allocations that alone are more than a step may have; the rest is watched from outside."""
    if memory is None:
        yield
        return
    before = resource.getrlimit(resource.RLIMIT_DATA)
    most = _own_data() + memory
    hard = before[1]
    soft = most if hard == resource.RLIM_INFINITY else min(most, hard)
    resource.setrlimit(resource.RLIMIT_DATA, (soft, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, before)


def resident(pid: int) -> int:
    """Bytes that a process and its children have resident; 0 for one that is gone."""
    total = 0
    with contextlib.suppress(OSError, ValueError):
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
        total = pages * os.sysconf("SC_PAGE_SIZE")
        for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
            total += resident(int(child))
    return total


def _own_data() -> int:
    text = Path("/proc/self/status").read_text()
    found = re.search(r"^VmData:\s+(\d+)", text, re.MULTILINE)
    return int(found[1]) * 1024 if found else 0


def _machine_memory() -> int:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def _visible() -> List[str]:
    told = os.environ.get("CUDA_VISIBLE_DEVICES")
    if told is not None:
        return [one.strip() for one in told.split(",") if one.strip() not in ("", "-1", "NoDevFiles")]
    return [str(number) for number, _ in enumerate(glob.glob("/dev/nvidia[0-9]*"))]
