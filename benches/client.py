"""A: what logging costs the process that logs."""

from __future__ import annotations

import json
import pathlib
import sys
from collections.abc import Callable

import kit

REPETITIONS = 3
# Calls, and the code that makes `report(step)` and `end()`; slow peers make fewer calls.
SIDES = {
    "empty call": (100_000, "def report(step):\n    pass\ndef end():\n    pass"),
    "mendel": (
        100_000,
        "from mendel import Task\n"
        "task = Task.init('bench', 'client', reuse_last_task_id=False, auto_resource_monitoring=False,\n"
        "                 auto_connect_frameworks=False)\n"
        "logger = task.get_logger()\n"
        "def report(step):\n    logger.report_scalar('loss', 'train', 0.5, step)\n"
        "def end():\n    logger.flush()",
    ),
    "tensorboard": (
        10_000,
        "from tensorboardX import SummaryWriter\nwriter = SummaryWriter('tb')\n"
        "def report(step):\n    writer.add_scalar('loss', 0.5, step)\nend = writer.close",
    ),
    "trackio": (
        10_000,
        "import trackio\ntrackio.init(project='bench')\n"
        "def report(step):\n    trackio.log({'loss': 0.5}, step=step)\nend = trackio.finish",
    ),
    "aim": (
        2_000,
        "import aim\nrun = aim.Run(repo='.', system_tracking_interval=None, capture_terminal_logs=False)\n"
        "def report(step):\n    run.track(0.5, name='loss', step=step)\nend = run.close",
    ),
    "wandb": (
        2_000,
        "import wandb\nrun = wandb.init(project='bench', mode='offline')\n"
        "def report(step):\n    run.log({'loss': 0.5})\nend = run.finish",
    ),
    "clearml": (
        1_000,
        "import clearml\nclearml.Task.set_offline(offline_mode=True)\n"
        "task = clearml.Task.init('bench', 'b', auto_resource_monitoring=False, auto_connect_frameworks=False)\n"
        "logger = task.get_logger()\n"
        "def report(step):\n    logger.report_scalar('loss', 't', 0.5, step)\nend = task.close",
    ),
    "mlflow": (
        200,
        "import mlflow\nmlflow.set_tracking_uri('sqlite:///m.db')\nmlflow.start_run()\n"
        "def report(step):\n    mlflow.log_metric('loss', 0.5, step)\nend = mlflow.end_run",
    ),
}
LOOP = """
import json, os, sys, time
began = time.process_time()
{setup}
report(0)
start = time.process_time() - began
cpu = time.process_time()
for step in range(1, {calls}):
    report(step)
cpu = time.process_time() - cpu
wall = time.perf_counter()
end()
flush = time.perf_counter() - wall
told = json.dumps({{"call": cpu / {calls} * 1e6, "start": start * 1e3, "flush": flush * 1e3}})
os.write(1, ("\\n#figures " + told + "\\n").encode())
os._exit(0)
"""


def figures(text: str) -> dict[str, float]:
    """What a measured process told of itself, among whatever else it printed."""
    told = [line for line in text.splitlines() if line.startswith("#figures ")]
    if not told:
        raise kit.Failed("it ended without figures")
    found: dict[str, float] = json.loads(told[-1].removeprefix("#figures "))
    return found


def side(name: str, folder: pathlib.Path) -> Callable[[], dict[str, float]]:
    """One measured process of a side."""
    calls, setup = SIDES[name]

    def measure() -> dict[str, float]:
        python = kit.python_of(name) if name in kit.PACKAGES else sys.executable
        return figures(kit.run([python, "-c", LOOP.format(setup=setup, calls=calls)], folder, 120))

    return measure


def rows(folder: pathlib.Path) -> list[kit.Row]:
    """CPU of a call, of the start, and the wait at the end."""
    found = kit.interleaved({name: side(name, folder) for name in SIDES}, REPETITIONS)
    floors = ("empty call",)
    return [
        kit.row("A1 CPU of one reported scalar", "µs", found, "call", floors=floors),
        kit.row("A3+A4 CPU from import to the first scalar", "ms", found, "start", floors=floors),
        kit.row("A5 flush at the end", "ms", found, "flush", floors=floors),
    ]
