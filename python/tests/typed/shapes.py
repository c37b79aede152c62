"""Classes that the tests of typed tasks share."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import Any, Dict, List, Optional, Set, Tuple, Union

from mendel import Annotated, Choices, Config, Constant, InstanceConfig, Meta, Param, field


class Colour(Enum):
    """Members by name; the second name of a value is the same member."""

    RED = 1
    BLUE = 2
    AZURE = 2  # noqa: PIE796 - a second name is what is tested


class Leaf(Config):
    """One number."""

    __mendel_id__ = "shapes.leaf"
    v: Param[int]


class Single(InstanceConfig):
    """One number, of which it counts who holds it."""

    __mendel_id__ = "shapes.single"
    v: Param[int]


class Loose(Config):
    """Anything."""

    __mendel_id__ = "shapes.loose"
    x: Param[Any]


class Pair(Config):
    """Two of anything."""

    __mendel_id__ = "shapes.pair"
    one: Param[Any]
    other: Param[Any]


class Node(Config):
    """A list that may bite its tail."""

    __mendel_id__ = "shapes.node"
    name: Param[str]
    next: Param[Optional[Node]]


class Wide(Config):
    """A field of each kind."""

    __mendel_id__ = "shapes.wide"
    whole: Param[int] = 3
    real: Param[float] = field(default=0.5)
    flag: Param[bool] = field(default=False, ignore_default=True)
    text: Param[str] = "plain"
    where: Param[Path] = Path("/nowhere")
    device: Meta[str] = "cpu"
    colour: Param[Colour] = Colour.RED
    maybe: Param[Optional[int]]
    items: Param[List[int]] = []
    table: Param[Dict[str, float]] = {}
    bag: Param[Set[int]] = field(default_factory=set, ignore_default=True)
    span: Param[Tuple[int, str]] = (1, "a")
    either: Param[Union[int, str]] = 1
    pick: Annotated[str, Choices(["x", "y"])] = "x"
    leaf: Param[Optional[Leaf]]
    leaves: Param[List[Leaf]] = []
    hidden: Meta[Optional[Leaf]]
    version: Constant[str] = "1"


def ring(*names: str) -> Node:
    """Nodes that follow each other in a circle."""
    nodes = [Node(name=name) for name in names]
    for position, node in enumerate(nodes):
        node.next = nodes[(position + 1) % len(nodes)]
    return nodes[0]
