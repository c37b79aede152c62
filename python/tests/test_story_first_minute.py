"""The first minute: a plain script, its own parser, its own plot, and no edit for our sake."""

from __future__ import annotations

import json
import os
import pathlib
import subprocess
import sys
from typing import Any

import pytest

COMMAND = pathlib.Path(sys.executable).with_name("mendel")
pytestmark = pytest.mark.skipif(not COMMAND.exists(), reason="the command is not installed beside this interpreter")

SCRIPT = """\
import argparse
import os

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt

parser = argparse.ArgumentParser()
parser.add_argument("--lr", type=float, default=0.1)
parser.add_argument("--steps", type=int, default=4)
args = parser.parse_args()

with open(os.environ["EXECUTIONS"], "a") as counter:
    counter.write("x")
losses = [1.0]
for step in range(args.steps):
    losses.append(losses[-1] * (1 - args.lr))
    print(f"step {step} loss {losses[-1]:.6f}")
plt.plot(losses)
plt.title("loss")
plt.savefig("loss.png")
"""


class Laptop:
    """A folder in git with a script, the installed command, and a home nobody else has."""

    def __init__(self, place: pathlib.Path) -> None:
        self.place, self.folder = place, place / "digits"
        self.script = self.folder / "train.py"
        self.folder.mkdir()
        self.script.write_text(SCRIPT)
        (self.folder / ".gitignore").write_text("loss.png\n")
        for words in (
            ["init", "-q"],
            ["add", "."],
            ["-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", "a"],
        ):
            subprocess.run(["git", *words], cwd=self.folder, check=True)

    def mendel(self, *words: str) -> str:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("MENDEL_")}
        own = {"MENDEL_HOME": self.place / "home", "MENDEL_PYTHON": sys.executable, "NO_COLOR": "1"}
        own = {**kept, **own, "EXECUTIONS": self.place / "executions"}
        done = subprocess.run([COMMAND, *words], cwd=self.folder, env=own, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def answer(self, *words: str) -> Any:
        return json.loads(self.mendel("--json", *words))

    def run(self, *words: str) -> Any:
        (run,) = self.answer("run", "train.py", *words)["runs"]
        return run

    @property
    def executions(self) -> int:
        return len((self.place / "executions").read_text())


def test_tr_01_tr_06_tr_19_rp_15_xm_28_three_requests_make_two_runs_and_no_edit(tmp_path: pathlib.Path) -> None:
    laptop = Laptop(tmp_path)
    assert laptop.mendel("--version").startswith("mendel ")

    first = laptop.run("--lr", "0.25")
    shown = laptop.answer("show", first["id"], "--log")
    assert (first["number"], first["status"]) == (1, "completed")
    assert (shown["project"], shown["name"]) == ("digits", "train"), "filed as repository and script"
    assert shown["params"] == {"lr": 0.25, "steps": 4}, "the script's own parser tells them"
    assert "step 3 loss 0.316406" in shown["log"]
    assert "matplotlib" in {package["name"] for package in shown["environment"]["packages"]}
    plot = (laptop.folder / "loss.png").read_bytes()

    laptop.script.write_text(SCRIPT.replace("losses = [1.0]", "losses = [2.0]"))
    second = laptop.run("--lr", "0.5")
    assert (second["number"], laptop.executions) == (2, 2)
    found = laptop.answer("diff", "@1", "@2")
    assert found["params"] == [{"name": "lr", "before": 0.25, "after": 0.5}]
    assert [change["path"] for change in found["code"]] == ["train.py"]
    assert "-losses = [1.0]\n+losses = [2.0]\n" in found["code"][0]["diff"]
    assert found["environment"] == [], "what is equal is not listed"

    laptop.script.write_text(SCRIPT)
    (laptop.folder / "loss.png").unlink()
    third = laptop.run("--lr", "0.25")
    assert (third["id"], laptop.executions) == (first["id"], 2)
    assert third["steps"] == {"computed": 0, "reused": 1}
    assert (laptop.folder / "loss.png").read_bytes() == plot, "the plot of the first is there again"
    assert laptop.answer("runs")["total"] == 2
    assert laptop.script.read_text() == SCRIPT, "nothing of it was written for our sake"
