"""Configurations with names and identities that may never change, and random ones."""

from __future__ import annotations

import math
import random
from pathlib import Path
from typing import Any, Dict, List

from mendel import Config, setmeta
from shapes import Colour, Leaf, Loose, Node, Pair, Single, Wide, ring

_VALUES: Dict[str, Any] = {
    "none": None,
    "true": True,
    "false": False,
    "zero": 0,
    "one": 1,
    "minus one": -1,
    "byte": 255,
    "two bytes": 256,
    "64 bits": 2**64 - 1,
    "65 bits": 2**64,
    "minus 64 bits": -(2**63),
    "googol": 10**100,
    "zero float": 0.0,
    "one float": 1.0,
    "tenth": 0.1,
    "tiny": 5e-324,
    "large": 1.7976931348623157e308,
    "infinite": math.inf,
    "minus infinite": -math.inf,
    "nan": math.nan,
    "empty text": "",
    "text one": "1",
    "letters": "naïve ☃ 𝄞",
    "not normalised": "e\u0301",
    "normalised": "\u00e9",
    "lone surrogate": "\udc80",
    "nul": "\x00",
    "empty list": [],
    "empty tuple": (),
    "empty dict": {},
    "empty set": set(),
    "list": [1, "a", None],
    "tuple": (1, "a", None),
    "nested lists": [[1], [2, [3]]],
    "tag bytes": ["a\x03b", "c"],
    "tag bytes elsewhere": ["a", "b\x03c"],
    "set": {3, 1, 2},
    "set of kinds": {"1", 1.5, 1},
    "dict": {"b": 2, "a": 1},
    "dict of kinds": {1: "one", "1": "text", (1, 2): "tuple"},
    "nested dicts": {"a": {"b": 1}},
    "dicts side by side": {"a": {}, "b": 1},
    "path": Path("data/train.csv"),
    "paths": [Path("/a"), Path("b")],
    "member": Colour.RED,
    "second name": Colour.AZURE,
}


def named() -> Dict[str, Config]:
    """At least sixty configurations by name."""
    leaf, single = Leaf(v=1), Single(v=1)
    found: Dict[str, Config] = {f"loose {name}": Loose(x=value) for name, value in _VALUES.items()}
    found.update(
        {
            "leaf": Leaf(v=1),
            "single": Single(v=1),
            "wide": Wide(),
            "wide full": Wide(
                whole=7,
                real=1,
                flag=True,
                text="other",
                where="/elsewhere",
                device="gpu",
                colour="BLUE",
                maybe=0,
                items=[1, 2],
                table={"a": 1, "b": 2.5},
                bag={1, 2},
                span=(2, "b"),
                either="1",
                pick="y",
                leaf=Leaf(v=2),
                leaves=[Leaf(v=3), Leaf(v=4)],
                hidden=Leaf(v=5),
            ),
            "wide forced": Wide(hidden=setmeta(Leaf(v=5), False)),
            "wide dropped": Wide(leaves=[Leaf(v=1), setmeta(Leaf(v=2), True)]),
            "pair of one": Pair(one=leaf, other=leaf),
            "pair of two": Pair(one=Leaf(v=1), other=Leaf(v=2)),
            "single twice": Pair(one=single, other=single),
            "two singles": Pair(one=Single(v=1), other=Single(v=1)),
            "singles below": Pair(one=Loose(x=Single(v=1)), other=[Single(v=1), Single(v=1)]),
            "self": ring("a"),
            "ring": ring("a", "b", "c"),
            "ring below": Pair(one=ring("a", "b"), other=ring("b", "a")),
            "chain": Node(name="a", next=Node(name="b")),
            "deep": Loose(x=Loose(x=Loose(x=[Leaf(v=1), {"k": Leaf(v=2)}]))),
        }
    )
    return found


def value(chance: random.Random, depth: int) -> Any:
    """A random value; small domains, so that near misses are frequent."""
    kind = chance.randrange(8 if depth == 0 else 13)
    if kind == 0:
        return None
    if kind == 1:
        return chance.random() < 0.5
    if kind == 2:
        return chance.choice([0, 1, -1, 2, 2**64, chance.getrandbits(70)])
    if kind == 3:
        return chance.choice([0.0, 1.0, -1.0, 0.5, math.inf, chance.random()])
    if kind in (4, 5):
        return "".join(chance.choice("ab1\x03\x01") for _ in range(chance.randrange(4)))
    if kind == 6:
        return chance.choice(list(Colour))
    if kind == 7:
        return Path(chance.choice(["a", "a/b", "/a"]))
    if kind == 8:
        return [value(chance, depth - 1) for _ in range(chance.randrange(4))]
    if kind == 9:
        return tuple(value(chance, depth - 1) for _ in range(chance.randrange(4)))
    if kind == 10:
        return {_key(chance): value(chance, depth - 1) for _ in range(chance.randrange(4))}
    if kind == 11:
        return {_key(chance) for _ in range(chance.randrange(4))}
    return configuration(chance, depth - 1)


def _key(chance: random.Random) -> Any:
    return chance.choice(["a", "b", "ab", "", "1", 1, 2, 1.5, (1, "a")])


def configuration(chance: random.Random, depth: int) -> Config:
    """A random configuration."""
    kind = chance.randrange(6)
    if kind == 0:
        return Leaf(v=chance.randrange(-3, 4))
    if kind == 1:
        return Loose(x=value(chance, depth))
    if kind == 2:
        return Pair(one=value(chance, depth), other=value(chance, depth))
    if kind == 3:
        return ring(*(chance.choice("ab") for _ in range(chance.randrange(1, 4))))
    return Wide(**_some(chance, depth))


def _some(chance: random.Random, depth: int) -> Dict[str, Any]:
    values: Dict[str, Any] = {
        "whole": chance.choice([3, 4, "3"]),
        "real": chance.choice([0.5, 1, 1.0]),
        "flag": chance.choice([False, True, "yes"]),
        "text": chance.choice(["plain", "other"]),
        "where": chance.choice(["/nowhere", "/elsewhere"]),
        "device": chance.choice(["cpu", "gpu"]),
        "colour": chance.choice([Colour.RED, "BLUE"]),
        "maybe": chance.choice([None, 0, 1]),
        "items": [chance.randrange(2) for _ in range(chance.randrange(3))],
        "table": dict.fromkeys(chance.sample("abc", chance.randrange(3)), 1.0),
        "bag": set(chance.sample(range(4), chance.randrange(3))),
        "span": (chance.randrange(2), chance.choice("ab")),
        "either": chance.choice([1, "1", 2]),
        "leaf": chance.choice([None, Leaf(v=1), Leaf(v=2)]),
        "leaves": _leaves(chance),
    }
    chosen = chance.sample(list(values), chance.randrange(len(values) + 1))
    return {name: values[name] for name in chosen}


def _leaves(chance: random.Random) -> List[Leaf]:
    leaves = [Leaf(v=chance.randrange(2)) for _ in range(chance.randrange(3))]
    return [setmeta(leaf, True) if chance.random() < 0.2 else leaf for leaf in leaves]
