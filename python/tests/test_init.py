"""Beginning the main task: names, reuse, one per process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from mendel import Task, TaskNotFound, TaskTypes, UsageError

MINIMAL = """
from mendel import Task
task = Task.init(PROJECT, "main", auto_resource_monitoring=False)
print("id", task.id)
"""


def _id(done: Any) -> str:
    return next(line.split()[1] for line in done.stdout.splitlines() if line.startswith("id "))


def test_tr_01_one_call_records_script_environment_parameters_and_console(lab: Any) -> None:
    for words in (
        ["init", "-q"],
        ["-c", "user.name=a", "-c", "user.email=a@b", "commit", "-q", "--allow-empty", "-m", "x"],
    ):
        subprocess.run(["git", *words], cwd=lab.folder, check=True)
    lab.script(
        """
        import argparse
        import numpy
        from mendel import Task
        task = Task.init(PROJECT, "main")
        parser = argparse.ArgumentParser()
        parser.add_argument("--rate", type=float, default=0.1)
        print("rate is", parser.parse_args().rate)
        """,
        "--rate",
        "0.25",
    )

    task = lab.task()
    assert task.status == "completed"
    assert task.get_parameters()["Args/rate"] == "0.25"
    assert task.get_reported_console_output(5) == ["rate is 0.25"]
    script = task.data["script"]
    assert script["entry"] == "script.py"
    assert script["arguments"] == ["--rate", "0.25"]
    assert len(script["commit"]) == 40
    assert "numpy" in {package["name"] for package in task.data["environment"]["packages"]}
    assert "pandas" not in {package["name"] for package in task.data["environment"]["packages"]}


def test_uncommitted_changes_are_kept_as_a_patch(lab: Any) -> None:
    path = lab.folder / "script.py"
    path.write_text("pass\n")
    for words in (
        ["init", "-q"],
        ["add", "."],
        ["-c", "user.name=a", "-c", "user.email=a@b", "commit", "-q", "-m", "x"],
    ):
        subprocess.run(["git", *words], cwd=lab.folder, check=True)

    lab.script(MINIMAL)

    task = lab.task()
    patch = task._store.blob(task.data["script"]["diff"]).decode()
    assert "+task = Task.init(" in patch


def test_tr_02_running_again_reuses_the_task_and_replaces_its_logs(lab: Any) -> None:
    first = lab.script(MINIMAL + "print('one')\n")
    second = lab.script(MINIMAL + "print('two')\n")

    assert _id(first) == _id(second)
    assert len(lab.tasks()) == 1
    console = lab.task().get_reported_console_output(10)
    assert "two" in console
    assert "one" not in console


@pytest.mark.parametrize("line", ["task.upload_artifact('a', {'x': 1})", "task.update_output_model('file:///w.pt')"])
def test_tr_03_a_task_with_artifacts_or_models_is_not_reused(lab: Any, line: str) -> None:
    first = lab.script(MINIMAL + line)
    second = lab.script(MINIMAL)

    assert _id(first) != _id(second)


@pytest.mark.parametrize("change", ["publish", "archive"])
def test_tr_04_a_published_or_archived_task_is_not_reused(lab: Any, change: str) -> None:
    first = lab.script(MINIMAL)
    task = lab.task()
    if change == "publish":
        task.publish()
    else:
        task.set_archived(True)

    assert _id(lab.script(MINIMAL)) != _id(first)


def test_tr_05_a_new_task_is_forced_and_an_id_is_given(lab: Any) -> None:
    from mendel import _native

    first = lab.init()
    first.close()
    second = lab.init(reuse_last_task_id=False)
    second.close()
    assert first.id != second.id

    wanted = _native.new_id()
    third = lab.init(reuse_last_task_id=wanted)
    assert third.id == wanted


def test_a_task_that_still_runs_elsewhere_is_not_reset(lab: Any) -> None:
    here = lab.init()
    here.flush(wait_for_uploads=True)

    assert _id(lab.script(MINIMAL)) != here.id
    assert here.get_status() == "in_progress"


def test_tr_06_names_default_to_repository_and_script(lab: Any) -> None:
    root = lab.folder / "my-repository"
    (root / "deep").mkdir(parents=True)
    subprocess.run(["git", "init", "-q"], cwd=root, check=True)
    path = root / "deep" / "fit_digits.py"
    path.write_text("from mendel import Task\ntask = Task.init()\nprint('id', task.id)\n")

    task = Task.get_task(_id(lab.run(path)))

    assert (task.project, task.name) == ("my-repository", "fit_digits")


def test_tr_07_parallel_starts_make_the_project_once(lab: Any) -> None:
    path = lab.folder / "script.py"
    path.write_text(MINIMAL.replace("PROJECT", repr(lab.project)).replace("False)", "False, reuse_last_task_id=False)"))
    threads = [threading.Thread(target=lab.run, args=(path,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(lab.tasks()) == 4
    import json

    projects = json.loads(_client(lab).projects())
    rows = projects if isinstance(projects, list) else projects["projects"]
    assert [row["name"] for row in rows].count(lab.project) == 1


def _client(lab: Any) -> Any:
    task = lab.tasks()[0]
    return task._store._client


def test_tr_08_all_eleven_types_are_accepted_and_filterable(lab: Any) -> None:
    for kind in TaskTypes:
        Task.create(lab.project, f"a {kind}", kind)

    found = Task.get_tasks(project_name=lab.project, task_filter={"type": ["qc"]})
    assert [task.name for task in found] == ["a qc"]
    assert len(TaskTypes) == 11
    with pytest.raises(ValueError, match="`cooking` is not a task type"):
        Task.create(lab.project, "x", "cooking")


def test_tr_09_a_second_init_answers_the_same_and_other_names_are_an_error(lab: Any) -> None:
    task = lab.init()

    assert lab.init() is task
    assert Task.init() is task
    with pytest.raises(UsageError, match="`main`, not `other`"):
        lab.init("other")


def test_after_close_another_may_begin(lab: Any) -> None:
    first = lab.init()
    first.close()
    second = lab.init("other")

    assert second is Task.current_task()
    assert lab.task().status == "completed"


def test_tr_10_and_tr_61_the_current_task_is_known_everywhere(lab: Any) -> None:
    assert Task.current_task() is None
    task = lab.init()

    assert Task.current_task() is task
    assert task.is_main_task()
    task.flush(wait_for_uploads=True)
    lab.script("from mendel import Task\nTask.create(PROJECT, 'another')\n")
    assert not lab.task("another").is_main_task()


def test_tr_11_a_sub_task_is_new_and_belongs_to_the_main_project(lab: Any) -> None:
    main = lab.init()

    one, two = Task.create(task_name="part"), Task.create(task_name="part")

    assert one.id != two.id
    assert one.project == main.project
    assert one.parent == main.id
    assert one.status == "created"
    assert one.data["kind"] == "manual"
    assert one.data.get("snapshot") is None


def test_tr_12_a_task_is_found_by_id_or_names_and_the_id_wins(lab: Any) -> None:
    made = Task.create(lab.project, "one")
    Task.create(lab.project, "two")

    assert Task.get_task(made.id).name == "one"
    assert Task.get_task(project_name=lab.project, task_name="one") == made
    assert Task.get_task(made.id, project_name="nothing", task_name="two") == made
    with pytest.raises(TaskNotFound, match="no task `three`"):
        Task.get_task(project_name=lab.project, task_name="three")
    with pytest.raises(TaskNotFound):
        Task.get_task("0" * 32)


def test_tr_13_another_process_reports_into_a_task(lab: Any) -> None:
    task = lab.init()
    task.get_logger().report_scalar("loss", "a", 1.0, 1)
    task.flush(wait_for_uploads=True)

    lab.script(
        """
        from mendel import Task
        other = Task.get_task(project_name=PROJECT, task_name="main")
        for step in range(20):
            other.get_logger().report_scalar("loss", "b", step, step)
        other.flush(wait_for_uploads=True)
        """
    )

    scalars = task.get_reported_scalars()["loss"]
    assert scalars["a"]["x"] == [1]
    assert scalars["b"]["y"] == list(range(20))


@pytest.mark.parametrize(
    ("ending", "status", "reason"),
    [
        ("", "completed", ""),
        ("raise KeyError('x')", "failed", "KeyError"),
        ("raise KeyboardInterrupt", "stopped", "KeyboardInterrupt"),
        ("import sys; sys.exit(3)", "failed", "SystemExit"),
        ("import sys; sys.exit(0)", "completed", ""),
        ("import sys\ntry: sys.exit(3)\nexcept SystemExit: pass\nx = 1\n", "completed", ""),
    ],
)
def test_the_end_of_the_script_is_the_status_of_the_task(lab: Any, ending: str, status: str, reason: str) -> None:
    lab.script(MINIMAL + ending, check=False)

    task = lab.task()
    assert task.status == status
    assert task.data["status_reason"] == reason


def test_a_fork_does_not_end_the_task(lab: Any) -> None:
    lab.script(
        MINIMAL
        + """
import multiprocessing
def work(number):
    Task.current_task().get_logger().report_scalar("child", "value", number, number)
    Task.current_task().flush()
if __name__ == "__main__":
    context = multiprocessing.get_context("fork")
    children = [context.Process(target=work, args=(number,)) for number in range(2)]
    for child in children: child.start()
    for child in children: child.join()
    task.get_logger().report_scalar("parent", "value", 1, 1)
"""
    )

    task = lab.task()
    assert task.status == "completed"
    assert task.get_reported_scalars()["parent"]["value"]["y"] == [1.0]
    assert task.get_reported_scalars()["child"]["value"]["x"] == [0, 1]


def test_tr_10_a_run_found_without_init_keeps_what_its_last_moment_reported(lab: Any, tmp_path: Path) -> None:
    (tmp_path / "last.py").write_text(
        "from mendel import Task\n"
        "task = Task.current_task()\n"
        "task.upload_artifact('good', {'a': 1})\n"
        "task.get_logger().report_scalar('ok', 'y', 1, 0)\n"
    )
    command = Path(sys.executable).with_name("mendel")
    asked = [command, "--json", "run", "--env", "system", "--no-monitor", "last.py"]
    environment = {**os.environ, "MENDEL_PYTHON": sys.executable}
    done = subprocess.run(asked, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    run = json.loads(done.stdout)["runs"][0]["id"]
    task = Task.get_task(task_id=run)
    assert task.artifacts["good"].get() == {"a": 1}
    assert task.get_reported_scalars()["ok"]["y"]["y"] == [1.0]


def test_p07_a_script_that_asks_about_other_runs_is_computed_again(lab: Any, tmp_path: Path) -> None:
    (tmp_path / "look.py").write_text("from mendel import Task\nprint(len(Task.get_tasks()))\n")
    command = Path(sys.executable).with_name("mendel")
    asked = [command, "--json", "run", "--env", "system", "--no-monitor", "look.py"]
    environment = {**os.environ, "MENDEL_PYTHON": sys.executable}
    for _ in range(2):
        done = subprocess.run(asked, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
        assert json.loads(done.stdout)["runs"][0]["steps"]["computed"] == 1, done.stderr


def test_p12_an_unusable_workspace_does_not_end_the_training(lab: Any) -> None:
    (lab.folder / "in-the-way").write_text("a file")
    lab.environment = {"MENDEL_WORKSPACE": str(lab.folder / "in-the-way" / ".mendel")}
    done = lab.script(
        """
        from mendel import Task
        task = Task.init(PROJECT, "main", auto_resource_monitoring=False)
        task.get_logger().report_scalar("loss", "train", 0.5, 1)
        print("trained", task.get_reported_scalars()["loss"]["train"]["y"])
        """
    )
    assert "trained [0.5]" in done.stdout
    assert "in-the-way" in done.stderr and "records into" in done.stderr


def test_p11_a_server_that_is_not_there_ends_no_training_and_makes_no_folder(lab: Any) -> None:
    lab.environment = {"MENDEL_WORKSPACE": "http://127.0.0.1:1"}
    done = lab.script(
        """
        from mendel import Task
        task = Task.init(PROJECT, "main", auto_resource_monitoring=False)
        task.get_logger().report_scalar("loss", "train", 0.5, 1)
        print("trained")
        """
    )
    assert "trained" in done.stdout
    assert not (lab.folder / "http:").exists()


def test_f10_a_child_that_only_ends_leaves_the_connection_of_its_parent(lab: Any) -> None:
    done = lab.script(
        """
        import os
        from mendel import Task
        task = Task.init(PROJECT, "main", auto_resource_monitoring=False)
        task.get_logger().report_scalar("loss", "train", 0.5, 1)
        for _ in range(5):
            task.get_reported_scalars()
            child = os.fork()
            if child == 0:
                raise SystemExit(0)
            os.waitpid(child, 0)
            print(task.get_reported_scalars()["loss"]["train"]["y"])
        """
    )
    assert done.stdout.count("[0.5]") == 5
