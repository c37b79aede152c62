"""The parameters of a run, as its script asks for them."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest
from mendel import UsageError, params


def given(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, records: Any) -> None:
    path = tmp_path / "params.json"
    path.write_text(records if isinstance(records, str) else json.dumps(records))
    monkeypatch.setenv("MENDEL_PARAMS", str(path))


def param(name: str, value: Any, kind: str | None = None, section: str = "") -> dict[str, Any]:
    return {"section": section, "name": name, "type": kind, "value": value, "origin": {"from": "default"}}


def test_without_a_run_the_defaults_are_the_values(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MENDEL_PARAMS", raising=False)
    defaults = {"rate": 0.1}

    values = params(defaults)

    assert values == {"rate": 0.1}
    assert values is not defaults
    assert params() == {}


def test_values_of_the_run_win_and_other_defaults_stay(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    given(monkeypatch, tmp_path, [param("rate", 0.5, "float"), param("layers", [64, 32], "list[int]")])

    assert params({"rate": 0.1, "seed": 7}) == {"rate": 0.5, "seed": 7, "layers": [64, 32]}


def test_ct_23_each_type_arrives_as_its_python_value(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    records = [
        param("steps", {"from": 2, "to": 8, "step": 3}, "range"),
        param("optimizer", "adam", "enum"),
        param("limit", "-Infinity", "float"),
        param("weights", [1.0, "NaN"], "list[float]"),
        param("label", "NaN", "str"),
        param("unset", None, "range"),
    ]
    given(monkeypatch, tmp_path, records)

    values = params()

    assert values["steps"] == range(2, 8, 3)
    assert values["optimizer"] == "adam"
    assert values["limit"] == -math.inf
    assert math.isnan(values["weights"][1])
    assert values["label"] == "NaN"
    assert values["unset"] is None


def test_a_name_of_two_groups_is_also_found_by_its_group(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    given(monkeypatch, tmp_path, [param("size", 1, "int", "image"), param("size", 2, "int", "text"), param("k", 3)])

    assert params() == {"image/size": 1, "text/size": 2, "size": 1, "k": 3}


@pytest.mark.parametrize("text", ["{", "{}"])
def test_a_file_that_cannot_be_read_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, text: str) -> None:
    given(monkeypatch, tmp_path, text)

    with pytest.raises(UsageError, match=r"params\.json"):
        params()


def test_params_is_the_function_also_after_its_module_was_loaded() -> None:
    import mendel
    from mendel import run_params

    assert mendel.params is run_params.params
