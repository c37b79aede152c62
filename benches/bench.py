"""Measures Mendel beside its peers in one sitting, and writes a table and a picture.

Each row is a median of interleaved repetitions on this machine; only ratios of one sitting
mean anything. The peers are installed on demand by `make bench`. Rows are named as in the
protocol they follow: A client, E tasks, F snapshot, P physical.
"""

from __future__ import annotations

import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable

HERE = pathlib.Path(__file__).resolve().parent
MENDEL = pathlib.Path(sys.executable).with_name("mendel")
REPETITIONS = 5
CALLS = 100_000

CLIENT = {
    "empty call": "def report(step):\n    pass\ndef end():\n    pass",
    "tensorboardX": (
        "from tensorboardX import SummaryWriter\nwriter = SummaryWriter('tb')\n"
        "def report(step):\n    writer.add_scalar('loss', 0.5, step)\nend = writer.close"
    ),
    "mendel": (
        "from mendel import Task\n"
        "task = Task.init('bench', 'client', reuse_last_task_id=False, auto_resource_monitoring=False,\n"
        "                 auto_connect_frameworks=False)\n"
        "logger = task.get_logger()\n"
        "def report(step):\n    logger.report_scalar('loss', 'train', 0.5, step)\n"
        "def end():\n    logger.flush()"
    ),
}
LOOP = """
import json, time
began = time.process_time()
{setup}
ready = time.process_time()
cpu = time.process_time()
for step in range({calls}):
    report(step)
cpu = time.process_time() - cpu
wall = time.perf_counter()
end()
flush = (time.perf_counter() - wall) * 1e3
print(json.dumps({{"us": cpu / {calls} * 1e6, "start": (ready - began) * 1e3, "flush": flush}}))
"""


def run(words: list[str], folder: pathlib.Path) -> str:
    environment = {**os.environ, "MENDEL_WORKSPACE": str(folder / ".mendel"), "MENDEL_BINARY": str(MENDEL)}
    return subprocess.run(words, cwd=folder, env=environment, check=True, capture_output=True, text=True).stdout


def milliseconds(action: Callable[[], object]) -> float:
    began = time.perf_counter()
    action()
    return (time.perf_counter() - began) * 1e3


def client(folder: pathlib.Path) -> list[dict[str, object]]:
    calls = {"empty call": CALLS, "tensorboardX": CALLS // 10, "mendel": CALLS}
    found: dict[str, list[dict[str, float]]] = {name: [] for name in CLIENT}
    for _ in range(REPETITIONS):
        for name, setup in CLIENT.items():
            code = LOOP.format(setup=setup, calls=calls[name])
            found[name].append(json.loads(run([sys.executable, "-c", code], folder).splitlines()[-1]))
    rows = []
    for title, key, unit in (
        ("A1 CPU of one reported scalar", "us", "µs"),
        ("A4 CPU from import to ready", "start", "ms"),
        ("A5 flush at the end", "flush", "ms"),
    ):
        values = {name: statistics.median(one[key] for one in ones) for name, ones in found.items()}
        rows.append({"row": title, "unit": unit, "values": values})
    return rows


def tree(folder: pathlib.Path, files: int) -> None:
    for index in range(files):
        path = folder / f"part{index % 50:02}" / f"module{index:05}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"VALUE = {index}\n" * 400)


def snapshot(folder: pathlib.Path) -> list[dict[str, object]]:
    first: dict[str, list[float]] = {"git": [], "mendel": []}
    again: dict[str, list[float]] = {"git": [], "mendel": []}
    for repetition in range(3):
        place = folder / f"tree{repetition}"
        tree(place, 5_000)
        (place / "main.py").write_text("pass\n")
        (place / "task.yaml").write_text("name: tree\n")
        plan = [str(MENDEL), "run", "--env", "none", "--no-monitor", "--entry", "main.py", str(place)]
        plan[3] = "system"
        first["mendel"].append(milliseconds(lambda words=plan, at=place: run(words, at)))
        again["mendel"].append(milliseconds(lambda words=plan, at=place: run(words, at)))
        shutil.rmtree(place / ".mendel", ignore_errors=True)
        identity = ["-c", "user.name=bench", "-c", "user.email=bench@localhost"]

        def commit(at: pathlib.Path = place, who: list[str] = identity) -> None:
            run(["git", "init", "-q"], at)
            run(["git", "add", "-A"], at)
            run(["git", *who, "commit", "-qm", "all"], at)

        first["git"].append(milliseconds(commit))
        again["git"].append(milliseconds(lambda at=place: run(["git", "status", "--short"], at)))
        shutil.rmtree(place)
    median = {name: statistics.median(values) for name, values in first.items()}
    unchanged = {name: statistics.median(values) for name, values in again.items()}
    return [
        {"row": "F1 first snapshot of 5 000 files (mendel: with a whole run)", "unit": "ms", "values": median},
        {"row": "F2 the same, unchanged (mendel: a whole answered request)", "unit": "ms", "values": unchanged},
    ]


def tasks(folder: pathlib.Path) -> list[dict[str, object]]:
    count = 200
    place = folder / "tasks"
    place.mkdir()
    (place / "job.py").write_text(
        "import argparse\nparser = argparse.ArgumentParser()\n"
        "parser.add_argument('--n', type=int)\nparser.parse_args()\n"
    )
    targets = " ".join(f"out{index}" for index in range(count))
    (place / "Makefile").write_text(f"all: {targets}\nout%:\n\t@{sys.executable} job.py --n $* && touch $@\n")
    grid = ",".join(str(index) for index in range(count))
    words = [str(MENDEL), "run", "--env", "system", "--no-monitor", "--jobs", "2", "--grid", f"n={grid}", "job.py"]
    mendel = [milliseconds(lambda: run(words, place)) for _ in range(2)]
    make = [milliseconds(lambda: run(["make", "-s", "-j2"], place)) for _ in range(2)]
    each = {"make": make[0] / count, "mendel": mendel[0] / count}
    noop = {"make": make[1], "mendel": mendel[1]}
    return [
        {"row": f"E1 one of {count} Python tasks, 2 at a time", "unit": "ms", "values": each},
        {"row": f"E2 {count} finished tasks asked for again", "unit": "ms", "values": noop},
    ]


def physical(folder: pathlib.Path) -> list[dict[str, object]]:
    def append() -> None:
        with open(folder / "append", "wb") as out:
            for _ in range(100):
                out.write(b"x" * 4096)
                out.flush()
                os.fdatasync(out.fileno())

    start = statistics.median(
        milliseconds(lambda: run([sys.executable, "-S", "-E", "-c", "pass"], folder)) for _ in range(9)
    )
    return [
        {"row": "P append 4 KiB and flush it", "unit": "ms", "values": {"machine": milliseconds(append) / 100}},
        {"row": "P start of a bare interpreter", "unit": "ms", "values": {"machine": start}},
    ]


def table(rows: list[dict[str, object]]) -> str:
    lines = ["| figure | unit | values | mendel : best peer |", "|---|---|---|---|"]
    for row in rows:
        values: dict[str, float] = row["values"]  # type: ignore[assignment]
        peers = [value for name, value in values.items() if name not in ("mendel", "empty call")]
        ratio = f"{values['mendel'] / min(peers):.2f}" if "mendel" in values and peers else ""
        told = ", ".join(f"{name} {value:.3g}" for name, value in values.items())
        lines.append(f"| {row['row']} | {row['unit']} | {told} | {ratio} |")
    return "\n".join(lines) + "\n"


def picture(rows: list[dict[str, object]], path: pathlib.Path) -> None:
    from matplotlib.figure import Figure

    drawn = [row for row in rows if "mendel" in row["values"]]  # type: ignore[operator]
    figure = Figure(figsize=(9, 1.1 * len(drawn)), layout="constrained")
    for place, row in enumerate(drawn):
        values: dict[str, float] = row["values"]  # type: ignore[assignment]
        axes = figure.add_subplot(len(drawn), 1, place + 1)
        axes.barh(
            list(values), list(values.values()), color=["#3b6" if name == "mendel" else "#999" for name in values]
        )
        axes.set_title(f"{row['row']} [{row['unit']}]", fontsize=8, loc="left")
        axes.tick_params(labelsize=7)
    figure.savefig(path, dpi=120)


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        rows = physical(folder) + client(folder) + tasks(folder) + snapshot(folder) + physical(folder)
    text = table(rows)
    sys.stdout.write(text)
    (HERE / "results.md").write_text(text)
    picture(rows, HERE / "results.png")


if __name__ == "__main__":
    main()
