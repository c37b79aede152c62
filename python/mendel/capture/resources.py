"""Use of the machine while a task runs: processor, memory, disk, network, and GPUs.

Titles are ``:monitor:machine`` and ``:monitor:gpu``; the iteration is the second since
the start, and does not count as an iteration of the task.
"""

from __future__ import annotations

import os
import threading
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    Counters = dict[str, float]

    from mendel.capture.gpu import Gpus
    from mendel.tracked_task import TrackedTask

MACHINE = ":monitor:machine"
GPU = ":monitor:gpu"
PERIOD = 5.0
MEBI = 1 << 20
DRIVERS = ("/dev/nvidiactl", "/dev/dxg")


class Monitor:
    """Samples the machine every few seconds in a thread of its own.

    Args:
        task: The task to report into.
        period: Seconds between two samples.
    """

    def __init__(self, task: TrackedTask, period: float = PERIOD) -> None:
        self._report = task._open().report
        self._period = period
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._work, name="mendel-resources", daemon=True)
        self._gpus: Gpus | None = None

    def begin(self) -> None:
        """Samples from now on."""
        self._thread.start()

    def end(self) -> None:
        """Samples no more."""
        self._stop.set()

    def _work(self) -> None:
        start = time.monotonic()
        before, at = counters(), start
        if self._stop.wait(min(1.0, self._period)):
            return
        if any(map(os.path.exists, DRIVERS)):
            from mendel.capture.gpu import Gpus

            self._gpus = Gpus()
        while True:
            now = time.monotonic()
            after = counters()
            self._sample(int(now - start), before, after, max(now - at, 1e-3))
            before, at = after, now
            if self._stop.wait(self._period):
                return

    def _sample(self, second: int, before: Counters, after: Counters, span: float) -> None:
        for name, value in use(before, after, span).items():
            self._report(MACHINE, name, value, second)
        if self._gpus is not None:
            for name, value in self._gpus.sample().items():
                self._report(GPU, name, value, second)


def counters() -> Counters:
    """What the system counts, as far as it tells: empty where it does not."""
    found: Counters = {}
    for read in (_processor, _memory, _disk, _network, _process):
        try:
            found.update(read())
        except (OSError, ValueError, IndexError, KeyError):
            continue
    return found


def use(before: Counters, after: Counters, span: float) -> dict[str, float]:
    """Use between two readings that lie ``span`` seconds apart.

    Example:
        >>> before = {"busy": 10.0, "ticks": 100.0, "sent": 0.0}
        >>> use(before, {"busy": 60.0, "ticks": 200.0, "sent": 2.0 * 2**20}, 2.0)
        {'cpu_usage': 50.0, 'network_tx_mbs': 1.0}
    """
    shown: dict[str, float] = {}
    if "ticks" in before and after.get("ticks", 0) > before["ticks"]:
        shown["cpu_usage"] = 100.0 * (after["busy"] - before["busy"]) / (after["ticks"] - before["ticks"])
    rates = (
        ("read", "io_read_mbs"),
        ("written", "io_write_mbs"),
        ("received", "network_rx_mbs"),
        ("sent", "network_tx_mbs"),
    )
    for name, title in rates:
        if name in before and name in after:
            shown[title] = max(0.0, after[name] - before[name]) / MEBI / span
    for name in ("memory_used_gb", "memory_free_gb", "memory_used_percent", "process_memory_gb", "disk_free_percent"):
        if name in after:
            shown[name] = after[name]
    return shown


def _processor() -> Counters:
    words = _text("/proc/stat").partition("\n")[0].split()[1:9]
    ticks = [float(word) for word in words]
    return {"ticks": sum(ticks), "busy": sum(ticks) - ticks[3] - ticks[4]}


def _memory() -> Counters:
    lines = (line.split() for line in _text("/proc/meminfo").splitlines()[:8])
    kibi = {words[0].rstrip(":"): float(words[1]) for words in lines}
    total, free = kibi["MemTotal"], kibi["MemAvailable"]
    return {
        "memory_used_gb": (total - free) / MEBI,
        "memory_free_gb": free / MEBI,
        "memory_used_percent": 100.0 * (total - free) / total,
    }


def _disk() -> Counters:
    room = os.statvfs(".")
    found = {"disk_free_percent": 100.0 * room.f_bavail / max(room.f_blocks, 1)}
    words = dict(line.split(": ") for line in _text("/proc/self/io").splitlines())
    return {**found, "read": float(words["read_bytes"]), "written": float(words["write_bytes"])}


def _network() -> Counters:
    received = sent = 0.0
    for line in _text("/proc/net/dev").splitlines()[2:]:
        name, _, rest = line.partition(":")
        if name.strip() != "lo":
            words = rest.split()
            received += float(words[0])
            sent += float(words[8])
    return {"received": received, "sent": sent}


def _process() -> Counters:
    pages = float(_text("/proc/self/statm").split()[1])
    return {"process_memory_gb": pages * os.sysconf("SC_PAGE_SIZE") / (1 << 30)}


def _text(path: str) -> str:
    with open(path, encoding="ascii", errors="replace") as stream:
        return stream.read()
