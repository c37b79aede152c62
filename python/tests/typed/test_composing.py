"""Tags, copies, composition, hooks, and classes that moved on."""

from __future__ import annotations

from pathlib import Path
from typing import Any, List, Optional

import pytest
from mendel import (
    Config,
    DeclarationError,
    InvalidValue,
    Meta,
    MissingValue,
    NotUsable,
    Param,
    PathGenerator,
    SealedConfiguration,
    SubmitHook,
    Task,
    copyconfig,
    deprecate,
    field,
    identity,
    stop_tags,
    submit_hook_decorator,
    tag,
    tags,
    tagspath,
)
from mendel.typed.dependencies import marker
from mendel.typed.hooks import hooks_of
from shapes import Leaf, Loose, Pair, Wide


def test_tt_110_tt_111_tags_are_collected_from_below_and_from_the_tasks_before() -> None:
    class Fit(Task):
        leaf: Param[Leaf]

    fit = Fit(leaf=Leaf(v=tag("3")))
    assert fit.leaf.v == 3 and fit.tags() == {"v": 3}
    output = marker(fit)(Loose(x=1))
    assert Pair(one=output, other=Wide(text=tag("a"))).tag("series", "s").tags() == {"series": "s", "text": "a", "v": 3}
    with pytest.raises(TypeError, match="series"):
        fit.tag("series", [1])


def test_tt_111_collection_stops_where_it_is_told() -> None:
    assert Loose(x=stop_tags(Leaf(v=tag(1)))).tags() == {}
    assert Loose(x=stop_tags(tag(Leaf(v=tag(1))))).tags() == {"x": "Leaf"}
    assert Loose(x=stop_tags([Leaf(v=tag(1))])).tags() == {}


def test_tt_112_the_later_of_two_tags_stands_and_both_places_are_told() -> None:
    one = Pair(one=Leaf(v=tag(1)), other=Leaf(v=tag(2)))
    with pytest.warns(UserWarning, match=r"`v` is 1 \(.*test_composing.py:\d+\) and 2 \(.*test_composing.py:\d+\)"):
        assert tags(one) == {"v": 2}


def test_tt_114_tags_as_a_name_for_a_file() -> None:
    assert tagspath(Config().tag("b", 0.5).tag("a", "x")) == "a=x_b=0.5"
    assert "/" not in tagspath(Config().tag("a", "x/../y"))
    told = [{"x": "1_y", "z": 2}, {"x": 1, "y_z": 2}, {"x": "1_y_z=2"}, {"x": "a/b"}, {"x": "a%2Fb"}, {"x": "a b"}]
    names = set()
    for pairs in told:
        one = Config()
        for name, value in pairs.items():
            one.tag(name, value)
        names.add(tagspath(one))
    assert len(names) == len(told)


class Filed(Config):
    """Has a generated path, a constant and something below."""

    x: Param[int]
    leaf: Param[Leaf]
    items: Param[List[Leaf]] = []
    file: Meta[Path] = field(default_factory=PathGenerator("file"))


def test_tt_059_copies_are_independent_and_unsealed(tmp_path: Path) -> None:
    from mendel import DirectoryContext

    one = Filed(x=1, leaf=Leaf(v=1), items=[Leaf(v=2)])
    one.instance(DirectoryContext(tmp_path))
    other = one.copy()
    other.leaf.v = 9
    other.items.append(Leaf(v=3))
    assert one.leaf.v == 1 and len(one.items) == 1
    assert identity(other) != identity(one) == identity(one.copy())
    with pytest.raises(AttributeError, match="file"):
        other.file  # noqa: B018
    assert copyconfig(one, x="5").x == 5
    with pytest.raises(InvalidValue):
        copyconfig(one, x="five")
    shared = Leaf(v=1)
    both = Pair(one=shared, other=shared).copy()
    assert both.one is both.other is not shared


def test_tt_059_a_copy_of_an_output_stands_by_itself_and_may_take_over_dependencies() -> None:
    class Fit(Task):
        n: Param[int]

    output = marker(Fit(n=1))(Leaf(v=1))
    copied = copyconfig(output, v=2)
    assert identity(copied) == identity(Leaf(v=2))
    assert identity(output) != identity(Leaf(v=1)) == identity(copyconfig(output))
    assert identity(copied.copy_dependencies(output)) != identity(Leaf(v=2))


def test_tt_060_composition_fills_the_only_field_that_takes_it() -> None:
    class A(Config):
        x: Param[int]

    class B(Config):
        pass

    class Multi(Config):
        a: Param[A]
        b: Param[Optional[B]]
        n: Param[int] = 1

    class Two(Config):
        one: Param[A]
        other: Param[A]

    one = Multi() @ A(x=1) @ B()
    assert one.a.x == 1 and isinstance(one.b, B)
    with pytest.raises(NotUsable, match="`one`, `other`"):
        Two() @ A(x=1)
    with pytest.raises(NotUsable, match="no field.*`a: A`"):
        Multi() @ Two()
    with pytest.raises(TypeError):
        Multi() @ 3


def test_tt_153_only_what_is_a_tasks_own_can_be_marked() -> None:
    class Fit(Task):
        n: Param[int]

    fit, other = Fit(n=1), Fit(n=2)
    dep = marker(fit)
    leaf = dep(Leaf(v=1))
    assert dep(leaf) is leaf and dep(fit) is fit
    for wrong in (3, other, marker(other)(Leaf(v=2))):
        with pytest.raises(NotUsable):
            dep(wrong)


def test_tt_160_trap_20_outputs_mean_their_owner() -> None:
    class Fold(Task):
        seed: Param[int]

    class Topics(Config):
        path: Param[Path]

    class Documents(Config):
        path: Param[Path]

    found = {str(identity(marker(Fold(seed=seed))(Topics(path="/same")))) for seed in (1, 2)}
    found.add(str(identity(Topics(path="/same"))))
    assert len(found) == 3
    documents = Documents(path="/documents")
    before = identity(documents)
    outer = marker(Fold(seed=1))(Pair(one=marker(Fold(seed=1))(Topics(path="/t")), other=documents))
    assert identity(outer.other) == before


def test_tt_160_a_part_marked_later_is_not_taken_for_what_it_was_before() -> None:
    class Learn(Task):
        model: Param[Pair]

    model = Pair(one=Leaf(v=1), other=2)
    learn = Learn(model=model).seal()
    before, task = identity(model), identity(learn)
    marker(learn)(model.one)
    assert identity(model) != before and identity(learn) == task


class needs(SubmitHook):
    """Asks for a version."""

    def __init__(self, version: Any) -> None:
        self.version = version

    def spec(self) -> Any:
        return self.version


class wants(needs):
    """Asks for the same, as another class."""


@needs(11)
class Index(Config):
    """Asks for 11."""

    size: Param[int]


@needs(17)
@needs(11)
class Late(Config):
    """Asks for 11, then for 17."""

    size: Param[int]


class Later(Late):
    """Asks for what its base does."""


@needs(8)
class Inspect(Task):
    """Asks for 8 itself; `b` comes after `a`."""

    b: Param[Late]
    a: Param[Index]
    c: Param[Optional[Later]]


def test_xm_20_xm_21_tt_200_tt_201_tt_202_tt_203_trap_5_hooks_are_gathered_once_in_order() -> None:
    one = Inspect(a=Index(size=1), b=Late(size=1), c=Later(size=2))
    assert [hook.version for hook, _ in hooks_of(one)] == [8, 11, 17]
    late = marker(Inspect(a=Index(size=1), b=Late(size=1)))(Late(size=3))
    assert [hook.version for hook, _ in hooks_of(Inspect(a=Index(size=1), b=late))] == [8, 11]

    @wants(8)
    class Other(Inspect):
        pass

    found = [type(hook) for hook, _ in hooks_of(Other(a=Index(size=1), b=Late(size=1)))]
    assert found == [needs, wants, needs, needs]


def test_tt_202_tt_205_hooks_have_hashable_specs_and_no_part_in_the_identity() -> None:
    with pytest.raises(DeclarationError, match="spec"):
        needs([1])(Leaf)

    @submit_hook_decorator(needs)(3)
    class First(Config):
        __mendel_id__ = "lab.hooked"

    @submit_hook_decorator(needs(4))
    class Second(Config):
        __mendel_id__ = "lab.hooked"

    assert identity(First()) == identity(Second())


def test_tt_100_a_renamed_class_means_what_its_successor_means() -> None:
    class New(Config):
        v: Param[int]

    @deprecate
    class Old(New):
        pass

    assert identity(Old(v=1)) == identity(New(v=1)) and isinstance(Old(v=1), New)
    with pytest.raises(DeclarationError):

        @deprecate
        class Alone(Config):
            pass


def test_tt_101_a_changed_shape_means_what_it_is_converted_to_in_chains() -> None:
    class V2(Config):
        values: Param[List[int]]

    @deprecate(V2)
    class V1(Config):
        value: Param[int]

        def __convert__(self) -> Any:
            return V2(values=[self.value])

    @deprecate(V1)
    class V0(Config):
        text: Param[str]

        def __convert__(self) -> Any:
            return V1(value=int(self.text))

    class Holder(Config):
        part: Param[V2]

    assert identity(V0(text="3")) == identity(V1(value=3)) == identity(V2(values=[3]))
    assert identity(Loose(x=V0(text="3"))) == identity(Loose(x=V2(values=[3])))
    assert Holder(part=V0(text="3")).part.values == [3]
    assert V0(text="3").instance().values == [3]
    with pytest.raises(DeclarationError, match="__convert__"):

        @deprecate(V2)
        class Without(Config):
            pass


def test_tt_102_a_replaced_class_makes_its_successor() -> None:
    class New(Config):
        values: Param[List[int]]

    @deprecate(New, replace=True)
    class Old(Config):
        value: Param[int]

        def __convert__(self) -> Any:
            return New(values=[self.value])

    one = Old(value=3)
    assert type(one) is type(New(values=[])) and one == New(values=[3])
    former = one.__mendel__.former[0]
    assert identity(former) != identity(one)
    with pytest.warns(DeprecationWarning, match="value"):
        one.value = 4
    assert one.values == [3]


def test_tt_103_a_renamed_parameter_is_still_taken() -> None:
    class Fit(Config):
        values: Param[List[int]]

        @deprecate
        def value(self, value: int) -> None:
            self.values = [value]

    assert Fit(value=3) == Fit(values=[3])
    one = Fit(values=[1])
    one.value = 5
    assert one.values == [5]


def test_tt_151_an_output_stays_as_it_was_marked() -> None:
    class Learn(Task):
        n: Param[int]

    inner = Leaf(v=1)
    output = marker(Learn(n=1))(Pair(one=inner, other=[1]))
    before = identity(output)
    for change in (lambda: setattr(inner, "v", 2), lambda: setattr(output, "other", 3), lambda: output.other.append(2)):
        with pytest.raises(SealedConfiguration):
            change()
    assert identity(output) == before
    with pytest.raises(MissingValue, match="other"):
        marker(Learn(n=1))(Pair(one=1))


def test_a_part_that_takes_over_an_owner_stays_as_it_is_once_it_was_used() -> None:
    class Learn(Task):
        n: Param[int]

    output = marker(Learn(n=1))(Leaf(v=1))
    part = copyconfig(output, v=2).copy_dependencies(output)
    user = Loose(x=part).seal()
    before = identity(user)
    with pytest.raises(SealedConfiguration):
        part.v = 3
    assert identity(user) == before
