"""A project with stages that count how often they run, and the worker that runs them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

STAGES = """
    import os
    import numpy
    from mendel import Stage

    # Results are shared by what they mean: this keeps the tests apart.
    OWN = "OWN NAME"

    def count(stage, input_id, own=OWN):
        with open(os.environ["COUNTS"], "a") as log:
            log.write(f"{stage} {input_id}\\n")

    def scale(value):
        return value * 2

    class Load(Stage):
        inputs = ["input_id"]
        outputs = ["raw"]

        def process(self, input_id, pipeline, config, status=None):
            count("load", input_id)
            return {"raw": numpy.arange(4) + len(str(input_id)) + config.get("offset", 0)}

    class Smooth(Stage):
        inputs = ["raw", "input_id"]
        outputs = ["smooth"]

        def process(self, raw, input_id, pipeline, config, status=None):
            count("smooth", input_id)
            return {"smooth": raw + config.get("sigma", 1)}

    class Cut(Stage):
        inputs = ["input_id"]
        consumes = ["smooth"]
        outputs = ["mask"]

        def process(self, smooth, input_id, pipeline, config, status=None):
            count("cut", input_id)
            return {"mask": smooth > config.get("threshold", 3)}

    class Measure(Stage):
        inputs = ["mask", "input_id"]
        outputs = ["area"]

        def process(self, mask, input_id, pipeline, config, status=None):
            count("measure", input_id)
            return {"area": scale(int(mask.sum()))}
"""

PIPELINE = ["Load", "Smooth", "Cut", "Measure"]


@dataclass
class Ground:
    """A project folder with the module `stages`, and what ran in it."""

    folder: Path
    module: str = "stages"
    stages: list[str] = field(default_factory=lambda: list(PIPELINE))
    environment: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.project = self.folder / "project"
        self.project.mkdir()
        self.counts = self.folder / "counts"
        self.counts.write_text("")
        self.write(STAGES)

    def write(self, text: str) -> None:
        """Writes the module of the stages."""
        (self.project / f"{self.module}.py").write_text(
            textwrap.dedent(text).lstrip().replace("OWN NAME", str(self.folder))
        )

    def edit(self, old: str, new: str) -> None:
        """Changes the module of the stages."""
        path = self.project / f"{self.module}.py"
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new))

    def document(self, inputs: list[Any], task: str = "main", config: Any = None, **more: Any) -> dict[str, Any]:
        """A job document for a task of the project."""
        path = self.project / task
        path.mkdir(exist_ok=True, parents=True)
        return {
            "version": 1,
            "task": {"path": str(path), "root": str(self.project), "name": task},
            "roots": [str(self.project)],
            "project": str(self.project),
            "pipeline": {"stages": [f"{self.module}.{name}" for name in self.stages]},
            "inputs": inputs,
            "config": config or {},
            "full_spec": {"runnable": True, "config": config or {}},
            "scopes": {},
            **more,
        }

    def code(self) -> dict[str, str]:
        """The digest of the code of each stage, as the command tells it."""
        from mendel import _native

        classes = [f"{self.module}.{name}" for name in self.stages]
        words = [os.fspath(_native.binary() or "mendel"), "fingerprint", "--root", str(self.project), *classes]
        done = subprocess.run(words, cwd=self.project, capture_output=True, text=True, check=True)
        return {entry["class"]: entry["digest"] for entry in json.loads(done.stdout)["classes"]}

    def start(self, document: dict[str, Any], module: str = "worker", **options: Any) -> subprocess.Popen[str]:
        """Starts the worker."""
        path = self.folder / f"job-{os.urandom(4).hex()}.json"
        path.write_text(json.dumps(document))
        return subprocess.Popen(
            [sys.executable, "-m", f"mendel.pipeline.{module}"],
            env={**os.environ, "MENDEL_STAGES": str(path), "COUNTS": str(self.counts), **self.environment},
            cwd=self.folder,
            text=True,
            **{"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options},
        )

    def run(self, inputs: list[Any], expect: int = 0, **about: Any) -> dict[str, int]:
        """Runs the worker to its end; answers how often each stage ran."""
        self.counts.write_text("")
        process = self.start(self.document(inputs, **about))
        self.out, self.err = process.communicate(timeout=300)
        assert process.returncode == expect, self.err
        return self.counted()

    def counted(self) -> dict[str, int]:
        """How often each stage ran since the last run began."""
        return dict(Counter(line.split()[0] for line in self.counts.read_text().splitlines()))

    def lines(self) -> list[str]:
        """Which stage ran for which input."""
        return self.counts.read_text().splitlines()

    def load(self, inputs: list[Any], task: str = "main") -> dict[Any, Any]:
        """The data of the last completion of a task."""
        from mendel.pipeline import Task

        return Task(self.project / task, {"runnable": True, "input_ids": inputs}).load()
