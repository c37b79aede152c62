"""Scripts that work on a server as on a folder."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any, Iterator

import pytest
from mendel import _native


@pytest.fixture
def served(tmp_path: Path) -> Iterator[dict[str, str]]:
    """A server of a workspace elsewhere, and the environment of somebody with a key for it."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MENDEL_")}
    home = {**kept, "MENDEL_HOME": str(tmp_path / "server"), "MENDEL_WORKSPACE": str(tmp_path / "server")}
    binary = str(_native.binary())
    words = [binary, "--json", "serve", "--port", "0"]
    process = subprocess.Popen(words, env=home, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        assert process.stdout is not None
        url = json.loads(process.stdout.readline())["url"]
        words = [binary, "--json", "keys", "create"]
        made = subprocess.run(words, env=home, capture_output=True, text=True, check=True)
        key = json.loads(made.stdout)
        yield {
            "MENDEL_WORKSPACE": url,
            "MENDEL_HOME": str(tmp_path / "away"),
            "MENDEL_API_ACCESS_KEY": key["access_key"],
            "MENDEL_API_SECRET_KEY": key["secret_key"],
            "SERVED": str(tmp_path / "server"),
        }
    finally:
        process.kill()
        process.wait()


def runs(place: str) -> list[dict[str, Any]]:
    """The runs of the served workspace, asked where it lies."""
    environment = {**os.environ, "MENDEL_WORKSPACE": place}
    words = [str(_native.binary()), "--json", "runs"]
    done = subprocess.run(words, env=environment, capture_output=True, text=True, check=True)
    found: list[dict[str, Any]] = json.loads(done.stdout)["runs"]
    return found


SCRIPT = """
    from mendel import Task
    task = Task.init(PROJECT, "away", auto_resource_monitoring=False)
    task.connect({"lr": 0.1})
    for step in range(100):
        task.get_logger().report_scalar("loss", "train", 1 / (step + 1), step)
    task.upload_artifact("words", {"a": 1})
    print("seen", task.get_reported_scalars()["loss"]["train"]["y"][-1])
"""


def test_a_script_reports_to_a_server_by_its_address(lab: Any, served: dict[str, str]) -> None:
    lab.environment = served
    done = lab.script(SCRIPT)
    assert "seen 0.01" in done.stdout, done.stderr
    found = runs(served["SERVED"])
    assert [(run["name"], run["status"]) for run in found] == [("away", "completed")]
    assert not (lab.folder / "http:").exists()


def test_p11_what_was_reported_without_the_server_arrives_with_sync(lab: Any, served: dict[str, str]) -> None:
    url = served["MENDEL_WORKSPACE"]
    lab.environment = {**served, "MENDEL_API_SECRET_KEY": "not the secret"}
    script = SCRIPT.rsplit("    print(", 1)[0] + '    print("trained")\n'
    assert "trained" in lab.script(script).stdout
    assert runs(served["SERVED"]) == []

    environment = {**os.environ, **served}
    words = [str(_native.binary()), "--json", "sync"]
    synced = subprocess.run(words, env=environment, capture_output=True, text=True, check=False)
    assert synced.returncode == 0, synced.stderr
    assert json.loads(synced.stdout)["left"] == 0
    found = runs(served["SERVED"])
    assert [run["name"] for run in found] == ["away"], url
