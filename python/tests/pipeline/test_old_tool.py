"""Trees and code written for repype, where that package is not installed."""

from __future__ import annotations

import asyncio
import importlib.util
import json
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest
from ground import Ground
from mendel.compat.shim import provide_repype
from mendel.pipeline import Config, Task, create_pipeline

if importlib.util.find_spec("repype") is not None:
    pytest.skip("the package itself is installed here", allow_module_level=True)
provide_repype()

OLD = """
    import repype.stage
    import repype.status
    from repype.typing import Optional, PipelineData

    class Thing:
        def __init__(self, value):
            self.value = value

    class Make(repype.stage.Stage):
        own = "OWN NAME"
        inputs = ["input_id"]
        outputs = ["thing"]

        def process(self, input_id, pipeline, config, status=None) -> PipelineData:
            for _ in repype.status.progress(status, range(2)):
                pass
            repype.status.update(status, "made")
            return {"thing": Thing(input_id * config.get("factor", 2))}

    class Use(repype.stage.Stage):
        consumes = ["thing"]
        outputs = ["value"]

        def configure(self, pipeline, input_id):
            return {"plus": (10, 2)}

        def process(self, thing, pipeline, config, status=None) -> PipelineData:
            return {"value": thing.value + config["plus"]}
"""


def old(ground: Ground) -> None:
    ground.module, ground.stages = "old_stages", ["Use", "Make"]
    ground.write(OLD)
    (ground.project / "main").mkdir()
    (ground.project / "main" / "task.yml").write_text("runnable: true\n")


def test_stages_of_the_old_tool_run_and_their_objects_are_pickled(ground: Ground) -> None:
    old(ground)
    ground.run([1, 2])
    assert "made" in ground.err
    assert {name: chunk["value"] for name, chunk in ground.load([1, 2]).items()} == {1: 22, 2: 24}
    ground.run([1, 2], config={"use": {"plus": 5}})
    assert "computed use; reused 1 stages" in ground.out
    assert ground.load([1, 2])[1]["value"] == 7


def test_the_old_command_lists_runs_and_finds_nothing_more_to_do(ground: Ground) -> None:
    old(ground)
    spec = "runnable: true\npipeline: [old_stages.Use, old_stages.Make]\ninput_ids: 1-2\n"
    (ground.project / "main" / "task.yml").write_text(spec)
    (ground.project / "main" / "kid").mkdir()
    (ground.project / "main" / "kid" / "task.yml").write_text("config: {use: {plus: 1}}\n")

    def command(*words: str) -> str:
        code = "from mendel.compat.shim import provide_repype; provide_repype(); "
        code += "import repype.cli as old; assert old.run_cli()"
        done = subprocess.run(
            [sys.executable, "-c", code, "main", *words],
            cwd=ground.project,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    main = (ground.project / "main").resolve()
    listed = command()
    assert "2 task(s) selected for running" in listed and f"- {main} (incomplete)" in listed
    ran = command("--run")
    assert f"(1/2) Entering task: {main}" in ran and "Starting from scratch" in ran
    assert f"Picking up from: {main} (use)" in ran and "(2/2) Processing: 2" in ran
    assert ran.count("Results have been stored ✅") == 2
    assert "0 task(s) selected for running" in command()
    assert "0 task(s) selected for running" in command("--task", "main/kid")


def test_a_digest_that_the_old_tool_left_is_read(tmp_path: Path) -> None:
    import repype.stage

    class First(repype.stage.Stage):
        outputs = ["x"]

    class Second(repype.stage.Stage):
        inputs = ["x"]

    task = Task(tmp_path, {"runnable": True})
    pipeline, config = create_pipeline([Second(), First()]), task.create_config()
    shas = {stage.id: stage.sha for stage in pipeline.stages}
    sha_file, task_file = tmp_path / ".sha.json", tmp_path / ".task.json"
    sha_file.write_text(json.dumps({"stages": shas, "task": task.compute_sha(config)}))
    task_file.write_text(json.dumps(task.get_full_spec_with_config(config)))
    written = sha_file.read_text(), task_file.read_text()
    assert task.is_pending(pipeline, config) == ""
    assert task.find_first_diverging_stage(pipeline, config) is None
    assert task.is_pending(pipeline, Config({"second": {"k": 1}})) == "specification"
    assert task.find_first_diverging_stage(pipeline, Config({"second": {"k": 1}})) is pipeline.stages[1]
    sha_file.write_text(json.dumps({"stages": {**shas, "first": "0"}, "task": ""}))
    assert task.is_pending(pipeline, config) == "pipeline"
    sha_file.write_text(written[0])
    with pytest.raises(LookupError, match="mendel import repype --with-data"):
        task.load()
    task.reset()
    assert (sha_file.read_text(), task_file.read_text()) == written


def test_status_messages_reach_a_reader_of_their_files(tmp_path: Path) -> None:
    import repype.status

    heard: list[Any] = []

    class Reader(repype.status.StatusReader):
        def handle_new_status(self, positions: Any, status: Any, intermediate: bool) -> None:
            heard.append((positions, status, intermediate))

    async def follow() -> Any:
        status = repype.status.Status(path=tmp_path)
        status.write("one")
        inner = status.derive()
        async with Reader(status.filepath) as data:
            inner.intermediate("two")
            while ([1, 0], "two", True) not in heard:
                await asyncio.sleep(0.01)
            inner.intermediate(None)
            while ([1, 0], None, True) not in heard:
                await asyncio.sleep(0.01)
            repype.status.update(inner, info="three", more=3)
        return data

    data = asyncio.run(asyncio.wait_for(follow(), 30))
    assert data == ["one", [{"info": "three", "more": 3}]]
    assert heard[0] == ([0], "one", False) and heard[-1] == ([1, 0], {"info": "three", "more": 3}, False)


def test_an_installed_package_wins_over_the_stand_in(tmp_path: Path) -> None:
    (tmp_path / "repype").mkdir()
    (tmp_path / "repype" / "__init__.py").write_text("own = True\n")
    code = """
        from mendel.compat.shim import provide_repype
        provide_repype()
        import repype
        assert repype.own
    """
    subprocess.run([sys.executable, "-c", textwrap.dedent(code)], cwd=tmp_path, check=True)
