"""Hyperparameters, and the formats in which values of fields are stored."""

from __future__ import annotations

import datetime
import json
import math
import os
import subprocess
from pathlib import Path
from typing import Any

import numpy
import pandas
import pytest
import yaml
from mendel.pipeline import Config, decode_input_ids, register_format
from mendel.pipeline.formats import Encoded, UnstorableValue, decode, encode
from mendel.pipeline.plain import restored
from PIL import Image


def back(value: Any, folder: Path, allow_pickle: bool = False) -> tuple[str, Any]:
    encoded: Encoded = encode(value, "field `x`", allow_pickle)

    def file(name: str | None) -> Path:
        path = folder / (name or "content")
        path.write_bytes(encoded.whole())
        return path

    return encoded.format, decode(encoded.format, lambda: encoded.whole(), file, len(encoded.whole()))


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        12,
        1.5,
        math.inf,
        "text \ud800 and\nlines",
        b"\x00\xff",
        [1, (2, "three"), {"a": {"b": [None]}}],
        {1: "int key", (1, 2): "tuple key", "$float": "a key like a mark"},
        {"day": datetime.date(2001, 2, 3), "moment": datetime.datetime(2001, 2, 3, 4, tzinfo=datetime.timezone.utc)},
        {"set": {1, 2}, "frozen": frozenset("ab"), "complex": 1 + 2j},
    ],
)
def test_plain_values_come_back_as_they_were(value: Any, tmp_path: Path) -> None:
    _, again = back(value, tmp_path)
    assert again == value and type(again) is type(value)


def test_nan_and_arrays_within_mappings_come_back(tmp_path: Path) -> None:
    _, again = back({"nan": math.nan, "list": [numpy.arange(3), numpy.float32(1.5)]}, tmp_path)
    assert math.isnan(again["nan"])
    assert again["list"][0].tolist() == [0, 1, 2] and again["list"][0].dtype == numpy.arange(3).dtype
    assert again["list"][1] == 1.5 and type(again["list"][1]) is numpy.float32


@pytest.mark.parametrize("dtype", ["uint8", "float64", "complex64", "bool", "<M8[ns]", "U5"])
def test_arrays_keep_kind_shape_and_order(dtype: str, tmp_path: Path) -> None:
    array = numpy.asfortranarray(numpy.arange(6).reshape(2, 3).astype(dtype))
    kind, again = back(array, tmp_path)
    assert kind == "npy" and again.dtype == array.dtype and again.flags.f_contiguous
    numpy.testing.assert_array_equal(again, array)
    kind, scalar = back(array[1, 2], tmp_path)
    assert kind == "scalar" and scalar == array[1, 2] and type(scalar) is type(array[1, 2])


def test_a_large_array_is_mapped_and_may_be_changed_without_changing_the_file(tmp_path: Path) -> None:
    array = numpy.arange(1 << 18, dtype="float64")
    _, again = back(array, tmp_path)
    assert isinstance(again.base, numpy.memmap)
    again[0] = 77
    assert numpy.load(tmp_path / "content")[0] == 0


def test_frames_images_files_and_folders_come_back(tmp_path: Path) -> None:
    frame = pandas.DataFrame({"a": [1, 2], "b": ["x", "y"], "c": [0.1, math.nan]})
    kind, again = back(frame, tmp_path)
    assert kind.partition(";")[0] in ("frame", "parquet")
    pandas.testing.assert_frame_equal(again, frame)
    picture = Image.new("RGB", (3, 2), (1, 2, 3))
    assert back(picture, tmp_path)[1].tobytes() == picture.tobytes()
    source = tmp_path / "source"
    (source / "inner").mkdir(parents=True)
    (source / "inner" / "one.txt").write_text("one")
    kept = tmp_path / "kept"
    kept.mkdir()
    _, folder = back(source, kept)
    assert (folder / "inner" / "one.txt").read_text() == "one"
    _, file = back(source / "inner" / "one.txt", kept)
    assert file.name == "one.txt" and file.read_text() == "one"


class Odd:
    def __init__(self, number: int) -> None:
        self.number = number


class Registered(Odd):
    pass


def test_a_value_without_format_names_its_type_and_the_way_out(tmp_path: Path) -> None:
    with pytest.raises(UnstorableValue, match=r"field `x`.*Odd` has no format.*register_format\(Odd, write, read\)"):
        back(Odd(1), tmp_path)
    with pytest.raises(UnstorableValue, match="has no format"):
        back(numpy.array([Odd(1)], dtype=object), tmp_path)
    kind, again = back(Odd(3), tmp_path, allow_pickle=True)
    assert kind == "pickle" and again.number == 3
    register_format(Registered, lambda one: str(one.number).encode(), lambda data: Registered(int(data)))
    kind, again = back(Registered(5), tmp_path)
    assert kind.startswith("custom:") and type(again) is Registered and again.number == 5


def test_a_frame_that_csv_would_change_is_not_stored_as_csv(tmp_path: Path) -> None:
    frame = pandas.DataFrame({"a": [["a", "list"], {"b": 1}]})
    with pytest.raises(UnstorableValue):
        back(frame, tmp_path)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (5, [5]),
        ("1,2-4", [1, 2, 3, 4]),
        ("1, 2 ,2,", [1, 2]),
        ("", []),
        ("01", [1]),
        ("a-b, img-1", ["a-b", "img-1"]),
        ([3, 1, 1], [1, 3]),
        (["b", "a"], ["a", "b"]),
        (["1-3"], ["1-3"]),
    ],
)
def test_input_ids_are_read_as_written(written: Any, expected: list[Any]) -> None:
    assert decode_input_ids(written) == expected


@pytest.mark.parametrize("token", ["4-2", "3-3", "3-", "-3"])
def test_a_range_that_does_not_rise_is_named(token: str) -> None:
    with pytest.raises(ValueError, match=f"`{token}`"):
        decode_input_ids(f"1,{token}")


def test_a_mix_of_ids_is_ordered_and_warned_of() -> None:
    with pytest.warns(UserWarning, match="mix numbers and names"):
        assert decode_input_ids(["b", 10, 9, "a"]) == [9, 10, "a", "b"]


def test_hyperparameters_are_reached_by_paths_and_record_defaults() -> None:
    config = Config({"a": {"p": 1}})
    assert config.get("a/q/r", [1]) == [1] and config.entries == {"a": {"p": 1, "q": {"r": [1]}}}
    assert "a/q" in config and "a/p/x" not in config and "b" not in config
    with pytest.raises(KeyError):
        config["a/none"]
    assert config.pop("b/c", 3) == 3 and "b" not in config
    config["a"]["s"] = 2
    assert config["a/s"] == 2 and config.update("a/s", lambda value: value + 1) == 3
    assert config.set_default("a/n", None) is None and config.set_default("a/n", 4, override_none=True) == 4
    copied = config.copy()
    copied["a/p"] = 9
    assert config["a/p"] == 1 and config != copied
    assert Config({"x": 1, "y": 2}) == Config({"y": 2, "x": 1})
    assert Config({"x": 1}) != Config({"x": 1.0}) and Config({"x": math.nan}) == Config({"x": math.nan})


def test_hyperparameters_written_as_yaml_are_read_back_by_a_yaml_reader() -> None:
    entries = {
        "a": {"p": 1, "e": 1e-30, "big": 1e30, "flag": True, "none": None, "inner": {"x": [1, "two", {"k": 0.5}]}},
        "yes": "no",
        "empty": {},
        "quote": "it's",
        "lines": "a\nb",
        "1e-3": "1e-3",
        "nan": [math.inf],
        "huge": 10**40,
        "day": datetime.date(2001, 2, 3),
        "moments": [datetime.datetime(2001, 2, 3, 4, 5, 6, 7, tzinfo=datetime.timezone(datetime.timedelta(hours=-5)))],
        1: {2.5: b"bytes", None: True, "1": "one"},
    }
    assert yaml.safe_load(Config(entries).yaml) == entries


SCALARS = """
    0 -0 +12 012 0o14 0x1F 0b101 1_000 190:20:30 -1:30 99999999999999999999 -99999999999999999999 0x10000000000000000
    1. .5 1.5e+3 1e3 1.0e-3 -.5 +.inf -.INF .NaN 190:20:30.15 6.8523015e+5 685_230.15
    yes No on OFF true y n ~ null Null
    2001-02-03 2001-2-3 2001-12-14t21:59:43.10-05:00 2001-12-15T02:59:43.1Z 2001-12-14T1:59:43 2001-01-01T00:00:00+5
    1:2:3 1:99 08 a.b 1-2 NaN <<x
"""


def test_task_files_mean_what_pyyaml_says(tmp_path: Path) -> None:
    words = SCALARS.split()
    lines = ["pipeline: [stages.Nothing]", "config:", "  values:"]
    lines += [f"    k{place}: {word}" for place, word in enumerate(words)]
    lines += ["    spaced: 2001-12-14 21:59:43.1234567 -5", "    quoted: ['!!int 5', \"2001-02-03\", '12', 'NaN']"]
    keys = {yaml.safe_load(word): word for word in words if word != "<<x"}
    lines += ["    keys:", *(f"      {word}: {place}" for place, word in enumerate(keys.values()))]
    text = "\n".join(lines) + "\n"
    (tmp_path / "task.yml").write_text(text, encoding="utf-8")
    (tmp_path / "stages.py").write_text("from mendel import Stage\n\n\nclass Nothing(Stage):\n    pass\n")

    shown = subprocess.run(
        [os.environ.get("MENDEL", "mendel"), "--json", "show", "."],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )

    assert shown.returncode == 0, shown.stderr
    assert kinds(restored(json.loads(shown.stdout)["config"])) == kinds(yaml.safe_load(text)["config"])


def kinds(value: Any) -> Any:
    """What tells kinds apart, and takes NaN for itself; the order of keys does not count."""
    if isinstance(value, dict):
        return sorted((repr(key), kinds(item)) for key, item in value.items())
    return [kinds(item) for item in value] if isinstance(value, list) else repr(value)
