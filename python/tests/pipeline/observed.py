"""A tree of one task whose first stage looks at something, run by the command."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

from mendel import _native

STAGES = """
    import os
    from mendel import Stage
    from looking import look

    def count(stage, input_id):
        with open(os.environ["COUNTS"], "a") as log:
            log.write(f"{stage} {input_id}\\n")

    class Look(Stage):
        inputs = ["input_id"]
        outputs = ["value"]

        def process(self, input_id, pipeline, config, status=None):
            count("look", input_id)
            return {"value": look(input_id, pipeline, config)}

    class Other(Stage):
        inputs = ["input_id"]
        outputs = ["other"]

        def process(self, input_id, pipeline, config, status=None):
            count("other", input_id)
            return {"other": input_id}

    class Use(Stage):
        inputs = ["input_id", "value"]
        outputs = ["used"]

        def process(self, input_id, value, pipeline, config, status=None):
            count("use", input_id)
            return {"used": str(value)}
"""

TASK = "runnable: true\npipeline: [stages.Look, stages.Other, stages.Use]\ninput_ids: [1, 2]\n"


class Place:
    """A project, and the command run in it."""

    def __init__(self, folder: Path, look: str, files: dict[str, str] | None = None, task: str = TASK) -> None:
        self.folder = folder
        self.project = folder / "project"
        self.counts = folder / "counts"
        self.environment: dict[str, str] = {}
        self.write("mendel.toml", "")
        self.write("stages.py", textwrap.dedent(STAGES))
        self.write("looking.py", textwrap.dedent(look))
        self.write("tree/task.yml", task)
        for name, text in (files or {}).items():
            self.write(name, text)

    def write(self, name: str, text: str) -> None:
        """Writes a file of the project."""
        path = self.project / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def mendel(self, *words: str, expect: int = 0) -> Any:
        """The document of a command."""
        done = subprocess.run(
            [os.fspath(_native.binary() or "mendel"), "--json", *words],
            cwd=self.project,
            env={
                **{name: value for name, value in os.environ.items() if not name.startswith("MENDEL_")},
                "COUNTS": str(self.counts),
                "MENDEL_PYTHON": sys.executable,
                **self.environment,
            },
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert done.returncode == expect, done.stdout + done.stderr
        self.told = done.stderr
        return json.loads(done.stdout)

    def run(self, *options: str) -> list[str]:
        """Runs what is pending; answers which steps were computed, in their order."""
        self.counts.write_text("")
        self.mendel("run", "--no-monitor", "--env", "system", "tree", *options)
        return sorted(self.counts.read_text().splitlines())

    def planned(self) -> list[str]:
        """The steps that a plan computes, with those that only may be."""
        plan = self.mendel("plan", "tree")
        computed = (step for step in plan["steps"] if step["action"] == "compute")
        return sorted(
            f"{step['stage']} {json.loads(step['input']) if isinstance(step['input'], str) else step['input']}"
            for step in computed
        )

    def status(self) -> tuple[str, str]:
        """Whether the task is pending, and why."""
        line = self.mendel("status", "tree")["tasks"][0]
        return line["pending"], json.dumps(line["reasons"])

    def settle(self) -> None:
        """Runs everything, and makes sure that this was all."""
        first = self.run()
        assert first == [f"{stage} {one}" for stage in ("look", "other", "use") for one in (1, 2)]
        assert self.run() == []
        assert self.status() == ("", "[]")

    def expect(self, computed: list[str], reason: str) -> None:
        """Everyone says that these steps are computed, for that reason; then they are."""
        pending, reasons = self.status()
        assert pending == "specification" and reason in reasons, (pending, reasons)
        assert reason in json.dumps(self.mendel("why", "tree"))
        planned = self.planned()
        assert set(computed) <= set(planned) and all(step.startswith("use") for step in set(planned) - set(computed)), (
            planned,
            reasons,
        )
        assert self.run() == sorted(computed)
        assert self.run() == []
        assert self.status() == ("", "[]")
