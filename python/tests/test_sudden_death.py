"""Whatever is killed, at whatever moment: nothing acknowledged is missing, nothing is double."""

from __future__ import annotations

import json
import os
import pathlib
import random
import signal
import subprocess
import sys
import time
from typing import Any

import pytest

COMMAND = pathlib.Path(sys.executable).with_name("mendel")
pytestmark = pytest.mark.skipif(not COMMAND.exists(), reason="the command is not installed beside this interpreter")

SCRIPT = """
import os, pathlib, sys, time
from mendel import Task

place = pathlib.Path(sys.argv[1])
(place / "pid").write_text(str(os.getpid()))
logger = Task.current_task().get_logger()
for step in range(100_000):
    logger.report_scalar("loss", "train", value=1 / (step + 1), iteration=step)
    if step % 5_000 == 4_999:
        logger.flush()
        (place / "acknowledged.part").write_text(str(step))
        (place / "acknowledged.part").rename(place / "acknowledged")
        time.sleep(0.05)
"""


def environment(place: pathlib.Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MENDEL_")}
    return {**kept, "MENDEL_WORKSPACE": str(place / ".mendel"), "MENDEL_PYTHON": sys.executable}


def mendel(place: pathlib.Path, *words: str) -> Any:
    done = subprocess.run(
        [COMMAND, "--json", *words], cwd=place, env=environment(place), capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout)


def kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass  # It had ended before: a moment like any other.


def read_number(path: pathlib.Path) -> int | None:
    return int(path.read_text()) if path.exists() and path.read_text() else None


@pytest.mark.parametrize("victim", ["training", "command", "both"])
@pytest.mark.parametrize("seed", range(7))
def test_f13_a_kill_loses_nothing_acknowledged(tmp_path: pathlib.Path, victim: str, seed: int) -> None:
    (tmp_path / "train.py").write_text(SCRIPT)
    words = [COMMAND, "run", "--env", "system", "--no-monitor", "train.py", str(tmp_path)]
    command = subprocess.Popen(
        words, cwd=tmp_path, env=environment(tmp_path), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    end = time.monotonic() + 60
    while (training := read_number(tmp_path / "pid")) is None:
        assert time.monotonic() < end and command.poll() is None, "the script starts"
        time.sleep(0.01)
    time.sleep(random.Random(f"{victim}{seed}").uniform(0, 1.5))

    if victim != "command":
        kill(training)
    if victim != "training":
        command.kill()
    command.wait()

    end = time.monotonic() + 60
    while (run := mendel(tmp_path, "runs")["runs"][0])["status"] == "running":
        assert time.monotonic() < end, "no run stays running"
        time.sleep(0.05)
    acknowledged = read_number(tmp_path / "acknowledged")
    shown = mendel(tmp_path, "show", run["id"], "--metrics")
    steps = [step for step, _ in shown["metrics"].get("loss/train", [])]
    assert steps == list(range(len(steps))), "none is missing in between, none is double"
    assert acknowledged is None or len(steps) > acknowledged
