"""What counts for the identity of a configuration, and what does not."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from pathlib import Path
from typing import Any, Dict, List, Optional

import pytest
import reference
import samples
from mendel import (
    Annotated,
    Config,
    Constant,
    DataPath,
    InstanceConfig,
    Meta,
    Option,
    Param,
    PathGenerator,
    field,
    identity,
    param_group,
    partial,
    pathgenerator,
    setmeta,
)
from mendel.typed.identity import explain, left_out
from mendel.typed.partials import partial_identity
from shapes import Colour, Leaf, Loose, Node, Pair, Single, Wide

HERE = Path(__file__).parent
FROZEN = HERE / "identities.json"


def same(one: Config, other: Config) -> bool:
    return identity(one) == identity(other)


def test_tt_075_the_identities_of_named_configurations_never_change() -> None:
    found = {name: str(identity(one)) for name, one in samples.named().items()}
    frozen = json.loads(FROZEN.read_text())
    assert len(frozen) >= 60
    assert found == frozen


def test_tt_074_an_identity_is_a_version_and_64_digits() -> None:
    text = str(identity(Leaf(v=1)))
    assert text == str(Leaf(v=1).__identifier__())
    version, _, digits = text.partition(":")
    assert version == "m1" and len(digits) == 64 and int(digits, 16)


@pytest.mark.parametrize("seed", range(4))
def test_xm_27_tt_070_tt_071_tt_076_random_configurations_agree_with_the_reference_and_never_collide(seed: int) -> None:
    chance = random.Random(seed)
    known: Dict[str, bytes] = {}
    for _ in range(3_000):
        one = samples.configuration(chance, 3)
        found = str(identity(one))
        assert found == reference.identity(one)
        written = reference.spelled(one)
        assert known.setdefault(found, written) == written
    assert len(set(known.values())) == len(known)


def test_tt_070_the_same_in_every_process_and_folder_and_for_every_hash_seed(tmp_path: Path) -> None:
    script = (
        "import json, samples; from mendel import identity\n"
        "print(json.dumps({name: str(identity(one)) for name, one in samples.named().items()}))"
    )
    answers = []
    for seed in ("0", "1", "4242"):
        env = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(HERE)}
        done = subprocess.run(
            [sys.executable, "-c", script],
            env=env,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
        answers.append(json.loads(done.stdout))
    assert answers[0] == answers[1] == answers[2] == json.loads(FROZEN.read_text())


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (["a\x03b", "c"], ["a", "b\x03c"]),
        ({"a": {"b": 1}}, {"a": {}, "b": 1}),
        (["ab"], ["a", "b"]),
        ([[1], 2], [[1, 2]]),
        ([1, [2]], [1, 2]),
        ((1,), [1]),
        ({1}, [1]),
        ({}, []),
        ("", []),
        (None, []),
        ({"a": 1}, ["a", 1]),
        (2**64, 2**64 + 1),
        (-1, 2**64 - 1),
        (Path("a"), "a"),
        (Colour.RED, "RED"),
        ("e\u0301", "\u00e9"),
    ],
)
def test_tt_071_what_is_different_has_different_identities(one: Any, other: Any) -> None:
    assert not same(Loose(x=one), Loose(x=other))


def test_tt_072_kinds_of_values_differ_where_the_type_leaves_it_open() -> None:
    found = {str(identity(Loose(x=value))) for value in (True, 1, 1.0, "1")}
    assert len(found) == 4
    assert same(Wide(real=1), Wide(real=1.0))
    assert not same(Wide(either=1), Wide(either="1"))


def test_tt_073_floats_and_whole_numbers_have_one_form() -> None:
    assert same(Loose(x=0.0), Loose(x=-0.0))
    assert same(Loose(x=float("nan")), Loose(x=-float("nan")))
    assert not same(Loose(x=10**100), Loose(x=10**100 + 1))


def test_xm_02_tt_083_an_ignored_default_counts_as_little_as_no_value() -> None:
    base = identity(Wide())
    assert base == identity(Wide(whole=3)) == identity(Wide(flag=False)) == identity(Wide(items=[]))
    assert base == identity(Wide(real=0.5))
    assert base != identity(Wide(whole=4)) and base != identity(Wide(real=0.25)) and base != identity(Wide(flag=True))


def test_tt_083_a_kept_default_counts_and_so_does_a_constant() -> None:
    class Before(Config):
        __mendel_id__ = "lab.kept"

    class Kept(Config):
        __mendel_id__ = "lab.kept"
        x: Param[int] = field(default=3)

    class Made(Config):
        __mendel_id__ = "lab.kept"
        x: Param[List[int]] = field(default_factory=list)

    class Fixed(Config):
        __mendel_id__ = "lab.kept"
        x: Constant[int] = 3

    class Ignored(Config):
        __mendel_id__ = "lab.kept"
        x: Param[int] = field(default=3, ignore_default=True)

    class Older(Config):
        __mendel_id__ = "lab.kept"
        x: Param[int] = field(ignore_default=3)

    for kind in (Kept, Made, Fixed):
        assert not same(Before(), kind())
    assert same(Kept(), Fixed())
    for kind in (Ignored, Older):
        assert same(Before(), kind()) and not same(Before(), kind(x=4))


def test_tt_080_tt_081_tt_082_what_never_counts() -> None:
    class Bare(Config):
        __mendel_id__ = "lab.bare"

    class Laden(Config):
        __mendel_id__ = "lab.bare"
        device: Meta[str]
        workers: Option[int]
        vocabulary: DataPath
        where: Param[Path]
        maybe: Param[Optional[Path]]
        older: Annotated[Path, pathgenerator("x")]
        newer: Meta[Path] = field(default_factory=PathGenerator("y"))

    one = Laden(device="cpu", workers=3, vocabulary="/a", where="/b", maybe=Path("/c"))
    assert same(one, Bare())
    assert left_out(one) == {
        "device": "meta",
        "workers": "meta",
        "vocabulary": "meta",
        "where": "path",
        "maybe": "path",
        "older": "generated",
        "newer": "generated",
    }


def test_tt_081_the_content_or_the_text_of_a_path_counts_where_that_is_said(tmp_path: Path) -> None:
    class Content(Config):
        file: Param[Path] = field(identity="content")

    class Text(Config):
        file: Param[Path] = field(identity="value")

    one, other = tmp_path / "one", tmp_path / "other"
    one.write_text("same")
    other.write_text("same")
    assert same(Content(file=one), Content(file=other)) and not same(Text(file=one), Text(file=other))
    before = identity(Content(file=one))
    one.write_text("changed")
    assert identity(Content(file=one)) != before
    folder, copy = tmp_path / "folder", tmp_path / "copy"
    for base in (folder, copy):
        base.mkdir()
        (base / "a").write_text("x")
    assert same(Content(file=folder), Content(file=copy))
    (copy / "b").write_text("")
    assert not same(Content(file=folder), Content(file=copy))


def test_tt_084_an_optional_without_value_does_not_count() -> None:
    assert same(Wide(maybe=None), Wide()) and not same(Wide(maybe=0), Wide())


def test_tt_085_marks_drop_and_force() -> None:
    plain = Pair(one=Leaf(v=1), other=[])
    assert same(plain, Pair(one=Leaf(v=1), other=[setmeta(Leaf(v=9), True)]))
    assert same(Pair(one={"a": 1}, other=0), Pair(one={"a": 1, "b": setmeta(Leaf(v=9), True)}, other=0))
    assert same(Wide(), Wide(leaves=[setmeta(Leaf(v=9), True)]))
    assert same(Wide(), Wide(hidden=Leaf(v=1)))
    forced = Wide(hidden=setmeta(Leaf(v=1), False))
    assert not same(Wide(), forced) and not same(forced, Wide(hidden=setmeta(Leaf(v=2), False)))


def test_tt_086_equal_to_the_default_is_decided_by_meaning() -> None:
    class Narrow(Config):
        __mendel_id__ = "lab.evolving"
        a: Param[int]

    class Extended(Config):
        __mendel_id__ = "lab.evolving"
        a: Param[int]
        nested: Param[Wide] = field(default_factory=lambda: Wide(whole=9), ignore_default=True)

    assert same(Narrow(a=1), Extended(a=1))
    assert same(Narrow(a=1), Extended(a=1, nested=Wide(whole="9", device="gpu")))
    assert not same(Narrow(a=1), Extended(a=1, nested=Wide()))


def test_tt_090_cycles_mean_what_is_seen_from_where_they_are_entered() -> None:
    assert same(samples.ring("a", "b"), samples.ring("a", "b"))
    assert not same(samples.ring("a", "b"), samples.ring("b", "a"))
    assert not same(samples.ring("a"), samples.ring("a", "a"))
    sealed = samples.ring("a", "b").seal()
    later = sealed.next
    # What was computed for one entry is not used for the other.
    identity(sealed)
    assert same(later, samples.ring("b", "a")) and same(sealed, samples.ring("a", "b"))
    assert same(Pair(one=sealed, other=later), Pair(one=samples.ring("a", "b"), other=samples.ring("b", "a")))


def test_tt_091_sharing_shows_only_for_instance_configurations() -> None:
    leaf, single = Leaf(v=1), Single(v=1)
    assert same(Pair(one=leaf, other=leaf), Pair(one=Leaf(v=1), other=Leaf(v=1)))
    once, twice = Pair(one=single, other=single), Pair(one=Single(v=1), other=Single(v=1))
    assert not same(once, twice)
    deep = Pair(one=Loose(x=single), other=Loose(x=single))
    assert not same(deep, Pair(one=Loose(x=Single(v=1)), other=Loose(x=Single(v=1))))
    assert same(twice.seal(), Pair(one=Single(v=1), other=Single(v=1)))

    class Plain(Config):
        __mendel_id__ = "shapes.single"
        v: Param[int]

    assert same(Plain(v=1), single)
    assert same(Pair(one=Plain(v=1), other=3), Pair(one=single, other=3))


def test_tt_077_kept_digests_do_not_outlive_a_mark() -> None:
    leaf = Leaf(v=1)
    one = Pair(one=leaf, other=2).seal()
    before = identity(one)
    setmeta(leaf, True)
    assert identity(one) != before


def test_tt_088_tags_dependencies_and_names_of_keywords_do_not_count() -> None:
    from mendel import tag

    assert same(Leaf(v=tag(1)), Leaf(v=1).tag("k", "x"))
    assert same(Wide(whole=1, text="a"), Wide(text="a", whole=1))


def test_tt_092_tt_093_partial_identities_leave_groups_out() -> None:
    loop, other = param_group("loop"), param_group("other")

    class Fit(Config):
        shared = partial(exclude_groups=[loop])
        kept = partial(exclude_groups=[loop], include_groups=[other])
        nothing = partial(exclude_all=True)
        grouped = partial(exclude_no_group=True)
        steps: Param[int] = field(groups=[loop])
        both: Param[int] = field(groups=[loop, other])
        rate: Param[float]

    def of(name: str, **changes: Any) -> str:
        values = {"steps": 1, "both": 1, "rate": 0.5, **changes}
        return partial_identity(Fit(**values), getattr(Fit, name))

    assert of("shared") == of("shared", steps=2) == of("shared", both=2) != of("shared", rate=1)
    assert of("kept") == of("kept", steps=2) and of("kept") != of("kept", both=2)
    assert of("nothing") == of("nothing", steps=2, rate=3)
    assert of("grouped") == of("grouped", rate=3) != of("grouped", steps=2)


def test_tt_098_every_field_is_explained() -> None:
    rows = {row["path"]: row for row in explain(Wide(leaf=Leaf(v=2), whole=9))}
    assert rows["whole"]["counts"] and rows["leaf.v"]["counts"]
    assert not rows["device"]["counts"] and "Meta" in rows["device"]["why"]
    assert "default" in rows["text"]["why"]


def test_tt_028_members_count_by_name() -> None:
    assert same(Wide(colour=Colour.BLUE), Wide(colour=Colour.AZURE)) and not same(Wide(), Wide(colour="BLUE"))


def test_entangled_configurations_are_refused_and_not_followed_for_ever() -> None:
    class Knot(Config):
        others: Param[List[Knot]] = []

    knots = [Knot() for _ in range(14)]
    for knot in knots:
        knot.others = [other for other in knots if other is not knot]
    with pytest.raises(ValueError, match="too many ways"):
        identity(knots[0])


def test_a_long_chain_is_refused_with_words() -> None:
    chain = None
    for position in range(1_200):
        chain = Node(name=str(position), next=chain)
    with pytest.raises(ValueError, match="deep"):
        identity(chain)


def test_xm_24_any_change_of_a_value_that_counts_gives_another_identity() -> None:
    chance = random.Random(7)
    changes = {"whole": 8, "real": 0.75, "text": "z", "maybe": 5, "items": [9]}
    changes.update(table={"z": 1.0}, bag={9}, span=(9, "z"), either="z", pick="y", leaf=Leaf(v=9), leaves=[Leaf(v=9)])
    for _ in range(200):
        some = samples._some(chance, 1)
        base = identity(Wide(**some))
        for name, changed in changes.items():
            assert identity(Wide(**{**some, name: changed})) != base


def test_tt_033_classes_of_functions_and_instances_have_identities() -> None:
    class Local(InstanceConfig):
        x: Param[int]

    assert same(Local(x=1), Local(x=1)) and "test_identity" in Local(x=1).__mendel__.schema.type_id
    assert identity(Leaf(v=1).instance()) == identity(Leaf(v=1))
