"""Instances, and where generated files lie."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Dict, List, Optional

import pytest
from mendel import (
    Config,
    DirectoryContext,
    LightweightTask,
    Meta,
    NotUsable,
    Param,
    PathGenerator,
    Task,
    field,
    initializer,
    param_group,
    partial,
)
from shapes import Leaf, Pair, ring

loop = param_group("loop")


class Optimiser(Config):
    """Has a file."""

    rate: Param[float] = 0.1
    state: Meta[Path] = field(default_factory=PathGenerator("state.bin"))


class Model(Config):
    """Has files, and parts with files."""

    optim: Param[Optimiser]
    parts: Param[List[Optimiser]] = []
    table: Param[Dict[str, Optimiser]] = {}
    weights: Meta[Path] = field(default_factory=PathGenerator("sub/weights.bin"))
    folder: Meta[Path] = field(default_factory=PathGenerator())


class Fit(Task):
    """Owns all of them."""

    model: Param[Model]
    steps: Param[int] = field(groups=[loop], default=1)
    shared = partial(exclude_groups=[loop])
    out: Meta[Path] = field(default_factory=PathGenerator("out.txt"))
    made: Meta[Path] = field(default_factory=PathGenerator(lambda context, config: f"{config.steps}.txt"))
    kept: Meta[Path] = field(default_factory=PathGenerator("kept", partial=shared))

    def execute(self) -> None:
        self.out.write_text(str(self.steps))


def fit(**changes: Any) -> Fit:
    model = Model(optim=Optimiser(), parts=[Optimiser(), Optimiser()], table={"a/b": Optimiser(), "..": Optimiser()})
    return Fit(model=model, **changes)


def test_xm_05_tt_140_tt_141_tt_142_tt_143_generated_paths_lie_with_their_owner(tmp_path: Path) -> None:
    one = fit()
    with pytest.raises(AttributeError, match="sealed"):
        one.out  # noqa: B018
    live = one.instance(DirectoryContext(tmp_path))
    model = live.model
    places = {
        live.out: "out.txt",
        live.made: "1.txt",
        model.weights: "out/model/sub/weights.bin",
        model.folder: "out/model",
        model.optim.state: "out/model/optim/state.bin",
        model.parts[0].state: "out/model/parts/0/state.bin",
        model.parts[1].state: "out/model/parts/1/state.bin",
        model.table["a/b"].state: "out/model/table/a%2Fb/state.bin",
        model.table[".."].state: "out/model/table/%2E./state.bin",
    }
    assert {path: str(path.relative_to(tmp_path.resolve())) for path in places} == places
    assert all(path.is_absolute() and path.parent.is_dir() for path in places)
    assert not live.out.exists() and model.folder.is_dir()
    assert live.kept.relative_to(tmp_path.resolve()).parts[0] == "partials"


def test_tt_092_tasks_that_differ_in_a_group_share_a_folder(tmp_path: Path) -> None:
    kept = [fit(steps=steps).instance(DirectoryContext(tmp_path)).kept for steps in (1, 2)]
    assert kept[0] == kept[1]


def test_tt_142_a_generated_path_stays_in_its_folder(tmp_path: Path) -> None:
    class Escaping(Task):
        file: Meta[Path] = field(default_factory=PathGenerator("../elsewhere"))

    with pytest.raises(NotUsable, match="outside"):
        Escaping().instance(DirectoryContext(tmp_path))


def test_tt_130_a_task_runs_without_a_scheduler(tmp_path: Path) -> None:
    live = fit(steps=7).instance(DirectoryContext(tmp_path))
    live.execute()
    assert (tmp_path / "out.txt").read_text() == "7"
    with pytest.raises(NotUsable, match="DirectoryContext"):
        fit().instance()


def test_tt_121_instances_are_made_once_and_children_first() -> None:
    order: List[str] = []

    class Inner(Config):
        name: Param[str]

        def __init__(self) -> None:
            self.ready = False

        def __post_init__(self) -> None:
            self.ready = True
            order.append(self.name)

    class Outer(Config):
        one: Param[Inner]
        other: Param[Inner]
        again: Param[List[Inner]] = []
        nothing: Param[Optional[Inner]]

        def __post_init__(self) -> None:
            assert self.one.ready
            order.append("outer")

    shared = Inner(name="shared")
    live = Outer(one=shared, other=shared, again=[shared, Inner(name="last")]).instance()
    assert live.one is live.other is live.again[0] and order == ["shared", "last", "outer"]
    assert type(live.again) is list


def test_tt_121_cycles_become_cycles_of_instances() -> None:
    live = ring("a", "b").instance()
    assert live.next.next is live and live.next.name == "b"


def test_tt_122_initializers_run_once_for_each_instance() -> None:
    class Counting(Config):
        x: Param[int]

        @initializer
        def prepare(self, start: int) -> List[int]:
            return [start + self.x]

    one, other = Counting(x=1).instance(), Counting(x=2).instance()
    assert one.prepare(10) is one.prepare(20) and one.prepare(0) == [11] and other.prepare(1) == [3]


def test_tt_197_an_instance_knows_its_configuration_and_is_free() -> None:
    leaf = Leaf(v=1)
    live = leaf.instance()
    assert live.mendel_config is leaf and leaf.mendel_config is leaf
    live.v = "anything"
    live.other = 3
    assert leaf.v == 1
    assert Pair(one=leaf, other=0).instance().one is not live


def test_tt_180_a_light_task_has_a_body_of_its_own() -> None:
    class Loader(LightweightTask):
        model: Param[Leaf]

        def execute(self) -> None:
            self.model.v = 9

    live = Loader(model=Leaf(v=1)).instance()
    live.execute()
    assert live.model.v == 9
