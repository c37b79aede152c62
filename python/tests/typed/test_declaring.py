"""What classes may declare, and what they are told when it cannot be."""

from __future__ import annotations

import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any, Dict, Generic, List, Literal, Optional, Tuple, TypeVar, Union

import pytest
from mendel import (
    Annotated,
    Array,
    Choice,
    Choices,
    Config,
    Constant,
    DeclarationError,
    InvalidValue,
    Meta,
    Option,
    Param,
    PathGenerator,
    ReadOnlyParameter,
    Task,
    field,
    help,
    identity,
    pathgenerator,
)
from mendel.typed.docs import descriptions
from mendel.typed.kinds import META
from mendel.typed.schema import schema_of
from shapes import Leaf, Node

T = TypeVar("T")


def test_tt_001_tt_002_tt_003_kinds_of_fields() -> None:
    class Encoder(Config):
        width: Param[int]
        device: Meta[str] = "cpu"
        workers: Option[int] = 1

    fields = schema_of(Encoder).fields
    assert list(fields) == ["width", "device", "workers"]
    assert fields["device"].kind is META and fields["workers"].kind is META
    one = Encoder(width=3, workers=2)
    assert (one.width, one.device, one.workers) == (3, "cpu", 2)


def test_tt_004_a_constant_has_a_value_and_keeps_it() -> None:
    class Encoder(Config):
        revision: Constant[str] = "2"

    with pytest.raises(ReadOnlyParameter, match="revision"):
        Encoder(revision="3")
    with pytest.raises(ReadOnlyParameter, match="revision"):
        Encoder().revision = "3"
    with pytest.raises(DeclarationError, match="revision"):

        class Without(Config):
            revision: Constant[str]


def test_tt_006_both_spellings_of_generated_paths() -> None:
    class Learn(Task):
        older: Annotated[Path, pathgenerator("p.pth")]
        newer: Meta[Path] = field(default_factory=PathGenerator("p.pth"))

    for name in ("older", "newer"):
        assert schema_of(Learn).fields[name].generator.name == "p.pth"
        with pytest.raises(ReadOnlyParameter, match=name):
            Learn(**{name: Path("x")})
        with pytest.raises(AttributeError, match="sealed"):
            getattr(Learn(), name)


def test_tt_007_closed_sets_in_three_spellings_mean_the_same() -> None:
    class First(Config):
        __mendel_id__ = "lab.choice"
        x: Annotated[str, Choices(["a", "b"])]

    class Second(Config):
        __mendel_id__ = "lab.choice"
        x: Choice("a", "b")  # type: ignore[valid-type]

    class Third(Config):
        __mendel_id__ = "lab.choice"
        x: Param[Literal["a", "b"]]

    assert identity(First(x="a")) == identity(Second(x="a")) == identity(Third(x="a"))
    for kind in (First, Second, Third):
        with pytest.raises(InvalidValue, match="'c'.*'a', 'b'"):
            kind(x="c")

    class Mixed(Config):
        x: Param[Literal[1, True, "1"]]

    assert [type(Mixed(x=value).x) for value in (1, True, "1")] == [int, bool, str]


def test_tt_010_default_and_factory_exclude_each_other() -> None:
    with pytest.raises(DeclarationError, match="not both"):
        field(default=3, default_factory=lambda: 3)


def test_tt_011_defaults_are_not_shared() -> None:
    class Lists(Config):
        bare: Param[List[int]] = []
        table: Param[Dict[str, List[int]]] = {"a": [1]}
        bag: Param[set] = {1}
        made: Param[List[int]] = field(default_factory=lambda: [1])
        leaf: Param[Leaf] = Leaf(v=1)

    one, other = Lists(), Lists()
    one.bare.append(1)
    one.table["a"].append(2)
    one.bag.add(2)
    one.made.append(2)
    one.leaf.v = 9
    assert (other.bare, other.table, other.bag, other.made, other.leaf.v) == ([], {"a": [1]}, {1}, [1], 1)


def test_tt_012_none_is_a_default_like_others() -> None:
    class Some(Config):
        given: Param[Optional[int]] = field(default=None)
        number: Param[Optional[int]] = 5

    assert Some().given is None and Some().number == 5 and Some(number=None).number is None
    assert not schema_of(Some).fields["given"].required
    assert identity(Some(number=None)) != identity(Some())


def test_tt_020_whole_numbers_have_no_limit() -> None:
    huge = 10**5000
    assert Leaf(v=huge).v == huge and identity(Leaf(v=huge)) != identity(Leaf(v=huge + 1))


def test_tt_025_tuples_of_fixed_and_of_any_length() -> None:
    class Spans(Config):
        fixed: Param[Tuple[int, str]]
        free: Param[Tuple[int, ...]] = ()
        nothing: Param[Tuple[()]] = ()

    one = Spans(fixed=["1", "a"], free=[1, 2.0])
    assert one.fixed == (1, "a") and one.free == (1, 2)
    with pytest.raises(InvalidValue, match="fixed"):
        Spans(fixed=(1, "a", 2))


def test_tt_026_tt_027_unions_take_what_fits_exactly_first() -> None:
    class Either(Config):
        x: Param[Union[int, float, str]]
        y: Param[Union[float, int]] = 1.0
        z: Param[Optional[int]]

    assert [type(Either(x=value).x) for value in (1, 1.0, "1", True)] == [int, float, str, int]
    assert type(Either(x=1, y=2).y) is int
    assert Either(x=1).z is None


def test_tt_030_what_has_no_identity_is_refused_when_set() -> None:
    class Anything(Config):
        x: Param[Any]

    for value in (object(), print, b"bytes", [object()], {"a": {1: object()}}, 1j):
        with pytest.raises(InvalidValue, match="x"):
            Anything(x=value)


def test_tt_031_type_variables_agree() -> None:
    class Box(Config, Generic[T]):
        item: Param[T]
        others: Param[List[T]] = []

    class Holder(Config):
        box: Param[Box[int]]

    assert Box(item=1, others=[2]).item == 1
    with pytest.raises(InvalidValue, match="item.*others|others.*item"):
        Box(item=1, others=["a"])
    assert Holder(box=Box(item=1)).box.item == 1
    with pytest.raises(InvalidValue, match="box"):
        Holder(box=Box(item="a"))
    assert Box[int](item=3).item == 3
    with pytest.raises(InvalidValue):
        Box[int](item="three")


def test_tt_032_classes_may_name_themselves_and_later_ones() -> None:
    assert Node(name="a", next=Node(name="b")).next.name == "b"

    class Outer(Config):
        inner: Param[Later]

    class Later(Config):
        x: Param[int]

    assert Outer(inner=Later(x=1)).inner.x == 1

    class Lost(Config):
        inner: Param[Nowhere]  # type: ignore[name-defined]  # noqa: F821

    with pytest.raises(DeclarationError, match="inner.*Nowhere"):
        Lost()


def test_xm_29_tt_040_help_comes_from_three_places() -> None:
    class Encoder(Config):
        """Turns sentences into vectors.

        Attributes:
            width: size of the vector
            depth: from the class
                in two lines
            kept: not this one
        """

        width: Param[int]
        depth: Param[int] = 3
        """right after the field"""
        kept: Annotated[Param[int], help("beside the type")] = 1
        """nor this"""
        silent: Param[int] = 0

    assert descriptions(Encoder) == {
        "width": "size of the vector",
        "depth": "right after the field",
        "kept": "beside the type",
        "silent": "",
    }


def test_tt_041_redefined_fields_are_told_and_keep_their_type() -> None:
    class Base(Config):
        leaf: Param[Config]
        number: Param[int] = 1

    with pytest.warns(UserWarning, match="number.*overrides"):

        class Warned(Base):
            number: Param[int] = 2

    with warnings.catch_warnings():
        warnings.simplefilter("error")

        class Narrowed(Base):
            leaf: Param[Leaf] = field(overrides=True)
            number: Param[int] = field(default=2, overrides=True)

    assert Warned(leaf=Leaf(v=1)).number == Narrowed(leaf=Leaf(v=1)).number == 2
    with pytest.raises(DeclarationError, match="number.*`str`.*`int`"):

        class Changed(Base):
            number: Param[str] = field(overrides=True)

    with pytest.raises(DeclarationError, match="leaf"):

        class Widened(Narrowed):
            leaf: Param[Config] = field(overrides=True)

    with pytest.raises(DeclarationError, match="number.*declare it again"):

        class Silent(Base):
            number = 3


def test_tt_042_a_value_class_is_used_for_instances_only() -> None:
    class Encoder(Config):
        width: Param[int]

        def size(self) -> int:
            return 0

    class Deep(Encoder):
        pass

    @Encoder.value_class()
    class Heavy(Encoder):
        def size(self) -> int:
            return self.width * 2

    one = Encoder(width=3)
    assert not isinstance(one, Heavy) and isinstance(one.instance(), Heavy) and one.instance().size() == 6
    with pytest.raises(DeclarationError, match="derive"):

        @Deep.value_class()
        class Loose(Deep):
            pass

    with pytest.raises(DeclarationError, match="derive"):
        Encoder.value_class()(Leaf)


def test_tt_033_tt_089_classes_of_a_script_are_named_by_its_place(tmp_path: Path) -> None:
    folder = tmp_path / "experiments"
    folder.mkdir()
    (tmp_path / "mendel.toml").write_text("")
    text = "from mendel import Config, Param, identity\nclass Fit(Config):\n    x: Param[int]\n"
    text += "    class Part(Config):\n        y: Param[int]\n"
    (folder / "fit.py").write_text(text + "print(identity(Fit(x=1)), Fit(x=1).__mendel__.schema.type_id)\n")
    (folder / "other.py").write_text(text + "print(identity(Fit(x=1)))\n")

    def told(*command: str) -> str:
        done = subprocess.run([sys.executable, *command], cwd=tmp_path, capture_output=True, text=True, check=True)
        return done.stdout.strip()

    script = told("experiments/fit.py")
    assert script.endswith(" experiments.fit.fit")
    assert script == told("-m", "experiments.fit") == told("-c", "import experiments.fit")
    assert told("experiments/other.py") not in script


def test_tt_050_three_ways_to_a_configuration() -> None:
    assert Leaf(v=1) == Leaf.C(v=1) and isinstance(Leaf.C(v=1), Leaf)
    with pytest.raises(TypeError, match="by name"):
        Leaf(1)

    class Holder(Config):
        leaf: Param[Leaf]
        leaves: Param[Array(Leaf)] = []  # type: ignore[valid-type]

    assert Holder(leaf=Leaf.C(v=1), leaves=[Leaf(v=2)]).leaves[0].v == 2


def test_names_of_our_members_are_free_for_fields() -> None:
    class Free(Task):
        name: Param[str]
        model: Param[str] = "m"
        data: Param[int] = 1
        id: Param[int] = 2
        tags: Param[List[str]] = []
        copy: Param[int]
        init: Param[int] = 4
        job: Param[int] = 5

    one = Free(name="n", tags=["a"], copy=3)
    assert (one.name, one.model, one.data, one.id, one.tags, one.copy, one.init, one.job) == (
        "n",
        "m",
        1,
        2,
        ["a"],
        3,
        4,
        5,
    )
    with pytest.raises(AttributeError, match="copy"):
        Free(name="n").copy  # noqa: B018
    assert one.instance().tags == ["a"]
    assert not hasattr(Leaf(v=1).instance(), "init")


def test_types_that_no_field_can_have_are_refused() -> None:
    with pytest.raises(DeclarationError, match="x.*bytes"):

        class Bad(Config):
            x: Param[bytes]

    with pytest.raises(DeclarationError, match="keys"):

        class Keys(Config):
            x: Param[Dict[List[int], int]]

    with pytest.raises(DeclarationError, match="default of field `x`.*'three'"):

        class Default(Config):
            x: Param[int] = "three"


def test_xm_03_xm_04_only_tasks_can_be_submitted() -> None:
    from mendel.typed.tasks import is_task

    class Fit(Task):
        leaf: Param[Leaf]

    assert is_task(Fit(leaf=Leaf(v=1))) and not is_task(Leaf(v=1))


def test_importing_loads_only_what_is_needed() -> None:
    def loaded(statement: str) -> str:
        script = f"{statement}; import sys; print(' '.join(sys.modules))"
        return subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout

    assert "mendel.typed" not in loaded("import mendel")
    names = loaded("from mendel import Config, Param, field").split()
    assert not {"asyncio", "numpy", "logging", "concurrent.futures", "mendel.tracked_task"} & set(names)
