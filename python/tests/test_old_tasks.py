"""Old task folders through the installed command: what their scripts do is kept and found again."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest

COMMAND = Path(sys.executable).with_name("mendel")

pytestmark = pytest.mark.skipif(not COMMAND.exists(), reason="the command is not installed beside this interpreter")

MAKER = """
    from pathlib import Path
    from coretex import CustomDataset, createDataset, currentTaskRun
    run = currentTaskRun()
    with createDataset(CustomDataset, run.parameters["name"], run.projectId) as dataset:
        Path("sample.txt").write_text(run.parameters["text"])
        dataset.add("sample.txt")
    run.submitOutput("made", dataset)
"""
MAKER_TASK = """
    param_groups:
    - name: inputs
      params:
      - {name: name, value: words, data_type: str}
      - {name: text, value: one two, data_type: str}
    - name: outputs
      params:
      - {name: made, data_type: dataset, required: true}
"""
READER = """
    from coretex import currentTaskRun
    run = currentTaskRun()
    sample = run.dataset.getSample("sample")
    run.submitOutput("count", len(sample.joinPath("sample.txt").read_text().split()))
"""
READER_TASK = """
    param_groups:
    - name: inputs
      params:
      - {name: dataset, data_type: dataset, required: true}
"""


class Place:
    """A folder for tasks, and the command in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def task(self, name: str, script: str, task: str) -> None:
        """Writes a task folder."""
        (self.folder / name).mkdir()
        (self.folder / name / "main.py").write_text(textwrap.dedent(script))
        (self.folder / name / "task.yaml").write_text(textwrap.dedent(task))

    def command(self, *words: str) -> Any:
        """Starts the command."""
        environment = {name: value for name, value in os.environ.items() if not name.startswith("MENDEL_")}
        environment.update(MENDEL_HOME=str(self.folder / "home"), MENDEL_PYTHON=sys.executable)
        return subprocess.run(
            [COMMAND, "--json", *words], cwd=self.folder, env=environment, capture_output=True, text=True
        )

    def run(self, *words: str) -> Any:
        """The only run of a request that must succeed, as `show` has it."""
        done = self.command("run", "--env", "system", "--no-monitor", *words)
        assert done.returncode == 0, done.stdout + done.stderr
        return self.show(json.loads(done.stdout)["runs"][0]["id"])

    def show(self, run: str) -> Any:
        """What is recorded of a run."""
        done = self.command("show", run, "--log", "--artifacts")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def test_ct_39_and_ct_22_a_dataset_that_one_task_makes_is_read_by_name_and_decides_freshness(place: Place) -> None:
    place.task("maker", MAKER, MAKER_TASK)
    place.task("reader", READER, READER_TASK)
    made = place.run("maker")

    first = place.run("reader", "--set", "dataset=words")
    again = place.run("reader", "--set", "dataset=words")

    assert first["outputs"]["count"] == 2 and again["id"] == first["id"]
    datum = first["documents"]["data"]["inputs/dataset"][0]
    assert datum["version"] == made["outputs"]["made"]["version"]
    used = [artifact for artifact in first["artifacts"] if artifact["mode"] == "input"]
    assert [artifact["metadata"]["version"] for artifact in used] == [datum["version"]]

    place.run("maker", "--set", "text=one two three")
    newer = place.run("reader", "--set", "dataset=words")
    assert newer["outputs"]["count"] == 3
    replayed = json.loads(place.command("rerun", "--env", "system", first["id"]).stdout)["runs"][0]
    assert place.show(replayed["id"])["outputs"]["count"] == 2


def test_a_model_that_one_task_makes_is_read_by_name(place: Place) -> None:
    make = """
        from pathlib import Path
        from coretex import Model, currentTaskRun
        Path("net").mkdir()
        Path("net/weights.txt").write_text("7")
        Model.createModel("net", currentTaskRun().projectId, 0.9).upload("net")
    """
    use = """
        from coretex import currentTaskRun
        run = currentTaskRun()
        model = run.parameters["net"]
        model.download()
        run.submitOutput("weights", (model.path / "weights.txt").read_text())
    """
    place.task("maker", make, "param_groups: []\n")
    place.task(
        "user", use, "param_groups:\n- name: inputs\n  params:\n  - {name: net, data_type: model, required: true}\n"
    )
    place.run("maker")

    used = place.run("user", "--set", "net=net")

    assert used["outputs"]["weights"] == "7"
    assert used["documents"]["data"]["inputs/net"][0]["subject"] == "model:net"
    refused = place.command("run", "--env", "system", "user", "--set", "net=nat")
    assert refused.returncode == 2 and "did you mean `net`?" in refused.stderr


def test_a_state_set_by_hand_takes_effect_at_the_end_and_success_hides_no_failure(place: Place) -> None:
    script = """
        import sys
        from coretex import TaskRunStatus, currentTaskRun
        run = currentTaskRun()
        run.updateStatus(TaskRunStatus[run.parameters["state"]], "by hand")
        print("still running")
        sys.exit(run.parameters["code"])
    """
    task = """
        param_groups:
        - name: inputs
          params:
          - {name: state, data_type: str, required: true}
          - {name: code, value: 0}
    """
    place.task("task", script, task)

    def end(*words: str) -> tuple[str, str]:
        done = place.command("run", "--env", "system", "task", *words)
        run = json.loads(done.stdout)["runs"][0]
        shown = place.show(run["id"])
        assert "still running" in shown["log"]
        return shown["status"], shown.get("status_message") or shown.get("message") or ""

    assert end("--set", "state=completedWithSuccess", "--set", "code=3")[0] == "failed"
    assert end("--set", "state=completedWithSuccess")[0] == "completed"
    assert end("--set", "state=completedWithError")[0] == "failed"
    assert end("--set", "state=stopped")[0] == "stopped"


def test_files_left_in_the_folder_are_artifacts_by_path_and_deleted_or_marked_ones_are_not(place: Place) -> None:
    script = """
        import logging
        from pathlib import Path
        from coretex import currentTaskRun
        run = currentTaskRun()
        logging.debug("a detail")
        for folder in ("out/deep", "cache"):
            Path(folder).mkdir(parents=True)
        Path("out/deep/a.txt").write_text("a")
        Path("gone.txt").write_text("x")
        Path("gone.txt").unlink()
        Path("cache/.coretexignore").touch()
        Path("cache/b.txt").write_text("b")
    """
    task = "param_groups:\n- name: inputs\n  params:\n  - {name: verbose, value: true}\n"
    place.task("task", script, task)

    run = place.run("task")

    assert [artifact["name"] for artifact in run["artifacts"]] == ["out/deep/a.txt"]
    assert "a detail" in run["log"], "`verbose` shows what is logged for debugging"


def test_ct_18_a_shell_script_is_an_entry(place: Place) -> None:
    place.task("task", "raise SystemExit(1)", "param_groups: []\n")
    (place.folder / "task" / "count.sh").write_text("#!/bin/sh\nls | sort > names.txt\ncat names.txt\n")

    run = place.run("--entry", "count.sh", "task")

    assert "main.py" in run["log"]
    assert [artifact["name"] for artifact in run["artifacts"]] == ["names.txt"]
