"""Parts that need no store: texts, hooks on imports, ends of scripts, doctests."""

from __future__ import annotations

import doctest
import importlib
import math
import pkgutil
import sys
from pathlib import Path
from typing import Any

import mendel
import pytest
from mendel import Task, hocon
from mendel.capture import imports
from mendel.capture.console import _Tap


def _modules() -> list[str]:
    found = pkgutil.walk_packages(mendel.__path__, "mendel.")
    return [module.name for module in found if not module.name.endswith("_native")]


@pytest.mark.parametrize("name", _modules())
def test_examples_of_the_documentation_work(name: str) -> None:
    assert doctest.testmod(importlib.import_module(name)).failed == 0


def test_every_public_name_is_there() -> None:
    for name in mendel.__all__:
        assert getattr(mendel, name) is not None
    with pytest.raises(AttributeError, match="has no `StorageManager`"):
        mendel.StorageManager  # noqa: B018


def test_a_derived_class_is_free_to_name_its_fields() -> None:
    class Fit(Task):
        name: str = "mine"
        data: int = 3
        tags: tuple[str, ...] = ()

    assert (Fit().name, Fit().data, Fit().tags) == ("mine", 3, ())
    with pytest.raises(TypeError, match="Task.init"):
        Task()


@pytest.mark.parametrize(
    "mapping",
    [
        {},
        {"a": 1, "b": {"c": [1, {"d": None}], "e": {}}, "f": "x"},
        {"with space": 1, "1": 2, "": 3, "true": 4, "a.b": 5, "ü": "ö"},
        {"text": 'quote " and \\ and\nline', "url": "http://a//b", "words": "true", "number": "12"},
        {"small": 1e-300, "large": 10**30, "negative": -0.5, "yes": True},
    ],
)
def test_hocon_reads_back_what_it_wrote(mapping: dict[str, Any]) -> None:
    assert hocon.loads(hocon.dumps(mapping)) == mapping


def test_hocon_reads_what_people_write() -> None:
    text = """
    {
      // a comment
      net { layers: [8, 4], name = 'mlp' }
      net.depth = 2   # another
      path: /data/set one
      "quoted.key" = 1, flag = true
      long = \"\"\"two
lines\"\"\"
    }
    """
    assert hocon.loads(text) == {
        "net": {"layers": [8, 4], "name": "mlp", "depth": 2},
        "path": "/data/set one",
        "quoted.key": 1,
        "flag": True,
        "long": "two\nlines",
    }
    assert hocon.loads('{"json": [1, 2]}') == {"json": [1, 2]}
    assert math.isinf(hocon.loads("x = Infinity")["x"])


@pytest.mark.parametrize("text", ["a", "a = ", "a = [1, 2", 'a = "open', "{ a = 1", "= 3", "a = 1 }"])
def test_hocon_says_the_line_of_what_it_cannot_read(text: str) -> None:
    with pytest.raises(ValueError, match=r"at line 2"):
        hocon.loads("\n" + text)


def test_a_hook_runs_once_when_the_module_comes_and_at_once_when_it_is_there(tmp_path: Path, monkeypatch: Any) -> None:
    (tmp_path / "late_module.py").write_text("value = 1\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    seen: list[Any] = []
    imports.when_imported("late_module", lambda module: seen.append(module.value))
    imports.when_imported("late_module", lambda module: 1 / 0)
    assert seen == []

    import late_module  # type: ignore[import-not-found]

    assert seen == [1]
    imports.when_imported("late_module", lambda module: seen.append(2))
    assert seen == [1, 2]
    importlib.reload(late_module)
    assert seen == [1, 2]
    assert late_module.__loader__.get_source("late_module") == "value = 1\n"


def test_a_missing_module_stays_missing() -> None:
    imports.when_imported("no_such_module_anywhere", lambda module: None)

    with pytest.raises(ModuleNotFoundError):
        importlib.import_module("no_such_module_anywhere")
    imports._waiting.pop("no_such_module_anywhere")


class _Stream:
    def __init__(self) -> None:
        self.text = ""

    def write(self, text: str) -> int:
        self.text += text
        return len(text)


def test_a_tap_hears_lines_and_leaves_the_stream_as_it_was() -> None:
    stream, heard = _Stream(), []
    tap = _Tap(stream, "out", lambda name, text: heard.append((name, text)))

    tap.begin()
    assert stream.write("a\nb") == 3
    stream.write("c\n1%\r2%\n\n")
    stream.write("x" * 40_000)
    tap.end()
    stream.write("later")

    assert heard[:2] == [("out", "a"), ("out", "bc\n2%\n")]
    assert sum(len(text) for _, text in heard[2:]) == 40_000
    assert stream.text.endswith("xlater")
    assert "write" not in vars(stream)


def test_a_stream_that_breaks_our_report_still_writes() -> None:
    stream = _Stream()
    tap = _Tap(stream, "out", lambda name, text: 1 / 0)  # type: ignore[arg-type, return-value]

    tap.begin()
    stream.write("a\n")
    tap._original and tap.end()

    assert stream.text == "a\n"


def test_python_is_supported_from_3_9_on() -> None:
    assert sys.version_info >= (3, 9)
