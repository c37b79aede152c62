"""What a task inherits, resolves and remembers."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from mendel.pipeline import Batch, Config, Task
from mendel.pipeline.load import load_from_module

BASE = {"a": {"p": 100, "n": {"u": 100, "w": 3}}, "b": {"q": 7}}


def test_hyperparameters_merge_parent_then_base_file_then_own(tmp_path: Path) -> None:
    (tmp_path / "x").mkdir()
    (tmp_path / "base.yml").write_text(json.dumps(BASE))
    (tmp_path / "x" / "base.yml").write_text(json.dumps({"a": {"p": 55, "n": {"v": 5, "u": 9}}}))
    own = {"a": {"p": 1, "n": {"u": 1, "v": 2}}}
    root = Task(tmp_path, {"config": own, "base_config_path": "base.yml"})
    child = Task(tmp_path / "x", {"config": {"a": {"n": {"v": 20}}}, "base_config_path": "base.yml"}, root)
    assert root.create_config().entries == {"a": {"p": 1, "n": {"u": 1, "w": 3, "v": 2}}, "b": {"q": 7}}
    assert child.create_config().entries == {"a": {"p": 55, "n": {"u": 9, "w": 3, "v": 20}}, "b": {"q": 7}}
    changed = child.create_config()
    changed["a/p"] = 0
    assert own == {"a": {"p": 1, "n": {"u": 1, "v": 2}}} and child.full_spec["config"]["a"]["p"] == 1


def test_lists_replace_and_mappings_merge(tmp_path: Path) -> None:
    root = Task(
        tmp_path, {"runnable": True, "input_ids": [1, 2], "scopes": {"seg": "seg/%s.png", "in": "{ROOTDIR}/%s"}}
    )
    child = Task(tmp_path / "kid", {"input_ids": [3], "scopes": {"out": "{DIRNAME}-%s"}}, root)
    assert child.full_spec["input_ids"] == [3] and child.runnable and list(child.parents) == [root]
    assert child.resolve_path("seg/%s.png") == tmp_path.resolve() / "kid" / "seg" / "%s.png"
    assert child.resolve_path("{ROOTDIR}/{DIRNAME}.txt") == tmp_path.resolve() / "kid.txt"
    assert child.resolve_path(None) is None
    assert child.resolve_path("~/x") == (Path("~").expanduser() / "x").resolve()


def test_a_gap_breaks_the_chain_and_hidden_folders_are_left_out(tmp_path: Path) -> None:
    for folder in ("", "a", "a/gap/b", ".hidden"):
        (tmp_path / folder).mkdir(parents=True, exist_ok=True)
        (tmp_path / folder / "task.yml").write_text("{}" if folder else "")
    batch = Batch()
    batch.load(tmp_path)
    tasks = {task.path.relative_to(tmp_path).as_posix(): task for task in batch.tasks.values()}
    assert sorted(tasks) == [".", "a", "a/gap/b"]
    assert tasks["a"].parent is tasks["."] and tasks["a/gap/b"].parent is None
    inner = Batch()
    inner.load(tmp_path / "a")
    task = inner.task(tmp_path / "a")
    assert task is not None and task.parent is not None and task.parent.path == tmp_path


def test_a_task_digest_does_not_depend_on_the_order_of_keys_but_on_kinds_of_numbers(tmp_path: Path) -> None:
    def digest(config: object) -> str:
        return Task(tmp_path, {"runnable": True}).compute_sha(Config({"a": config}))

    assert digest({"x": 1, "y": [1, 2]}) == digest({"y": (1, 2), "x": 1})
    assert digest({"x": 1}) != digest({"x": 1.0})
    assert digest({"x": float("nan")}) == digest({"x": float("nan")})
    labelled = Task(tmp_path, {"runnable": True, "name": "a label", "description": "words"})
    assert labelled.compute_sha(Config()) == Task(tmp_path, {"runnable": True}).compute_sha(Config())
    assert Task(tmp_path, {"runnable": True, "mark": 1}).compute_sha(Config()) != labelled.compute_sha(Config())


def test_a_syntax_error_names_file_line_and_column(tmp_path: Path) -> None:
    (tmp_path / "task.yml").write_text("runnable: true\nconfig: [1,\n")
    with pytest.raises(ValueError, match=r"task\.yml:3:1"):
        Batch().load(tmp_path)
    (tmp_path / "task.yml").write_text("- a\n")
    with pytest.raises(ValueError, match=r"task\.yml:1: a mapping is expected, and a list was found"):
        Batch().load(tmp_path)


def test_a_path_that_cannot_be_loaded_says_which_part_and_what_is_close() -> None:
    with pytest.raises(AttributeError, match="has no `Pipelin`, did you mean `Pipeline`"):
        load_from_module("mendel.pipeline.pipeline.Pipelin")
    with pytest.raises(ImportError, match="no module `nowhere_at_all` is found"):
        load_from_module("nowhere_at_all.Stage")


def test_a_task_that_is_not_runnable_is_not_run(tmp_path: Path) -> None:
    task = Task(tmp_path, {"pipeline": "mendel.pipeline.Pipeline"})
    assert task.is_pending(task.create_pipeline(), task.create_config()) == ""
    with pytest.raises(AssertionError, match="is not runnable"):
        task.run(task.create_config())
    with pytest.raises(AssertionError, match="has no `pipeline`"):
        Task(tmp_path, {"runnable": True}).create_pipeline()
