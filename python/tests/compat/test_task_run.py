"""The run as an old script sees it."""

from __future__ import annotations

import logging
from typing import Any

import coretex
import pytest
from coretex import Metric, MetricType, TaskRun, TaskRunStatus, currentTaskRun, initializeRTask


def test_outside_of_a_run_the_error_says_how_to_get_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MENDEL_RUN_ID", raising=False)

    with pytest.raises(RuntimeError, match="mendel run FOLDER"):
        currentTaskRun()


def test_a_name_that_is_not_there_is_refused_as_such() -> None:
    with pytest.raises(AttributeError, match=r"`coretex\.bioinformatics` is not part of the local shim.*--no-compat"):
        coretex.bioinformatics

    assert all(hasattr(coretex, name) for name in coretex.__all__)


def test_ct_23_values_arrive_as_their_types(run: Any) -> None:
    old = run.params(
        ("epochs", 3, "int"),
        ("steps", {"from": 0, "to": 4, "step": 2}, "range"),
        ("optimizer", "adam", "enum"),
        ("layers", [64, 32], "list[int]"),
        ("optional", None, "dataset"),
    )

    assert old.parameters == {
        "epochs": 3,
        "steps": range(0, 4, 2),
        "optimizer": "adam",
        "layers": [64, 32],
        "optional": None,
    }


def test_facts_are_whole_numbers_and_plain_texts(run: Any, write: Any) -> None:
    write("task.yaml", "name: Word counter  # a task\nproject_type: 2\n")
    old = run.params(("epochs", 3))

    facts = {name: getattr(old, name) for name in ("id", "projectId", "taskId")}
    assert all(type(fact) is int and fact > 0 for fact in facts.values())
    assert old.id == run.task.data["number"]
    assert (old.name, old.projectName, old.taskName) == ("old task", run.task.project, "Word counter")
    assert old.projectType == coretex.ProjectType.imageSegmentation
    assert old.status == TaskRunStatus.inProgress
    assert old.isLocal and old.taskPath == run.folder
    assert old.meta["parameters"][0]["name"] == "epochs"
    assert isinstance(old, TaskRun)


def test_names_of_entities_are_cut_to_fifty_characters(run: Any) -> None:
    old = run.params()
    assert old.generateEntityName() == f"{old.id}-old task"

    run.task.set_name("x" * 80)
    assert len(old.generateEntityName()) == 50


def test_a_run_without_a_dataset_says_which_parameters_it_has(run: Any) -> None:
    old = run.params(("epochs", 3))

    with pytest.raises(AttributeError, match="`epochs`"):
        old.dataset


def test_ct_38_an_artifact_is_stored_under_its_remote_path(run: Any, write: Any) -> None:
    old = run.params()

    made = old.createArtifact(write("report.txt", "12 words"), "reports/report.txt")
    missing = old.createArtifact("nowhere.txt", "nowhere.txt")

    assert made is not None and made.mimeType == "text/plain"
    assert missing is None
    stored = run.stored("reports/report.txt")
    assert stored["type"] == "file" and stored["media"] == "text/plain"
    assert run.task._store.blob(stored["digest"]) == b"12 words"


def test_artifacts_of_a_run_are_fetched_by_its_number(run: Any, write: Any) -> None:
    old = run.params()
    old.createArtifact(write("track.csv", "a,b"), "out/track.csv")
    run.task._settle()

    (found,) = coretex.Artifact.fetchAll(old.id)

    assert found.remoteFilePath == "out/track.csv"
    assert found.download() and found.localFilePath.read_text() == "a,b"
    with pytest.raises(LookupError, match="no run"):
        coretex.Artifact.fetchAll(987654)


def test_declared_and_undeclared_metrics_become_series(run: Any) -> None:
    old = run.params()
    old.createMetrics([Metric.create("loss", "epoch", MetricType.int, "loss", MetricType.float, [0, 3])])

    for epoch in range(3):
        assert old.submitMetrics({"loss": (epoch, 1 / (epoch + 1)), "late": (epoch + 0.5, epoch)})

    found = run.task.get_reported_scalars()
    assert found["loss"][""]["x"] == [0, 1, 2] and found["loss"][""]["y"][1] == 0.5
    assert found["late"][""]["x"] == [0, 1, 2]
    run.task.reload()
    assert run.task.data["documents"]["metrics"]["loss"]["x_range"] == [0, 3]
    with pytest.raises(ValueError, match="no metrics"):
        old.createMetrics([])


def test_ct_38_outputs_are_kept_as_values(run: Any) -> None:
    old = run.params()

    old.submitOutput("words", 16)
    old.submitOutputs({"words": 17, "table": {"a": [1, float("nan")]}})

    assert run.stored("words")["metadata"]["value"] == 17
    assert run.stored("table")["metadata"]["value"] == {"a": [1, "NaN"]}
    assert run.task.artifacts["words"].get() == 17
    with pytest.raises(ValueError, match="output `thing`"):
        old.submitOutput("thing", object())


def test_a_final_state_stays(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    kept: list[Any] = []
    monkeypatch.setattr("atexit.register", lambda *call: kept.append(call))
    old = run.params()

    assert old.updateStatus(TaskRunStatus.inProgress, "loading")
    assert old.updateStatus(TaskRunStatus.completedWithError, "no data")
    assert not old.updateStatus(TaskRunStatus.completedWithSuccess)

    assert old.status == TaskRunStatus.completedWithError
    ((finish, *arguments),) = kept
    finish(*arguments)
    assert run.task.status == "failed"
    assert run.task.data["status_message"] == "no data"


def test_codes_are_those_of_the_old_service() -> None:
    assert [status.value for status in TaskRunStatus] == list(range(1, 10))
    assert [status.name for status in TaskRunStatus if status.isFinal] == [
        "completedWithSuccess",
        "completedWithError",
        "stopped",
    ]
    assert [kind.name for kind in MetricType] == ["int", "float", "timestamp", "interval", "bytes", "percent"]


def test_verbose_shows_debugging_and_warnings_go_to_standard_error(run: Any, capsys: Any) -> None:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    root.handlers[:] = []
    try:
        run.params(("verbose", True, "bool"))
        logging.debug("a detail")
        logging.warning("careful")
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)

    seen = capsys.readouterr()
    assert "DEBUG: a detail\n" in seen.out
    assert seen.err == "WARNING: careful\n"


def test_a_task_in_r_is_called_with_the_run(run: Any) -> None:
    seen: list[Any] = []

    def fail(old: Any) -> None:
        raise ValueError("no data")

    initializeRTask(seen.append, [])
    assert seen == [currentTaskRun()]
    with pytest.raises(SystemExit):
        initializeRTask(fail)
