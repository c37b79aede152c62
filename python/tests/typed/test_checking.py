"""What is checked when values are set, and before anything is done with them."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any, Dict, List, Optional, Set

import pytest
from mendel import (
    Config,
    DirectoryContext,
    InvalidValue,
    Meta,
    MissingValue,
    NotUsable,
    Param,
    PathGenerator,
    SealedConfiguration,
    UnknownField,
    copyconfig,
    field,
    identity,
    sealed_set,
)
from shapes import Colour, Leaf, Pair, Wide

LIST = [1]


class Table(Config):
    """A field of each type of the table of conversions."""

    whole: Param[int] = 0
    real: Param[float] = 0.0
    flag: Param[bool] = False
    text: Param[str] = ""
    path: Param[Path] = Path()
    colour: Param[Colour] = Colour.RED
    items: Param[List[int]] = []
    bag: Param[Set[int]] = set()
    table: Param[Dict[str, int]] = {}


@pytest.mark.parametrize(
    ("name", "given", "kept"),
    [
        ("whole", 3, 3),
        ("whole", True, 1),
        ("whole", " -3 ", -3),
        ("whole", 3.0, 3),
        ("real", 1, 1.0),
        ("real", "1e3", 1000.0),
        ("real", math.inf, math.inf),
        ("flag", 1, True),
        ("flag", 0, False),
        ("flag", "Yes", True),
        ("flag", "no", False),
        ("flag", "true", True),
        ("text", "3", "3"),
        ("path", "a/b", Path("a/b")),
        ("colour", "BLUE", Colour.BLUE),
        ("items", (1, "2"), [1, 2]),
        ("bag", frozenset({1, 2}), {1, 2}),
        ("table", {"a": 1.0}, {"a": 1}),
    ],
)
def test_tt_062_values_are_converted_when_set(name: str, given: Any, kept: Any) -> None:
    one = Table(**{name: given})
    value = getattr(one, name)
    assert value == kept and type(value) is type(kept)
    assert identity(one) == identity(Table(**{name: kept}))


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("whole", 3.5),
        ("whole", math.nan),
        ("whole", math.inf),
        ("whole", "3.5"),
        ("whole", "three"),
        ("whole", ""),
        ("whole", "1_000"),
        ("whole", None),
        ("whole", [1]),
        ("real", "one"),
        ("real", True),
        ("real", None),
        ("flag", 2),
        ("flag", 1.0),
        ("flag", "maybe"),
        ("text", 3),
        ("text", Path("a")),
        ("path", 3),
        ("colour", 1),
        ("colour", "GREEN"),
        ("items", {1}),
        ("items", "12"),
        ("items", [1, "x"]),
        ("bag", [1]),
        ("table", [("a", 1)]),
        ("table", {1: 1}),
    ],
)
def test_tt_052_tt_055_what_the_table_does_not_list_is_refused_with_its_place(name: str, given: Any) -> None:
    with pytest.raises(InvalidValue) as caught:
        Table(**{name: given})
    text = str(caught.value)
    assert name in text and "test_checking.table" in text and "test_checking.py:" in text
    one = Table()
    with pytest.raises(InvalidValue, match=name):
        setattr(one, name, given)


def test_tt_052_an_error_tells_the_place_within_the_value() -> None:
    with pytest.raises(InvalidValue, match=r"items\[1\].*'x'.*`int`"):
        Table(items=[1, "x"])
    with pytest.raises(InvalidValue, match=r"table\['k'\]"):
        Table(table={"k": "v"})


def test_tt_052_all_that_is_wrong_is_told_at_once() -> None:
    with pytest.raises(InvalidValue) as caught:
        Table(whole="x", real="y", nothing=3)
    assert len(caught.value.faults) == 3
    assert all(word in str(caught.value) for word in ("whole", "real", "nothing"))


def test_tt_051_values_can_be_changed_until_sealed() -> None:
    one = Leaf(v=1)
    one.v = "4"
    assert one.v == 4
    one.seal()
    with pytest.raises(SealedConfiguration, match=r"`v`.*sealed in .*test_checking.py:\d+"):
        one.v = 5
    wide = Wide(items=[1]).seal()
    with pytest.raises(SealedConfiguration):
        wide.items.append(2)
    with pytest.raises(SealedConfiguration):
        wide.table["a"] = 1.0
    assert wide.items == [1] and isinstance(wide.items, list)


def test_tt_053_the_nearest_name_is_offered() -> None:
    with pytest.raises(UnknownField, match="did you mean `whole`"):
        Wide(whle=3)
    with pytest.raises(UnknownField, match="did you mean `whole`"):
        Wide().whlole = 3
    with pytest.raises(AttributeError, match="did you mean `whole`"):
        Wide().whle  # noqa: B018


def test_tt_054_missing_values_are_told_together_with_their_paths() -> None:
    class Inner(Config):
        width: Param[int]

    class Outer(Config):
        encoder: Param[Inner]
        others: Param[List[Inner]] = []
        rate: Param[float]

    one = Outer(encoder=Inner(), others=[Inner(width=1), Inner()])
    with pytest.raises(AttributeError, match="rate"):
        one.rate  # noqa: B018
    for check in (one.seal, one.instance, lambda: identity(one)):
        with pytest.raises(MissingValue) as caught:
            check()
        for path in ("Outer.encoder.width", "Outer.others[1].width", "Outer.rate"):
            assert path in str(caught.value)


def test_tt_056_an_instance_is_no_configuration() -> None:
    class Holder(Config):
        leaf: Param[Leaf]
        anything: Param[Any] = 1

    with pytest.raises(InvalidValue, match="mendel_config"):
        Holder(leaf=Leaf(v=1).instance())
    with pytest.raises(InvalidValue, match="mendel_config"):
        Holder(leaf=Leaf(v=1), anything=Leaf(v=1).instance())
    assert Holder(leaf=Leaf(v=1).instance().mendel_config).leaf.v == 1


class Filed(Config):
    """Has a file of its own."""

    x: Param[int]
    file: Meta[Path] = field(default_factory=PathGenerator("file"))


class Shared(Config):
    """Has a file that others may use."""

    file: Meta[Path] = field(default_factory=PathGenerator("file"), ignore_generated=True)


class Owner(Config):
    """Owns the files below it."""

    n: Param[int]
    filed: Param[Optional[Filed]]
    shared: Param[Optional[Shared]]


def test_tt_057_tt_145_files_of_another_are_refused(tmp_path: Path) -> None:
    filed, shared = Filed(x=1), Shared()
    Owner(n=1, filed=filed, shared=shared).instance(DirectoryContext(tmp_path))
    with pytest.raises(NotUsable, match="filed.file"):
        Owner(n=2, filed=filed).seal()
    Owner(n=2, shared=shared).seal()
    Owner(n=2, filed=copyconfig(filed)).seal()


def test_tt_058_checks_of_classes_run_once_children_first() -> None:
    order: List[str] = []

    class Inner(Config):
        def __validate__(self) -> None:
            order.append("inner")

    class Between:
        pass

    class Outer(Between, Config):
        inner: Param[Inner]

        def __validate__(self) -> None:
            order.append("outer")

    class Derived(Outer):
        pass

    one = Derived(inner=Inner())
    one.seal()
    one.instance()
    assert order == ["inner", "outer"]

    class Refusing(Config):
        x: Param[int]

        def __validate__(self) -> None:
            raise ValueError("no such luck")

    with pytest.raises(ValueError, match="no such luck"):
        Refusing(x=1).instance()


def test_tt_058_values_changed_in_place_are_checked_before_use() -> None:
    one = Wide()
    one.items.append("x")  # type: ignore[arg-type]
    with pytest.raises(InvalidValue, match=r"Wide.items\[0\]"):
        one.seal()
    two = Wide()
    two.items.append("3")  # type: ignore[arg-type]
    assert two.seal().items == [3]


def test_tt_061_equality_and_hashes() -> None:
    assert Leaf(v=1) == Leaf(v=1) and Leaf(v=1) != Leaf(v=2) and Leaf(v=1) != 1
    assert Wide(device="cpu") != Wide(device="gpu")
    assert Wide(device="cpu").seal() == Wide(device="gpu").seal()
    with pytest.raises(TypeError, match="seal"):
        hash(Leaf(v=1))
    assert len({Leaf(v=1).seal(), Leaf(v=1).seal(), Leaf(v=2).seal()}) == 2


def test_tt_023_sets_of_configurations_are_sealed_first() -> None:
    class Bag(Config):
        leaves: Param[Set[Leaf]]

    assert len(Bag(leaves=sealed_set(Leaf(v=1), Leaf(v=2))).leaves) == 2
    with pytest.raises(TypeError, match="seal"):
        Bag(leaves={Leaf(v=1)})
    assert identity(Bag(leaves=sealed_set(Leaf(v=1), Leaf(v=2)))) == identity(
        Bag(leaves=sealed_set(Leaf(v=2), Leaf(v=1)))
    )


def test_a_configuration_shows_what_it_is() -> None:
    assert repr(Pair(one=Leaf(v=1), other="x")) == "Pair(one=Leaf(v=1), other='x')"
