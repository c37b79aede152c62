"""B: eight processes that write at once into one store, and what a point takes on disk."""

from __future__ import annotations

import json
import os
import pathlib
import subprocess
import sys
import time
from collections.abc import Callable

import kit
from client import figures

WRITERS = 8
# Points of each writer, and the code that makes `write(values)` and `finish()`.
SIDES = {
    "mendel": (
        100_000,
        "from mendel import Task\n"
        "task = Task.init('bench', f'writer {number}', reuse_last_task_id=False, auto_resource_monitoring=False,\n"
        "                 auto_connect_frameworks=False, auto_connect_streams=False)\n"
        "report = task.get_logger().report_scalar\n"
        "def write(values):\n    for step, value in enumerate(values):\n"
        "        report('loss', 'train', value, step)\n"
        "def finish():\n    assert task.flush(wait_for_uploads=True)",
    ),
    "tensorboard": (
        20_000,
        "import tensorboardX\nwriter = tensorboardX.SummaryWriter(f'tb/{number}')\n"
        "def write(values):\n    for step, value in enumerate(values):\n"
        "        writer.add_scalar('loss', value, step)\n"
        "finish = writer.close",
    ),
    "trackio": (
        20_000,
        "import trackio\ntrackio.init(project='bench', name=f'r{number}')\n"
        "def write(values):\n    for step, value in enumerate(values):\n"
        "        trackio.log({'loss': value}, step=step)\n"
        "finish = trackio.finish",
    ),
    "aim": (
        2_000,
        "import aim\nrun = aim.Run(repo='.', system_tracking_interval=None, capture_terminal_logs=False)\n"
        "def write(values):\n    for step, value in enumerate(values):\n"
        "        run.track(value, name='loss', step=step)\n"
        "finish = run.close",
    ),
    "wandb": (
        2_000,
        "import wandb\nrun = wandb.init(project='bench', mode='offline')\n"
        "def write(values):\n    for value in values:\n        run.log({'loss': value})\nfinish = run.finish",
    ),
    "mlflow": (
        10_000,
        "import time\nfrom mlflow.entities import Metric\nfrom mlflow.tracking import MlflowClient\n"
        "client = MlflowClient('sqlite:///m.db')\nrun = client.create_run('0').info.run_id\n"
        "def write(values):\n"
        "    for begin in range(0, len(values), 1000):\n"
        "        part = enumerate(values[begin:begin + 1000], begin)\n"
        "        now = int(time.time() * 1000)\n"
        "        client.log_batch(run, metrics=[Metric('loss', value, now, step) for step, value in part])\n"
        "def finish():\n    client.set_terminated(run)",
    ),
}
# Values as they come out of a float32 tensor, which a logged loss nearly always was.
WRITER = """
import json, os, random, resource, struct, sys, time
number, points = int(sys.argv[1]), int(sys.argv[2])
rnd, four = random.Random(number), struct.Struct("f")
values = [four.unpack(four.pack(2.3 / (1 + i * 1e-3) + 0.05 * rnd.random()))[0] for i in range(points)]
{setup}
os.write(1, b"#ready\\n")
sys.stdin.readline()
used = lambda: time.process_time() + sum(resource.getrusage(resource.RUSAGE_CHILDREN)[:2])
cpu = used()
write(values)
finish()
os.write(1, ("\\n#figures " + json.dumps({{"cpu": used() - cpu, "ended": time.time()}}) + "\\n").encode())
os._exit(0)
"""
PREPARE = {
    "mlflow": "from mlflow.tracking import MlflowClient; MlflowClient('sqlite:///m.db').search_experiments()",
    "aim": "import aim; aim.Repo.from_path('.', init=True)",
}


def companion_cpu(folder: pathlib.Path) -> float:
    """CPU seconds of the process that serves the workspace below ``folder``."""
    total = 0
    for place in pathlib.Path("/proc").iterdir():
        try:
            words = (place / "cmdline").read_bytes().split(b"\0")
            if b"companion" in words and any(str(folder).encode() in word for word in words):
                total += sum(int(part) for part in (place / "stat").read_text().rsplit(")", 1)[1].split()[11:15])
        except OSError:
            continue
    return total / os.sysconf("SC_CLK_TCK")


def side(name: str, parent: pathlib.Path) -> Callable[[], dict[str, float]]:
    """All writers of a side, started together once each is ready."""
    points, setup = SIDES[name]

    def measure() -> dict[str, float]:
        folder = parent / f"ingest-{name}"
        folder.mkdir()
        python = kit.python_of(name) if name in kit.PACKAGES else pathlib.Path(sys.executable)
        if name in PREPARE:
            kit.run([python, "-c", PREPARE[name]], folder)
        script = folder / "writer.py"
        script.write_text(WRITER.format(setup=setup))
        writers = [
            subprocess.Popen(
                [str(python), str(script), str(number), str(points)],
                cwd=folder,
                env=kit.environment(folder),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
            )
            for number in range(WRITERS)
        ]
        try:
            return together(name, folder, points, writers)
        finally:
            for writer in writers:
                writer.kill()
                writer.wait()

    return measure


def together(name: str, folder: pathlib.Path, points: int, writers: list[subprocess.Popen[str]]) -> dict[str, float]:
    """Lets all writers go at once; the figures of all together."""
    for writer in writers:
        assert writer.stdout is not None
        while (line := writer.stdout.readline()) != "#ready\n":
            if not line:
                raise kit.Failed("a writer could not begin")
    before, began, served = kit.size(folder), time.time(), companion_cpu(folder)
    for writer in writers:
        assert writer.stdin is not None
        writer.stdin.write("go\n")
        writer.stdin.flush()
    try:
        told = [figures(writer.communicate(timeout=200)[0]) for writer in writers]
    except subprocess.TimeoutExpired:
        raise kit.Failed("a writer did not end in 200 s") from None
    served = companion_cpu(folder) - served
    total = points * WRITERS
    wall = max(one["ended"] for one in told) - began
    cpu = sum(one["cpu"] for one in told) + served
    if name == "mendel":
        stored = seal(folder)
        if stored != total:
            raise kit.Failed(f"{total - stored} of {total} points were lost")
    disk = stored_bytes(folder) if name == "mendel" else kit.size(folder) - before
    return {"rate": total / wall, "cpu": cpu / total * 1e6, "disk": disk / total}


def seal(folder: pathlib.Path) -> int:
    """Compacts all series through the interface; the number of points that can be read back."""
    from reads import ask, connected

    _client, address = connected(folder)
    stored = 0
    for run in json.loads(ask(address, "/api/v1/runs"))["runs"]:
        place = f"/api/v1/runs/{run['id']}"
        ask(address, f"/api/v1/upkeep/seal?run={run['id']}", b"{}")
        stored += sum(
            bucket["count"] for bucket in json.loads(ask(address, f"{place}/buckets?metric=loss&variant=train"))
        )
    return stored


def stored_bytes(folder: pathlib.Path) -> int:
    """Bytes of the compacted series: those of a copy, in which nothing lies that was freed."""
    kit.run([kit.MENDEL, "backup", folder / "copy"], folder)
    return (folder / "copy" / "mendel.db").stat().st_size


def rows(folder: pathlib.Path) -> list[kit.Row]:
    """Points a second, CPU and bytes of a point."""
    found = kit.interleaved({name: side(name, folder) for name in SIDES}, 1)
    return [
        kit.row("B1 points a second, 8 writers, until all are durable", "1/s", found, "rate", smaller=False),
        kit.row("B2 CPU of a point, with whoever stores it", "µs", found, "cpu"),
        kit.row("B3 bytes of a point on disk (mendel: the whole database, compacted)", "B", found, "disk"),
    ]
