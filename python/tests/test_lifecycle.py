"""Status, cloning, finding, and going on elsewhere."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import Any

import pytest
from mendel import InputModel, MendelError, NeedsServer, OutputModel, Task, TaskNotFound, TaskStatusEnum
from mendel.query import condition


def made(lab: Any, name: str = "main", status: str = "") -> Any:
    task = Task.create(lab.project, name)
    if status:
        task.mark_started()
    if status == "completed":
        task.mark_completed()
    elif status == "stopped":
        task.mark_stopped()
    elif status == "failed":
        task.mark_failed()
    return task


def test_tr_44_a_status_follows_the_marks_and_illegal_moves_are_refused(lab: Any) -> None:
    task = made(lab)
    assert task.status == TaskStatusEnum.created == "created"
    task.mark_started()
    assert task.get_status() == "in_progress"
    task.mark_started()
    task.mark_stopped()
    assert task.status == "stopped"
    done = made(lab, "done", "completed")

    with pytest.raises(MendelError, match="completed"):
        done.stopped(ignore_errors=False)
    assert done.stopped() is False
    assert done.status == "completed"


def test_tr_45_a_failure_has_a_reason_and_a_message(lab: Any) -> None:
    task = made(lab, status="running")

    task.mark_failed(status_reason="diverged", status_message="loss was NaN at step 3")

    facts = lab.task().data
    assert (facts["status_reason"], facts["status_message"]) == ("diverged", "loss was NaN at step 3")


def test_tr_46_a_published_task_is_read_only_but_for_tags_and_comment(lab: Any) -> None:
    task = made(lab, status="completed")
    task.publish()

    task.set_comment("good")
    task.add_tags("best")
    with pytest.raises(MendelError):
        task.set_parameter("a/b", 1)
    with pytest.raises(MendelError):
        task.set_name("other")
    assert lab.task().tags == ["best"]


def test_tr_46_only_an_ended_task_can_be_published(lab: Any) -> None:
    with pytest.raises(ValueError, match="has not ended"):
        made(lab, status="running").publish()


def test_tr_48_after_a_flush_everything_is_readable(lab: Any) -> None:
    task = lab.init()
    for step in range(1000):
        task.get_logger().report_scalar("a", "b", step, step)
    task.upload_artifact("x", {"y": 1})

    assert task.flush(wait_for_uploads=True)

    other = Task.get_task(task.id)._store
    assert len(other.points(task.id, "a", "b")[0]) == 1000
    assert [artifact["name"] for artifact in other.artifacts(task.id)] == ["x"]


def test_tr_49_reset_forgets_outputs_and_may_start_again(lab: Any) -> None:
    task = made(lab, status="running")
    task.get_logger().report_scalar("a", "b", 1, 1)
    task.upload_artifact("x", "text", wait_on_upload=True)
    task.flush(wait_for_uploads=True)
    digest = task.artifacts["x"].hash

    task.reset()
    assert task.status == "created"
    assert task.get_reported_scalars() == {}
    assert len(task.artifacts) == 0
    assert task._store.blob(digest) == b"text"

    task.reset(set_started_on_success=True)
    assert task.status == "in_progress"
    task.get_logger().report_scalar("a", "b", 2, 2)
    assert task.get_reported_scalars()["a"]["b"]["y"] == [2.0]


def test_tr_50_a_remote_run_is_reset_only_by_force(lab: Any) -> None:
    task = made(lab, status="running")
    task.get_logger().report_scalar("a", "b", 1, 1)
    task.flush(wait_for_uploads=True)
    lab.environment.update(MENDEL_RUN_ID=task.id, MENDEL_ATTEMPT="1")

    lab.script("from mendel import Task\nTask.init().reset()\n")

    assert task.get_reported_scalars() != {}


def test_tr_75_waiting_for_a_status(lab: Any) -> None:
    task = made(lab, status="running")
    other = Task.get_task(task.id)
    threading.Timer(0.3, other.mark_completed).start()

    task.wait_for_status(check_interval_sec=0.05)
    assert task.data["status"] == "completed"

    failed = made(lab, "bad", "failed")
    with pytest.raises(RuntimeError, match="is `failed`"):
        failed.wait_for_status(check_interval_sec=0.05)


def test_tr_82_the_ten_words_equal_plain_texts() -> None:
    words = ["created", "in_progress", "stopped", "closed", "failed"]
    words += ["completed", "queued", "published", "publishing", "unknown"]
    assert [str(word) for word in Task.TaskStatusEnum] == words
    assert Task.TaskStatusEnum.in_progress == "in_progress"
    assert {"in_progress": 1}[Task.TaskStatusEnum.in_progress] == 1


def test_tr_26_a_clone_is_a_draft_without_outputs(lab: Any) -> None:
    source = lab.init()
    source.connect({"rate": 0.1})
    source.get_logger().report_scalar("a", "b", 1, 1)
    source.upload_artifact("x", "text")
    source.add_tags("t")
    source.flush(wait_for_uploads=True)
    source._session._facts.join()

    clone = Task.clone(source)

    assert clone.id != source.id
    assert clone.status == "created"
    assert clone.get_parameters() == {"General/rate": "0.1"}
    assert clone.data["script"]["entry"] == source.data["script"]["entry"]
    assert clone.data["environment"]["packages"] == source.data["environment"]["packages"]
    assert clone.get_reported_scalars() == {}
    assert len(clone.artifacts) == 0
    clone.set_parameter("General/rate", 0.2)
    assert clone.get_parameter("General/rate") == "0.2"
    assert source.get_parameter("General/rate") == "0.1"


def test_tr_27_name_comment_project_and_parent_of_a_clone(lab: Any) -> None:
    root = made(lab, "root")
    root.set_comment("about root")

    child = Task.clone(root.id)
    assert (child.name, child.comment, child.project, child.parent) == (
        "Clone of root", "about root", lab.project, root.id
    )  # fmt: skip
    grandchild = Task.clone(child, name="g", comment="c", project=f"{lab.project}-2")
    assert (grandchild.name, grandchild.comment, grandchild.project) == ("g", "c", f"{lab.project}-2")
    assert grandchild.parent == root.id
    assert Task.clone(child, parent=child.id).parent == child.id


def test_tr_28_and_tr_30_queues_need_a_server(lab: Any) -> None:
    task = made(lab)

    with pytest.raises(NeedsServer, match="needs a server with queues"):
        Task.enqueue(task, queue_name="default")
    with pytest.raises(NeedsServer):
        Task.dequeue(task)
    with pytest.raises(ValueError, match="`queue_name` or `queue_id`"):
        Task.enqueue(task)


def test_tr_32_tags_are_added_and_concurrent_adds_are_kept(lab: Any) -> None:
    one = made(lab)
    two = Task.get_task(one.id)

    one.add_tags(["a", "b"])
    two.add_tags("c")

    assert lab.task().tags == ["a", "b", "c"]


def test_tr_32_tags_have_no_effect_under_an_agent(lab: Any) -> None:
    task = made(lab, status="running")
    lab.environment.update(MENDEL_RUN_ID=task.id, MENDEL_ATTEMPT="1")

    lab.script("from mendel import Task\nTask.init().add_tags('x')\n")

    assert lab.task().tags == []


def test_tr_87_rename_comment_and_parent_but_no_cycle(lab: Any) -> None:
    one, two = made(lab, "one"), made(lab, "two")

    one.set_name("first")
    one.set_comment("good")
    two.set_parent(one)

    facts = Task.get_task(two.id)
    assert facts.parent == one.id
    assert Task.get_task(one.id).name == "first"
    with pytest.raises(ValueError, match="own ancestor"):
        one.set_parent(two)
    two.set_parent(None)
    assert Task.get_task(two.id).parent is None


def test_tr_14_tasks_are_listed_by_ids_names_and_projects(lab: Any) -> None:
    tasks = {name: made(lab, name) for name in ("fit 1", "fit 2", "check")}

    assert Task.get_tasks([tasks["check"].id, tasks["fit 1"].id]) == [tasks["check"], tasks["fit 1"]]
    assert {task.name for task in Task.get_tasks(project_name=lab.project, task_name="fit")} == {"fit 1", "fit 2"}
    assert [task.name for task in Task.get_tasks(project_name=lab.project, task_name="^fit [2-9]$")] == ["fit 2"]
    assert len(Task.get_tasks(project_name=lab.project)) == 3
    assert {task.id for task in Task.get_tasks()} >= {task.id for task in tasks.values()}
    with pytest.raises(ValueError, match="not a regular expression"):
        Task.get_tasks(task_name="fit (")
    with pytest.raises(TaskNotFound):
        Task.get_tasks(["0" * 32])


def test_tr_15_filters_combine_and_order_is_stable(lab: Any) -> None:
    for number in range(5):
        task = made(lab, f"n{number}", "completed" if number % 2 else "failed")
        task.add_tags(["even" if number % 2 == 0 else "odd", "all"])
        task.set_parameter("a/rate", number * 10)

    def names(**conditions: Any) -> list[str]:
        return [task.name for task in Task.get_tasks(project_name=lab.project, task_filter=conditions)]

    assert names(status=["completed"], order_by=["name"]) == ["n1", "n3"]
    assert names(tags=["all", "-odd"], order_by="name") == ["n0", "n2", "n4"]
    assert names(tags=["__$all", "all", "odd"], order_by=["-name"]) == ["n3", "n1"]
    assert names(order_by=["hyperparams.a.rate"], page=1, page_size=2) == ["n2", "n3"]
    assert names(search_text="n4") == ["n4"]
    assert names(**{"hyperparams.a.rate": ["30"]}) == ["n3"]
    with pytest.raises(ValueError, match="`colour` is not a field"):
        names(colour="red")


def test_tr_16_only_asked_fields_come_back(lab: Any) -> None:
    made(lab)

    answer = Task.get_all(project_name=lab.project, only_fields=["name", "status"])

    assert vars(answer.tasks[0]).keys() == {"id", "name", "status"}
    assert answer.response.tasks[0].status == "created"


@pytest.mark.parametrize(
    ("given", "held", "kept"),
    [
        (["a", "b"], ["b"], True),
        (["a", "-b"], ["a", "b"], False),
        (["__$not", "b"], ["a"], True),
        (["__$all", "a", "b"], ["a"], False),
        (["__$all", "a", "b", "__$or", "c"], ["c"], False),
        (["__$any", "a", "b"], ["b"], True),
        ([None, "a"], [], True),
        ([None], ["a"], False),
    ],
)
def test_list_conditions(given: Any, held: Any, kept: bool) -> None:
    assert condition({"tags": given})({"tags": held}) is kept


def test_conditions_on_ranges_and_dates() -> None:
    row = {"last_iteration": 5, "last_update": 1577836800000, "name": "x"}
    assert condition({"last_iteration": [None, 5]})(row)
    assert not condition({"last_iteration": [6, None]})(row)
    assert condition({"last_update": [">=2020-01-01", "<2020-01-02"]})(row)
    assert not condition({"last_update": ">2020-01-01T00:00:00"})(row)
    for bad in ({"last_iteration": [None, None]}, {"tags": ["__$not"]}, {"tags": ["__$what"]}):
        with pytest.raises(ValueError, match="`"):
            condition(bad)


def test_tr_72_leaving_without_a_queue_makes_a_draft(lab: Any) -> None:
    done = lab.script(
        """
        from mendel import Task
        task = Task.init(PROJECT, "main", auto_resource_monitoring=False)
        task.connect({"rate": 0.5})
        task.execute_remotely()
        print("never reached")
        """
    )

    assert "never" not in done.stdout
    assert lab.task().status == "created"
    assert lab.task().get_parameters() == {"General/rate": "0.5"}
    with pytest.raises(ValueError, match="exit_process=True"):
        made(lab, "x").execute_remotely("q", clone=False, exit_process=False)
    with pytest.raises(NeedsServer):
        made(lab, "y").execute_remotely("q")


def test_tr_71_a_clone_is_left_behind_and_the_run_goes_on(lab: Any) -> None:
    task = lab.init()
    task.flush(wait_for_uploads=True)

    clone = task.execute_remotely(clone=True, exit_process=False)

    assert clone.status == "created"
    assert task.get_status() == "in_progress"


def test_tr_73_and_tr_74_inside_of_an_agent_it_does_nothing(lab: Any) -> None:
    task = made(lab, status="running")
    assert Task.running_locally()
    lab.environment.update(MENDEL_RUN_ID=task.id, MENDEL_ATTEMPT="1")

    done = lab.script(
        """
        from mendel import Task
        print(Task.current_task().id)
        task = Task.init("x", "y")
        task.execute_remotely("queue")
        print(Task.running_locally(), task is Task.current_task())
        """
    )

    assert done.stdout.split() == [task.id, "False", "True"]
    assert task.status == "in_progress"


def test_tr_77_packages_can_be_forced(lab: Any) -> None:
    lab.script(
        """
        from mendel import Task
        Task.add_requirements("pandas")
        Task.add_requirements("No_Such.Thing", "1.2")
        Task.init(PROJECT, "main", auto_resource_monitoring=False)
        """
    )

    packages = {package["name"]: package["version"] for package in lab.task().data["environment"]["packages"]}
    import pandas

    assert packages["pandas"] == pandas.__version__
    assert packages["no-such-thing"] == "1.2"


def test_tr_76_environment_wins_over_code(lab: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    task = made(lab)

    Task.set_credentials(web_host="http://code:1")
    assert task.get_output_log_web_page() == f"http://code:1/projects/*/experiments/{task.id}/output/log"
    monkeypatch.setenv("MENDEL_WEB_HOST", "http://environment:2")
    assert task.get_output_log_web_page().startswith("http://environment:2/")


def test_tr_79_the_cache_is_bounded(lab: Any, tmp_path: Path) -> None:
    from mendel import downloads

    assert made(lab).cache_dir.is_relative_to(downloads.folder())
    for number in range(4):
        path = tmp_path / f"file{number}"
        path.write_bytes(b"x" * 100)
        import os

        os.utime(path, (number, number))
    downloads.shrink(tmp_path, 250)
    assert sorted(path.name for path in tmp_path.glob("file*")) == ["file2", "file3"]


def test_tr_25_tr_84_and_tr_85_models_are_recorded_and_uploaded(lab: Any) -> None:
    task = lab.init()
    weights = Path("weights.pt")
    weights.write_bytes(b"weights")
    called: list[str] = []

    task.update_output_model("s3://bucket/model.pt", name="remote", tags=["t"])
    final = task.update_output_model_and_upload("weights.pt", name="local", iteration=7)
    task.update_output_model_and_upload("weights.pt", name="later", async_enable=True, cb=called.append)
    task._uploads.wait(30)
    task.flush(wait_for_uploads=True)

    models = {model.name: model for model in Task.get_task(task.id).models["output"]}
    assert set(models) == {"remote", "local", "later"}
    assert models["remote"].url == "s3://bucket/model.pt"
    assert models["local"].url == final
    assert models["local"].iteration == 7
    assert models["local"].framework == "PyTorch"
    assert Path(models["local"].get_weights()).read_bytes() == b"weights"
    assert called == [models["later"].url]


def test_tr_83_only_a_published_model_is_an_input(lab: Any) -> None:
    maker = lab.init("maker")
    Path("w.h5").write_bytes(b"w")
    model = OutputModel(maker, name=f"net of {lab.project}", config_dict={"a": 1}, label_enumeration={"cat": 1})
    model.update_weights("w.h5", async_enable=False)
    maker.flush(wait_for_uploads=True)
    user = made(lab, "user")

    with pytest.raises(ValueError, match="not published"):
        user.set_input_model(model.id)
    model.publish()
    maker.flush(wait_for_uploads=True)
    user.set_input_model(model_name=model.name)
    user.flush(wait_for_uploads=True)

    assert user.models["input"][0].id == model.id
    assert user.get_labels_enumeration() == {"cat": 1}
    assert user.get_configuration_object_as_dict() == {"a": 1}
    assert InputModel(model.id).published
    with pytest.raises(TaskNotFound):
        user.set_input_model(model_name="no such model")


def test_publishing_a_task_publishes_its_last_model(lab: Any) -> None:
    task = lab.init()
    task.update_output_model("file:///w.pt", name="w")
    task.close()

    lab.task().publish()

    assert lab.task().models["output"][0].published
    assert lab.task().status == "published"


def test_a_task_is_deleted(lab: Any) -> None:
    task = made(lab)

    assert task.delete()

    with pytest.raises(TaskNotFound):
        Task.get_task(task.id)


def test_offline_everything_waits_in_the_journal(lab: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    lab.environment["MENDEL_OFFLINE"] = "1"
    done = lab.script(
        """
        from mendel import Task
        task = Task.init(PROJECT, "main", auto_resource_monitoring=False)
        task.connect({"rate": 0.1})
        task.get_logger().report_scalar("loss", "train", 1.0, 1)
        task.upload_artifact("a", {"x": 1})
        print(task.get_parameters())
        """
    )
    assert "General/rate" in done.stdout

    task = _delivered(lab)
    assert task.status == "completed"
    assert task.artifacts["a"].get() == {"x": 1}


def _delivered(lab: Any) -> Any:
    """The task of a journal that another process delivers once it opens the workspace."""
    import json

    from mendel import _native, main_task

    store = main_task.store()
    for journal in json.loads(_native.leftover(store.workspace)):
        store.deliver_leftovers(journal["run"])
    end = time.monotonic() + 20
    while time.monotonic() < end:
        try:
            return lab.task()
        except TaskNotFound:
            time.sleep(0.1)
    return lab.task()
