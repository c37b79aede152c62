"""What counts as the code of a stage, where the loaded code is followed."""

from __future__ import annotations

import importlib
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

MODULE = '''
"""Stages."""
import functools
import math
import helpers
from helpers import LIMIT, Tool
from mendel import Stage

WEIGHTS = [1, 2]
TOOL = Tool(3)
LOG = []


@functools.lru_cache(None)
def cached(x):
    return x


class Base(Stage):
    inputs = ["input_id"]

    def more(self, x):
        """Adds."""
        return x + 1


class Work(Base):
    outputs = ["y"]
    table = {"a": (1, 2)}

    def process(self, input_id, pipeline, config, status=None, margin=0.5):
        LOG.append(input_id)  # it grows, and does not count
        return {"y": [self.more(one) * helpers.scale(WEIGHTS[0]) + TOOL.n + cached(2) for one in (input_id,)]}
'''

HELPERS = """
LIMIT = 5
STEP = 2 * LIMIT


def scale(x):
    def inner(y):
        return y * STEP
    return inner(x)


def unused():
    return 1


class Tool:
    def __init__(self, n):
        self.n = n + 1
"""


def fingerprint(folder: Path, module: str, helpers: str) -> str:
    (folder / "work.py").write_text(module)
    (folder / "helpers.py").write_text(helpers)
    code = """
        import work
        from mendel.pipeline.fingerprint import signature
        first = signature(work.Work)
        work.LOG.append(1)
        assert signature(work.Work) == first
        print(first)
    """
    done = subprocess.run(
        [sys.executable, "-B", "-c", textwrap.dedent(code)], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("x + 1", "x + 2"),
        ("margin=0.5", "margin=0.6"),
        ('"a": (1, 2)', '"a": (1, 3)'),
        ("WEIGHTS = [1, 2]", "WEIGHTS = [3, 2]"),
        ("TOOL = Tool(3)", "TOOL = Tool(4)"),
        ("self.n = n + 1", "self.n = n + 2"),
        ("y * STEP", "y + STEP"),
        ("LIMIT = 5", "LIMIT = 6"),
        ("return x\n", "return -x\n"),
    ],
)
def test_rp_19_an_edit_of_anything_it_reaches_changes_it(tmp_path: Path, old: str, new: str) -> None:
    before = fingerprint(tmp_path, MODULE, HELPERS)
    assert (old in MODULE) != (old in HELPERS)
    assert fingerprint(tmp_path, MODULE.replace(old, new), HELPERS.replace(old, new)) != before


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("# it grows, and does not count", "# other words"),
        ('"""Adds."""', '"""Adds one, and says so at length."""'),
        ("class Work(Base):", "\n\n\nclass Work(Base):"),
        ("def unused():\n    return 1", "def unused():\n    return 2"),
    ],
)
def test_rp_19_words_and_blank_lines_and_what_it_does_not_reach_change_nothing(
    tmp_path: Path, old: str, new: str
) -> None:
    before = fingerprint(tmp_path, MODULE, HELPERS)
    assert fingerprint(tmp_path, MODULE.replace(old, new), HELPERS.replace(old, new)) == before


@pytest.mark.parametrize(
    ("old", "new", "edited"),
    [("return x * 2", "return x * 3", True), ("K = 1", "K = 2", True), ("# words", "# other", False), ("", "", False)],
)
def test_a_module_changed_after_it_was_loaded_is_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, old: str, new: str, edited: bool
) -> None:
    from mendel.pipeline.loaded import was_edited

    name = f"loaded_{tmp_path.name}".replace("-", "_")
    file = tmp_path / f"{name}.py"
    text = "K = 1\nLOG = []\n\n\ndef f(x):\n    # words\n    return x * 2\n"
    file.write_text(text)
    monkeypatch.syspath_prepend(str(tmp_path))
    importlib.import_module(name).LOG.append(1)
    file.write_text(text.replace(old, new) if old else text)
    assert was_edited(lambda module: module == name) == edited
    sys.modules.pop(name)
