"""Trees of tasks as a person runs them from Python."""

from __future__ import annotations

import asyncio
import importlib
import sys
import textwrap
from pathlib import Path
from typing import Any, Iterator

import pytest
from mendel.pipeline import Batch, Config, StageError, Task, create_pipeline, stage

MODULE = """
    import numpy
    from scipy import ndimage
    from mendel import Stage

    RAN = []

    def note(stage, input_id, own="OWN NAME"):
        RAN.append((stage, input_id))

    class Image(Stage):
        inputs = ["input_id"]
        outputs = ["image"]

        def process(self, input_id, pipeline, config, status=None):
            note("image", input_id)
            image = numpy.random.default_rng(input_id).normal(0, 0.05, (64, 64))
            for row, column in ((12, 12), (30, 40), (50, 20)):
                image[row - 4 : row + 4, column - 4 : column + 4] += 1
            return {"image": image}

    class Segmentation(Stage):
        inputs = ["image"]
        outputs = ["segmentation"]

        def process(self, image, pipeline, config, status=None):
            note("segmentation", None)
            smooth = ndimage.gaussian_filter(image, config.get("sigma", 1.0))
            return {"segmentation": (smooth > config.get("threshold", 0.3)).astype("uint8")}

    class Output(Stage):
        inputs = ["input_id", "segmentation"]
        outputs = ["count"]

        def process(self, input_id, segmentation, pipeline, config, status=None):
            note("output", input_id)
            path = pipeline.resolve("segmentation", input_id)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(segmentation.tobytes())
            return {"count": int(ndimage.label(segmentation)[1])}
"""


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Three levels with siblings; answers the module of the stages."""
    name = f"cells_{tmp_path.name}".replace("-", "_")
    (tmp_path / f"{name}.py").write_text(textwrap.dedent(MODULE).replace("OWN NAME", str(tmp_path)))
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.chdir(tmp_path)
    stages = "\n".join(f"  - {name}.{one}" for one in ("Output", "Segmentation", "Image"))
    files = {
        "t": f"pipeline:\n{stages}\ninput_ids: 1-2\nscopes:\n  segmentation: seg/%s.bin\n  config: cfg/%d.yml\n",
        "t/wide": "runnable: yes\nconfig: {segmentation: {sigma: 3}}\n",
        "t/wide/low": "config: {segmentation: {threshold: 0.1}}\n",
        "t/wide/same": "",
        "t/fine": "runnable: yes\nconfig: {segmentation: {sigma: 1.0}}\n",
    }
    for folder, text in files.items():
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "task.yml").write_text(text)
    yield importlib.import_module(name)
    sys.modules.pop(name)


def ran(module: Any) -> dict[str, int]:
    names = [name for name, _ in module.RAN]
    module.RAN.clear()
    return {name: names.count(name) for name in dict.fromkeys(names)}


def pending(path: str = "t") -> dict[str, str]:
    batch = Batch()
    batch.load(path)
    return {context.task.path.as_posix(): context.pending for context in batch.contexts}


def run(path: str = "t") -> None:
    batch = Batch()
    batch.load(path)
    for context in batch.pending:
        context.run()


def test_rp_12_siblings_under_a_parent_that_is_not_run_share_their_stages(tree: Any) -> None:
    assert pending() == dict.fromkeys(["t/fine", "t/wide", "t/wide/low", "t/wide/same"], "incomplete")
    run()
    # Two inputs: the images once for all tasks, a segmentation for each of three settings.
    counted = ran(tree)
    assert counted["image"] == 2 and counted["segmentation"] == 6
    assert set(pending().values()) == {""}
    task = Batch().task("t/fine")
    assert task is not None
    assert {name: chunk["count"] for name, chunk in task.load(task.create_pipeline()).items()} == {1: 3, 2: 3}
    for folder in ("t/fine", "t/wide", "t/wide/low", "t/wide/same"):
        assert Path(folder, "seg", "1.bin").stat().st_size == 64 * 64
        assert "sigma" in Path(folder, "cfg", "2.yml").read_text()
    assert not Path("t/seg").exists()
    run()
    assert ran(tree) == {}


def test_pending_says_specification_or_pipeline(tree: Any) -> None:
    run()
    ran(tree)
    Path("t/fine/task.yml").write_text("config: {segmentation: {sigma: 2.0}}\nrunnable: true\n")
    assert pending()["t/fine"] == "specification"
    task = Batch().task("t/fine")
    assert task is not None
    pipeline, config = task.create_pipeline(), task.create_config()
    first = task.find_first_diverging_stage(pipeline, config)
    assert first is not None and first.id == "segmentation"
    found = task.find_pickup_task(pipeline, config)
    assert found["task"] is task and found["first_diverging_stage"] is first
    run()
    assert ran(tree) == {"segmentation": 2, "output": 2}
    text = Path("t/task.yml").read_text()
    Path("t/task.yml").write_text(text.replace("\n".join(text.splitlines()[1:2]) + "\n", ""))
    assert set(pending().values()) == {"pipeline"}


def test_the_nearest_ancestor_that_is_whole_is_picked_up_from(tree: Any) -> None:
    run()
    task = Batch().task("t/wide/same")
    assert task is not None
    task.reset()
    found = task.find_pickup_task(task.create_pipeline(), task.create_config())
    assert found["task"] is task.parent and found["first_diverging_stage"] is None
    ran(tree)
    data = task.run(task.create_config())
    assert ran(tree) == {} and data[1]["count"] == 3


def test_views_of_a_completion_lie_in_the_folder_and_foreign_files_stay(tree: Any) -> None:
    foreign = Path("t/fine/.task.json")
    foreign.write_text("{}")
    run()
    task = Batch().task("t/fine")
    assert task is not None and task.digest is not None
    assert task.digest["config"] == {"segmentation": {"sigma": 1.0}}
    assert foreign.read_text() == "{}"
    assert task.digest_task_filepath.name == ".task.mendel.json"
    assert task.digest_sha_filepath.name == ".sha.json" and task.digest_sha_filepath.exists()
    assert task.times["image", 1] > 0
    task.reset()
    assert task.digest is None and not Path("t/fine/.sha.json").exists()
    assert foreign.read_text() == "{}" and Path("t/fine/times.csv").exists()


def test_rp_18_rp_44_an_overridden_rule_is_the_one_that_counts(tree: Any, tmp_path: Path) -> None:
    heard: list[Any] = []

    class Own(Task):
        input_ids = [5]  # type: ignore[assignment]
        marginal_stages = ["image"]

        def on_output_end(self, stage: Any, data: Any, **_: Any) -> None:
            heard.append((stage.id, data["count"]))

    task = Batch(Own).task("t/fine")
    assert task is not None
    data = task.run(task.create_config())
    assert list(data) == [5] and sorted(data[5]) == ["count", "input_id", "segmentation"]
    assert heard == [("output", 3)]
    assert task.get_marginal_fields(task.create_pipeline()) == frozenset(["image"])
    assert list(task.load(task.create_pipeline())) == [5]


def test_rp_31_a_given_pipeline_runs_and_its_stages_are_followed_by_their_loaded_code(tmp_path: Path) -> None:
    task = Task(tmp_path, {"runnable": True, "input_ids": [1, 2]})
    calls: list[int] = []
    factor = [2]

    def twice(value: int) -> int:
        return value * factor[0]

    @stage(outputs="y")
    def double(input_id: int) -> int:
        note(input_id)
        return twice(input_id)

    def note(value: int) -> None:
        calls.append(value) if len(calls) < 100 else None

    def go() -> Any:
        before = len(calls)
        data = task.run(Config(), create_pipeline([double]))
        return [chunk["y"] for chunk in data.values()], len(calls) - before

    assert go()[0] == [2, 4]
    factor[0] = 3
    assert go() == ([3, 6], 2)


def test_an_error_is_raised_after_the_other_inputs_were_kept(tmp_path: Path) -> None:
    ran: list[int] = []

    @stage
    def root(input_id: int, bad: int = 1) -> int:
        if input_id == bad:
            raise ValueError("no root")
        ran_here(input_id)
        return input_id

    def ran_here(value: int) -> None:
        Path(tmp_path, f"ran-{value}").touch()
        ran.append(value)

    task = Task(tmp_path, {"runnable": True, "input_ids": [1, 2, 3]})
    with pytest.raises(StageError, match="stage `root` failed for input `1`: ValueError: no root"):
        task.run(Config(), create_pipeline([root]))
    assert {path.name for path in tmp_path.glob("ran-*")} == {"ran-2", "ran-3"}
    assert task.is_pending(create_pipeline([root]), Config()) == "incomplete"


def test_a_batch_runs_each_task_in_a_process_of_its_own(tree: Any) -> None:
    batch = Batch()
    batch.load("t")
    assert asyncio.run(batch.run())
    assert ran(tree) == {} and batch.pending == []


def test_a_task_that_fails_stops_no_other_of_its_batch(tree: Any) -> None:
    Path("t/fine/task.yml").write_text("runnable: yes\nconfig: {segmentation: {sigma: wrong}}\n")
    batch = Batch()
    batch.load("t")
    assert not asyncio.run(batch.run())
    assert pending() == {"t/fine": "incomplete", "t/wide": "", "t/wide/low": "", "t/wide/same": ""}


def test_an_overridden_digest_is_what_a_completion_is_compared_with(tree: Any) -> None:
    class Own(Task):
        def compute_sha(self, config: Config | None = None) -> str:
            return "always the same"

    task = Batch(Own).task("t/fine")
    assert task is not None
    task.run(task.create_config())
    changed = Config({"segmentation": {"sigma": 9}})
    assert task.is_pending(task.create_pipeline(), changed) == ""


def test_data_stored_by_hand_is_loaded_and_checked(tree: Any, tmp_path: Path) -> None:
    from mendel.pipeline import Benchmark

    task = Task(tmp_path / "hand", {"runnable": True, "input_ids": ["a"], "marginal_stages": ["double"]})
    task.path.mkdir()

    @stage(outputs="x")
    def first(input_id: str) -> str:
        return input_id

    @stage(outputs="y")
    def double(x: str) -> str:
        return x * 2

    pipeline = create_pipeline([double, first])
    times: Benchmark[float] = Benchmark(tmp_path / "times.csv")
    times["first", "a"] = 1.5
    task.store(pipeline, {"a": {"x": [1, (2,)], "y": "gone"}}, Config({"first": {"k": 1}}), times)
    assert task.load(pipeline) == {"a": {"x": [1, (2,)]}}
    assert task.times["first", "a"] == 1.5
    assert task.is_pending(pipeline, Config({"first": {"k": 1}})) == ""
    with pytest.raises(ValueError, match=r"extra \[\], missing \['z'\]"):
        task.load(create_pipeline([first, double, stage(outputs="z")(lambda x: x)]))


def test_large_values_are_freed_and_brought_back_when_they_are_read(tmp_path: Path) -> None:
    import numpy
    from mendel.pipeline.cells import NOTHING

    @stage
    def large(input_id: int) -> Any:
        return numpy.full(1 << 18, float(input_id))

    @stage
    def total(large: Any) -> float:
        return float(large.sum())

    data = Task(tmp_path, {"runnable": True, "input_ids": [3]}).run(Config(), create_pipeline([large, total]))
    cells = data[3].cells  # type: ignore[attr-defined]
    assert cells["large"].value is NOTHING and cells["total"].value == 3.0 * (1 << 18)
    assert data[3]["large"][5] == 3.0


def test_rp_36_stored_inputs_that_are_not_those_of_the_task_are_named(tmp_path: Path) -> None:
    @stage(outputs="twice")
    def double(input_id: int) -> int:
        return input_id * 2

    task = Task(tmp_path, {"runnable": True, "input_ids": "1-3"})
    task.run(task.create_config(), create_pipeline([double]))
    assert {name: chunk["twice"] for name, chunk in task.load().items()} == {1: 2, 2: 4, 3: 6}

    for ids, extra, missing in (([1, 2, 3, 40], [], ["40"]), ([1], ["2", "3"], []), ([1, 2, "3"], ["3"], ['"3"'])):
        other = Task(tmp_path, {"runnable": True, "input_ids": ids})
        with pytest.raises(ValueError, match="stored ids are not its own") as caught:
            other.load()
        assert f"extra {extra}, missing {missing}" in str(caught.value) and str(tmp_path) in str(caught.value)
