"""What is computed again after a change, and what is not."""

from __future__ import annotations

import textwrap
import time
from pathlib import Path
from typing import Any

import pytest
from ground import STAGES, Ground
from mendel import _native
from mendel.pipeline.place import workspace_of

ALL = {"load": 2, "smooth": 2, "cut": 2, "measure": 2}


@pytest.mark.filterwarnings("ignore:input ids mix")
def test_rp_15_a_second_run_computes_nothing(ground: Ground) -> None:
    assert ground.run([1, "22"]) == ALL
    assert ground.run([1, "22"]) == {}
    data = ground.load([1, "22"])
    assert {name: chunk["area"] for name, chunk in data.items()} == {1: 4, "22": 6}
    assert sorted(data[1]) == ["area", "input_id", "mask", "raw"]
    assert data[1]["raw"].tolist() == [1, 2, 3, 4]


def test_a_sibling_a_renamed_task_and_equal_inputs_share_results(ground: Ground) -> None:
    ground.run([1, 22])
    assert ground.run([1, 22], task="sibling") == {}
    changed = ground.run([1, 22], task="other", config={"cut": {"threshold": 2}})
    assert changed == {"cut": 2, "measure": 2}


def test_the_first_changed_stage_and_what_follows_run(ground: Ground) -> None:
    ground.run([1, 22])
    assert ground.run([1, 22], config={"measure": {"x": 1}}) == {"measure": 2}
    assert ground.run([1, 22], config={"smooth": {"sigma": 2}}) == {"smooth": 2, "cut": 2, "measure": 2}
    assert ground.run([1, 22]) == {}


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("value * 2", "value * 3", {"measure": 1}),
        ('config.get("sigma", 1)', 'config.get("sigma", 2)', {"smooth": 1, "cut": 1, "measure": 1}),
        ("class Cut(Stage):", "class Cut(Stage):\n    # nothing changes here\n    ", {}),
        ("def scale(value):", 'def scale(value):\n    """Said for people only."""', {}),
        ("class Cut(Stage):", "class Cut(Stage):\n    signature_bump = 2\n", {"cut": 1}),
        ("def scale(value):", "def unrelated(value):\n    return 0\n\n\ndef scale(value):", {}),
    ],
)
def test_rp_19_an_edit_reruns_the_stages_that_it_reaches(
    ground: Ground, old: str, new: str, expected: dict[str, int]
) -> None:
    ground.run([1])
    ground.edit(old, new)
    # A bump changes the code of the cut, and its mask stays: what follows is not run.
    assert ground.run([1]) == expected
    assert ground.run([1]) == {}
    ground.edit(new, old)
    assert ground.run([1]) == {}


def test_early_cutoff_stops_where_the_bytes_are_equal_unless_told_otherwise(ground: Ground) -> None:
    ground.run([1])
    assert ground.run([1], config={"smooth": {"sigma": 1}}) == {"smooth": 1}
    whole = ground.run([1], config={"smooth": {"sigma": 1, "y": 0}}, cutoff=False)
    assert whole == {"smooth": 1, "cut": 1, "measure": 1}


def test_ids_come_and_go(ground: Ground) -> None:
    ground.run([1, 2])
    assert ground.run([1, 2, 3]) == {"load": 1, "smooth": 1, "cut": 1, "measure": 1}
    assert ground.run([2]) == {}
    assert list(ground.load([2])) == [2]
    with pytest.raises(ValueError, match=r"missing \['1'\]"):
        ground.load([1, 2])
    assert ground.run([1, 2, 3, 4], task="kid", config={"measure": {"z": 1}})["measure"] == 4
    assert ground.counted()["load"] == 1


def test_an_id_that_is_a_number_is_not_the_same_text(ground: Ground) -> None:
    assert ground.run([1]) == {"load": 1, "smooth": 1, "cut": 1, "measure": 1}
    assert ground.run(["1"])["load"] == 1


def test_rp_34_a_marginal_field_is_not_stored_and_made_again_when_needed(ground: Ground) -> None:
    ground.run([1], marginal=["load"])
    assert sorted(ground.load([1])[1]) == ["area", "input_id", "mask"]
    assert ground.run([1], marginal=["stages.Load"]) == {}
    changed = ground.run([1], marginal=["load"], config={"smooth": {"sigma": 3}})
    assert changed == {"load": 1, "smooth": 1, "cut": 1, "measure": 1}
    assert ground.run([1], marginal=["load"], config={"measure": {"x": 1}}) == {"measure": 1}
    # A task that keeps the field needs its value, and makes what lies under it only.
    assert ground.run([1], task="keeps") == {"load": 1}
    assert ground.load([1], "keeps")[1]["raw"].tolist() == [1, 2, 3, 4]
    assert ground.run([1], task="keeps too", marginal=["load"], keep_marginals=True) == {}


def test_a_consumed_value_serves_a_later_change(ground: Ground) -> None:
    ground.run([1])
    assert ground.run([1], config={"cut": {"threshold": 1}}) == {"cut": 1, "measure": 1}


def test_a_stage_comes_and_goes(ground: Ground) -> None:
    ground.stages = PIPELINE_SHORT = ["Load", "Smooth", "Cut"]
    ground.run([1])
    ground.stages = [*PIPELINE_SHORT, "Measure"]
    assert ground.run([1]) == {"measure": 1}
    ground.stages = PIPELINE_SHORT
    assert ground.run([1]) == {}
    assert sorted(ground.load([1])[1]) == ["input_id", "mask", "raw"]


def test_a_disabled_stage_leaves_its_fields_absent(ground: Ground) -> None:
    off = {"measure": {"enabled": False}}
    assert ground.run([1], config=off) == {"load": 1, "smooth": 1, "cut": 1}
    assert sorted(ground.load([1])[1]) == ["input_id", "mask", "raw"]
    assert ground.run([1], config=off) == {}
    assert ground.run([1], config={"cut": {"enabled": False}}, expect=1) == {}
    assert "stage `measure` needs `mask`, but stage `cut` is disabled by `cut/enabled`" in ground.err


def test_hyperparameters_are_compared_by_value(ground: Ground) -> None:
    ground.run([1], config={"measure": {"list": [1, 2], "b": 1, "a": 2}})
    assert ground.run([1], config={"measure": {"a": 2, "b": 1, "list": [1, 2]}}) == {}
    assert ground.run([1], config={"measure": {"a": 2.0, "b": 1, "list": [1, 2]}}) == {"measure": 1}


def test_force_and_no_pickup_compute_everything(ground: Ground) -> None:
    ground.run([1])
    assert ground.run([1], force=True) == {"load": 1, "smooth": 1, "cut": 1, "measure": 1}
    assert ground.run([1], pickup=False) == {"load": 1, "smooth": 1, "cut": 1, "measure": 1}


def test_the_policy_says_what_a_changed_environment_does(ground: Ground) -> None:
    first, second = (_native.digest(name) for name in (b"numpy 1", b"numpy 2"))
    ground.run([1], environment={"digest": first, "policy": "strict"})
    assert ground.run([1], environment={"digest": second, "policy": "warn"}) == {}
    assert ground.run([1], environment={"digest": second, "policy": "strict"})["load"] == 1


def test_a_damaged_value_is_computed_again_and_said(ground: Ground) -> None:
    ground.run([1])
    raw = ground.load([1])[1].cells["raw"].digest
    blobs = Path(workspace_of(ground.project)) / "blobs"
    (blob,) = [path for path in blobs.rglob("*") if path.is_file() and raw in "".join(path.relative_to(blobs).parts)]
    blob.chmod(0o600)
    blob.write_bytes(blob.read_bytes()[:-1] + b"?")
    assert ground.run([1], config={"smooth": {"sigma": 9}}) == {"load": 1, "smooth": 1, "cut": 1, "measure": 1}
    assert "stage `load`, input 1: stored value `raw`" in ground.err and "it is computed again" in ground.err
    assert ground.load([1])[1]["raw"].tolist() == [1, 2, 3, 4]


def test_a_file_that_was_read_counts_by_content(ground: Ground) -> None:
    table = ground.project / "table.txt"
    table.write_text("1")
    ground.edit('+ config.get("sigma", 1)', f"+ int(open({str(table)!r}).read())")
    assert ground.run([1])["smooth"] == 1
    assert ground.run([1]) == {}
    table.write_text("2")
    assert ground.run([1]) == {"smooth": 1, "cut": 1, "measure": 1}
    table.write_text("1")
    assert ground.run([1]) == {}


def test_an_input_changed_in_place_is_what_later_stages_see(ground: Ground) -> None:
    ground.edit('return {"smooth": raw +', 'raw += 100\n        return {"smooth": raw +')
    assert ground.run([1])["smooth"] == 1
    assert ground.load([1])[1]["raw"].tolist() == [101, 102, 103, 104]
    assert ground.run([1]) == {}
    assert ground.load([1])[1]["raw"].tolist() == [101, 102, 103, 104]


SCOPED = """
    from stages import count
    from mendel import Stage

    class Write(Stage):
        inputs = ["area", "input_id"]

        def process(self, area, input_id, pipeline, config, status=None):
            count("write", input_id)
            path = pipeline.resolve("out", input_id)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(str(area))
            return {}
"""


def test_a_scope_file_follows_its_result_to_another_task(ground: Ground) -> None:
    ground.stages = [*ground.stages]
    (ground.project / "scoped.py").write_text("\n".join(line[4:] for line in SCOPED.splitlines()))

    def run(task: str, folder: str) -> dict[str, int]:
        pipeline = {"stages": [*(f"stages.{name}" for name in ground.stages), "scoped.Write"]}
        return ground.run(
            [1], task=task, scopes={"out": str(ground.project / task / folder / "%s.txt")}, pipeline=pipeline
        )

    assert run("main", "seg")["write"] == 1
    assert (ground.project / "main/seg/1.txt").read_text() == "4"
    assert run("sibling", "seg") == {}
    assert (ground.project / "sibling/seg/1.txt").read_text() == "4"
    (ground.project / "main/seg/1.txt").unlink()
    assert run("main", "moved") == {}
    assert (ground.project / "main/moved/1.txt").read_text() == "4"


def test_rp_20_rp_21_the_record_of_a_completion_names_all_that_made_it(ground: Ground) -> None:
    from mendel.pipeline import Task

    ground.run([1, "22"], config={"cut": {"threshold": 2}})
    completion = Task(ground.project / "main", {"runnable": True}).completion
    assert completion is not None and completion.note is not None
    note: dict[str, Any] = completion.note
    assert [entry["id"] for entry in note["pipeline"]] == ["load", "smooth", "cut", "measure"]
    assert note["pipeline"][2]["config"] == {"threshold": 2}
    assert note["spec_digest"] and all(entry["code"] for entry in note["pipeline"])
    assert set(note["steps"]) == {"1", '"22"'} and set(note["times"]["load"]) == {"1", '"22"'}
    assert note["configs"]["1"]["smooth"] == {"enabled": True, "sigma": 1}
    assert note["full_spec"]["config"] == {"cut": {"threshold": 2}}


def test_numbers_that_json_has_not_reach_the_stage_as_numbers(ground: Ground) -> None:
    ground.edit('config.get("sigma", 1)', 'float(type(config["sigma"]) is float and config["sigma"] > 1e308)')
    assert ground.run([1], config={"smooth": {"sigma": "!!float .inf"}})["smooth"] == 1
    assert ground.load([1])[1]["raw"].tolist() == [1, 2, 3, 4]
    assert ground.load([1])[1]["mask"].tolist() == [False, False, True, True]
    assert ground.run([1], config={"smooth": {"sigma": "!!float .inf"}}) == {}


def test_rp_27_change_one_stage_and_wait_only_for_that_stage(ground: Ground) -> None:
    report = """
        class Report(Stage):
            inputs = ["area", "input_id"]
            outputs = ["report"]

            def process(self, area, input_id, pipeline, config, status=None):
                count("report", input_id)
                return {"report": f"{input_id}: {area > 3}"}
        """
    ground.write(textwrap.dedent(STAGES) + textwrap.dedent(report))
    ground.stages = [*ground.stages, "Report"]
    names = ["load", "smooth", "cut", "measure", "report"]
    assert ground.run([1]) == dict.fromkeys(names, 1)
    ground.edit("def scale(value):", "def scale(value):  # twice")
    assert ground.run([1]) == {}
    ground.edit("value * 2", "value * 3")
    assert ground.run([1]) == {"measure": 1, "report": 1}
    assert ground.run([1, 22]) == dict.fromkeys(names, 1)
    assert all(line.endswith(" 22") for line in ground.lines())
    # Another area, and the same report of it: whoever reads the report would not run.
    ground.edit("value * 3", "value * 4")
    assert ground.run([1, 22]) == {"measure": 2, "report": 2}
    assert ground.load([1, 22])[1]["report"] == "1: True"


def test_p07_code_edited_while_it_runs_answers_no_later_request(ground: Ground) -> None:
    late = ground.project / "late.py"
    late.write_text("VALUE = 1\n")
    ground.edit(
        'return {"raw": numpy.arange(4)', 'from late import VALUE\n        return {"raw": VALUE + numpy.arange(4)'
    )
    planned = int(time.time() * 1000) - 1
    code = ground.code()
    time.sleep(0.01)
    late.write_text("VALUE = 20\n")
    assert ground.run([1], code=code, planned=planned)["load"] == 1
    late.write_text("VALUE = 1\n")
    assert ground.run([1], code=code)["load"] == 1


def test_p07_source_read_as_data_and_files_opened_for_update_count(ground: Ground) -> None:
    (ground.project / "rules.py").write_text("1")
    (ground.project / "table.bin").write_bytes(b"1")
    ground.edit(
        'return {"raw": numpy.arange(4)',
        "at = os.path.dirname(__file__)\n"
        "        extra = int(open(at + '/rules.py').read()) + int(open(at + '/table.bin', 'r+b').read())\n"
        '        return {"raw": extra + numpy.arange(4)',
    )
    assert ground.run([1]) != {} and ground.run([1]) == {}
    (ground.project / "rules.py").write_text("2")
    assert ground.run([1])["load"] == 1
    (ground.project / "table.bin").write_bytes(b"2")
    assert ground.run([1])["load"] == 1
