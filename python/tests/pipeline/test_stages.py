"""What a stage declares, in which order stages run, and what they may return."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from mendel import Pipeline, Stage, stage
from mendel.pipeline import Config, StageError, create_pipeline
from mendel.pipeline.order import AmbiguousStages, NoOrder
from mendel.pipeline.stage_class import suggest_stage_id


def made(name: str, inputs: Any = (), outputs: Any = (), consumes: Any = (), process: Any = None, **more: Any) -> Stage:
    body = process or (lambda self, **given: dict.fromkeys(outputs, 0))
    about = {"inputs": list(inputs), "outputs": list(outputs), "consumes": list(consumes), "process": body, **more}
    built: Stage = type(name, (Stage,), about)()
    return built


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Download", "download"),
        ("TheGreatMapperStage", "the-great-mapper"),
        ("TheGreat123PCMapper", "the-great-123-pc-mapper"),
        ("SegmentationV2", "segmentation-v-2"),
        ("My_stage", "my"),
        ("Stage", "stage"),
    ],
)
def test_a_stage_is_named_after_its_class(name: str, expected: str) -> None:
    assert suggest_stage_id(name) == expected


def test_a_class_that_gives_no_name_and_an_id_with_a_plus_are_refused() -> None:
    with pytest.raises(AssertionError, match="`_Hidden`"):
        made("_Hidden")
    with pytest.raises(AssertionError, match="the stage after it"):
        made("A", id="a+")


def test_every_order_of_declaration_gives_the_order_of_the_fields() -> None:
    stages = [
        made("A", ["input_id"], ["x"]),
        made("B", [], ["y"], consumes=["input_id"]),
        made("C", ["x", "y"], ["z"]),
    ]
    for declared in itertools.permutations(stages):
        assert create_pipeline(declared).stages == stages


def test_rp_a_consumption_that_overlaps_in_one_field_waits_for_the_other_reader() -> None:
    first, greedy, reader = made("P", outputs=["x", "y"]), made("Q", consumes=["x", "y"]), made("R", ["x"])
    assert [one.id for one in create_pipeline([first, greedy, reader]).stages] == ["p", "r", "q"]


def test_two_consumers_of_one_field_are_told_apart_by_name() -> None:
    with pytest.raises(NoOrder, match=r"`q`.* and .*`r`.* both consume `x`"):
        create_pipeline([made("P", outputs=["x"]), made("Q", consumes=["x"]), made("R", consumes=["x"])])


def test_no_order_tells_what_each_stage_lacks() -> None:
    with pytest.raises(NoOrder, match=r"placed so far: `a`; remaining: .*`b`\): lacks `nothing`"):
        create_pipeline([made("A", ["input_id"], ["x"]), made("B", ["x", "nothing"])])


def test_equal_ids_and_equal_outputs_are_refused() -> None:
    with pytest.raises(AmbiguousStages, match="the same id `a`"):
        create_pipeline([made("A"), made("A")])
    with pytest.raises(AmbiguousStages, match=r"field `x` is made by .*`a`.* and by .*`b`"):
        create_pipeline([made("A", outputs=["x"]), made("B", outputs=["x"])])


@pytest.mark.parametrize(
    ("returned", "complaint"),
    [
        ({}, "stage `a` did not return `x`"),
        ({"x": 1, "y": 2}, "stage `a` returned `y`, which it does not declare"),
        ({"y": 2}, "stage `a` did not return `x` and returned `y`"),
        (None, "stage `a` must return a mapping"),
    ],
)
def test_a_stage_returns_exactly_what_it_declares(returned: Any, complaint: str) -> None:
    stage = made("A", outputs=["x"], process=lambda self, **given: returned)
    with pytest.raises(StageError) as caught:
        Pipeline([stage]).process(1, Config())
    assert complaint in str(caught.value.__cause__)


def test_callbacks_come_around_the_work_and_after_hears_both_ends() -> None:
    heard: list[tuple[str, str, list[str]]] = []
    first = made("A", ["input_id"], ["x"])
    second = made("B", [], ["y"], consumes=["x"])
    third = made("C", ["y"], ["z"], enabled_by_default=False)
    for one in (first, second, third):
        for event in ("start", "end", "skip", "after"):
            one.add_callback(event, lambda stage, event, data, **_: heard.append((stage.id, event, sorted(data))))
    _, config, seconds = Pipeline([first, second, third]).process(7, Config())
    assert heard == [
        ("a", "start", ["input_id"]),
        ("a", "end", ["input_id", "x"]),
        ("a", "end", ["input_id", "x"]),
        ("b", "start", ["input_id", "x"]),
        ("b", "end", ["input_id", "y"]),
        ("b", "end", ["input_id", "y"]),
        ("c", "skip", ["input_id", "y"]),
        ("c", "skip", ["input_id", "y"]),
    ]
    assert config.entries["c"] == {"enabled": False}
    assert seconds["c"] == 0.0
    with pytest.raises(ValueError, match="there is no event `begin`"):
        first.add_callback("begin", print)  # type: ignore[arg-type]


def test_extra_stages_run_where_their_fields_are_missing() -> None:
    pipeline = create_pipeline(
        [
            made("A", ["input_id"], ["a"]),
            made("B", ["a"], ["b"]),
            made("C", [], ["c"], consumes=["b"]),
            made("D", ["c"], ["d"]),
        ]
    )
    assert pipeline.get_extra_stages("c", None, ["input_id", "a"]) == ["b"]
    assert sorted(pipeline.get_extra_stages("b", None, ["input_id"])) == ["a"]
    assert pipeline.get_extra_stages("d", None, ["input_id", "a", "c"]) == []


def test_auto_configuration_fills_in_and_clamps_and_leaves_the_task_alone() -> None:
    rules = {"size": (2, 3, {"type": int, "max": 5}), "sigma": (0.5, 4)}
    pipeline = Pipeline([made("A", configure=lambda self, pipeline, input_id: rules)])
    given = Config({"a": {"size": None}})
    filled = pipeline.configure(given, 1).entries
    assert filled == {"a": {"size": 5, "AF_size": 3, "sigma": 2.0, "AF_sigma": 4}}
    assert given.entries == {"a": {"size": None}}
    assert pipeline.configure(Config({"a": {"size": 9}}), 1).entries["a"]["size"] == 5
    assert pipeline.configure(Config({"a": {"AF_size": 2}}), 1).entries["a"]["size"] == 4


def test_a_function_is_a_stage_whose_arguments_are_its_inputs() -> None:
    @stage(outputs=["low", "high"])
    def bounds(values: list[int], margin: int = 1) -> tuple[int, int]:
        return min(values) - margin, max(values) + margin

    @stage
    def span(low: int, high: int, config: Any) -> int:
        return (high - low) * config.get("factor", 10)

    @stage(outputs="values")
    def read(input_id: int) -> list[int]:
        return list(range(input_id))

    pipeline = create_pipeline([span, bounds, read])
    data, config, _ = pipeline.process(4, Config({"bounds": {"margin": 2}}))
    assert data["span"] == (5 - -2) * 10
    assert config["span/factor"] == 10
    assert bounds([1, 2]) == (0, 3)


def test_a_pattern_that_does_not_fit_names_scope_pattern_and_input() -> None:
    pipeline = Pipeline(scopes={"seg": "seg/%03d.png"})
    assert pipeline.resolve("seg", 7).name == "007.png"  # type: ignore[union-attr]
    assert pipeline.resolve("unknown", 7) is None and pipeline.resolve("seg", None) is None
    with pytest.raises(ValueError, match=r"scope `seg`: pattern `seg/%03d.png` does not fit input `'a'`"):
        pipeline.resolve("seg", "a")
