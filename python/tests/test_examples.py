"""The examples run as they are, through the installed command."""

from __future__ import annotations

import json
import os
import pathlib
import shutil
import subprocess
import sys
from typing import Any

import pytest

EXAMPLES = pathlib.Path(__file__).resolve().parents[2] / "examples"
COMMAND = pathlib.Path(sys.executable).with_name("mendel")

pytestmark = pytest.mark.skipif(not COMMAND.exists(), reason="the command is not installed beside this interpreter")


def mendel(folder: pathlib.Path, *words: str) -> Any:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MENDEL_")}
    environment.update(MENDEL_HOME=str(folder / "home"), MENDEL_PYTHON=sys.executable)
    done = subprocess.run([COMMAND, "--json", *words], cwd=folder, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout)


def test_an_old_task_folder_runs_unchanged(tmp_path: pathlib.Path) -> None:
    shutil.copytree(EXAMPLES / "coretex-folder", tmp_path / "folder")
    run = mendel(tmp_path, "run", "--env", "system", "folder")["runs"][0]
    shown = mendel(tmp_path, "show", run["id"])
    assert run["status"] == "completed"
    assert shown["outputs"]["words"] == 16
    assert [value for _, value in shown["metrics"]["words"]] == [10, 6]
    assert "report.txt" in {artifact["name"] for artifact in shown["artifacts"]}


def test_ct_38_digits_leaves_metrics_a_matrix_an_image_and_a_model(tmp_path: pathlib.Path) -> None:
    shutil.copytree(EXAMPLES / "digits", tmp_path / "digits")
    run = mendel(tmp_path, "run", "--env", "system", "digits", "--set", "epochs=2")["runs"][0]
    shown = mendel(tmp_path, "show", run["id"])
    assert len(shown["metrics"]["accuracy/test"]) == 2
    assert "digits.joblib" in json.dumps(shown)
    again = mendel(tmp_path, "run", "--env", "system", "digits", "--set", "epochs=2")["runs"][0]
    assert again["id"] == run["id"]
    assert again["steps"] == {"computed": 0, "reused": 1}


def test_the_plain_script_is_answered_the_second_time(tmp_path: pathlib.Path) -> None:
    shutil.copy(EXAMPLES / "plain-script" / "train.py", tmp_path)
    first, second = (mendel(tmp_path, "run", "--env", "system", "train.py", "--steps", "3") for _ in range(2))
    assert first["runs"][0]["id"] == second["runs"][0]["id"]
