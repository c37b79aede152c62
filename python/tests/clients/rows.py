"""Behaviours of the Trains API as seen by a real client; run in the client's own environment.

``python rows.py FOLDER`` runs every row in one process and prints a JSON line for each. The
client and the server come from the environment. The names of the rows are those of the tests.
"""

from __future__ import annotations

import base64
import importlib
import json
import os
import subprocess
import sys
import textwrap
import time
import traceback
import urllib.request
from pathlib import Path
from typing import Any, Callable

import numpy as np
import pandas as pd

CLIENT = os.environ["CLIENT"]
NEW = CLIENT == "clearml"
PROJECT = f"rows {os.getpid()}"
FOLDER = Path(sys.argv[1])
sdk = importlib.import_module(CLIENT)
Task = sdk.Task


def until(read: Callable[[], Any], seconds: float = 20.0) -> Any:
    """Asks until the answer is one; what clients report arrives in the background."""
    end = time.time() + seconds
    while not (answer := read()) and time.time() < end:
        time.sleep(0.2)
    return answer


def fresh(name: str, **options: Any) -> Any:
    """A task that is no main task."""
    return Task.create(project_name=PROJECT, task_name=name, **options)


def begin(task: Any) -> None:
    (task.mark_started if hasattr(task, "mark_started") else task.started)()


def end(task: Any, how: str) -> None:
    (getattr(task, f"mark_{how}", None) or getattr(task, how))()


def flush(task: Any) -> None:
    task.flush(wait_for_uploads=True)


def read(task: Any) -> Any:
    return Task.get_task(task_id=task.id)


def names(tasks: Any) -> list[str]:
    return sorted(task.name for task in tasks)


def fields(response: Any) -> dict[str, Any]:
    """The JSON of an answer, whatever wraps it."""
    if isinstance(response, dict):
        return response
    if hasattr(response, "response_data"):
        return dict(response.response_data)
    return dict(response.to_dict() if hasattr(response, "to_dict") else response.response.to_dict())


def content(url: str) -> bytes:
    """The bytes at an address, past the cache of the client."""
    prefix = CLIENT.upper()
    pair = f"{os.environ[prefix + '_API_ACCESS_KEY']}:{os.environ[prefix + '_API_SECRET_KEY']}"
    basic = base64.b64encode(pair.encode()).decode()
    request = urllib.request.Request(url, headers={"Authorization": f"Basic {basic}"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        return bytes(answer.read())


def script(text: str) -> str:
    """Runs a script in its own process and answers what it said last."""
    path = FOLDER / "script.py"
    path.write_text(f"from {CLIENT} import Task\nPROJECT = {PROJECT!r}\n" + textwrap.dedent(text))
    # A child that finds its parent's process in the environment would report to its task.
    alone = {name: value for name, value in os.environ.items() if "_PROC_MASTER" not in name}
    command = [sys.executable, str(path)]
    done = subprocess.run(command, env=alone, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    told = [line for line in done.stdout.splitlines() if line.startswith("told ")]
    return told[-1].removeprefix("told ") if told else ""


INIT = """
task = Task.init(PROJECT, NAME, auto_resource_monitoring=False)
print("told", task.id)
MORE
task.close()
"""


def run_init(name: str, more: str = "", options: str = "") -> str:
    text = INIT.replace("NAME", repr(name)).replace("MORE", more)
    return script(text.replace("auto_resource_monitoring=False", "auto_resource_monitoring=False" + options))


def tr_01_init_starts_the_main_task() -> None:
    task = Task.get_task(task_id=run_init("init"))
    assert task.data.script.entry_point and str(task.data.type) == "training"
    assert str(task.get_status()) == "completed"
    assert task.data.script.requirements


def tr_02_a_script_without_outputs_reuses_its_task() -> None:
    assert run_init("reused") == run_init("reused")


def tr_03_a_script_with_an_artifact_has_a_new_task() -> None:
    more = "task.upload_artifact('a', {'b': 1}); task.flush(wait_for_uploads=True)"
    assert run_init("artifacts", more) != run_init("artifacts", more)


def tr_04_a_published_task_is_not_reused() -> None:
    first = run_init("published")
    task = Task.get_task(task_id=first)
    if NEW:
        task.publish()
    else:
        task.reset()
        begin(task)
        end(task, "stopped")
        task.publish()
    assert run_init("published") != first


def tr_05_a_new_task_is_forced() -> None:
    assert run_init("forced") != run_init("forced", options=", reuse_last_task_id=False")


def tr_07_a_project_is_made_once() -> None:
    made = [Task.create(project_name=f"{PROJECT}/once", task_name=f"task {number}") for number in range(3)]
    assert len({task.project for task in made}) == 1


def tr_08_types_are_kept_and_filtered() -> None:
    types = ["training", "testing", "inference", "data_processing", "application", "monitor", "controller"]
    for kind in [*types, "optimizer", "service", "qc", "custom"]:
        task = fresh(f"type {kind}", task_type=kind if NEW else Task.TaskTypes[kind])
        assert str(read(task).data.type) == kind
    found = Task.get_tasks(project_name=PROJECT, task_filter={"type": ["qc", "service"]})
    assert names(found) == ["type qc", "type service"]


def tr_12_a_task_is_found_by_id_and_by_name() -> None:
    task = fresh("by name")
    assert Task.get_task(task_id=task.id).id == task.id
    assert Task.get_task(project_name=PROJECT, task_name="by name").id == task.id
    assert Task.get_task(task_id=task.id, project_name="other", task_name="other").id == task.id


def tr_13_another_task_is_reported_to() -> None:
    task = fresh("reported to")
    begin(task)
    other = read(task)
    for number in range(5):
        other.get_logger().report_scalar("title", "series", value=number, iteration=number)
    flush(other)
    assert until(lambda: len(task.get_reported_scalars().get("title", {}).get("series", {}).get("x", [])) == 5)


def tr_14_tasks_are_found_by_part_and_expression() -> None:
    for name in ("find (one)", "find-two", "lost"):
        fresh(name)
    assert names(Task.get_tasks(project_name=PROJECT, task_name="find")) == ["find (one)", "find-two"]
    assert names(Task.get_tasks(project_name=PROJECT, task_name="^(lost|find-two)$")) == ["find-two", "lost"]


def tr_15_filters_combine_and_order_is_stable() -> None:
    for number, tag in enumerate(["red", "blue", "red"]):
        task = fresh(f"order {number}")
        task.add_tags([tag, "all"])
    wanted = {"system_tags": ["-archived"], "order_by": ["-name"], "search_text": "order"}
    tags = ["all", "-blue"]
    if NEW:
        found = Task.get_tasks(project_name=PROJECT, task_name="^order", tags=tags, task_filter=wanted)
    else:
        found = Task.get_tasks(project_name=PROJECT, task_name="^order", task_filter={**wanted, "tags": tags})
    assert [task.name for task in found] == ["order 2", "order 0"]


def tr_16_only_asked_fields_come_back() -> None:
    task = fresh("fields")
    answer = Task.get_all(id=[task.id], only_fields=["id", "name"]).response.tasks[0]
    assert answer.name == "fields" and answer.script is None and answer.status is None


def tr_24_artifacts_are_told_with_their_facts() -> None:
    task = fresh("artifact facts")
    begin(task)
    task.upload_artifact("numbers", {"a": 1}, metadata={"k": "v"})
    flush(task)
    until(lambda: "numbers" in read(task).artifacts and read(task).artifacts["numbers"].size)
    artifact = read(task).artifacts["numbers"]
    assert artifact.type in ("dict", "JSON") and artifact.size > 0 and artifact.hash and artifact.mode
    assert artifact.get() == {"a": 1}


def tr_26_a_clone_is_a_draft_without_outputs() -> None:
    source = fresh("source")
    source.set_parameters({"General/lr": 0.1})
    begin(source)
    source.upload_artifact("a", {"b": 1})
    flush(source)
    clone = Task.clone(source_task=source.id, name="the clone", comment="why")
    copy = read(clone)
    assert str(copy.get_status()) == "created" and copy.name == "the clone" and copy.comment == "why"
    assert copy.get_parameters()["General/lr"] == "0.1"
    assert not copy.artifacts and copy.id != source.id


def tr_27_the_parent_of_a_clone_follows_rules() -> None:
    source = fresh("parent source")
    child = Task.clone(source_task=source.id, name="child one")
    grandchild = Task.clone(source_task=child.id, name="child two")
    assert read(child).parent == source.id
    assert read(grandchild).parent == source.id
    assert read(grandchild).project == source.project


def tr_28_and_29_a_queue_answers_what_changed() -> None:
    task = fresh("to the queue")
    told = fields(Task.enqueue(task, queue_name="default"))
    assert told["queued"] == 1 and told["updated"] == 1
    assert told["fields"]["status"] == "queued" and len(told["fields"]["execution.queue"]) == 32
    assert "T" in str(told["fields"]["status_changed"])
    assert str(read(task).get_status()) == "queued"


def tr_30_off_the_queue_the_status_returns() -> None:
    task = fresh("off the queue")
    Task.enqueue(task, queue_name="default")
    told = fields(Task.dequeue(task))
    assert told["dequeued"] == 1 and told["fields"]["execution.queue"] is None
    assert str(read(task).get_status()) == "created"


def tr_32_tags_are_added() -> None:
    task = fresh("tags")
    task.add_tags(["a", "b"])
    task.add_tags("c")
    assert sorted(read(task).data.tags) == ["a", "b", "c"]


def tr_41_scalars_are_drawn_at_once() -> None:
    task = fresh("scalars")
    begin(task)
    task.get_logger().report_scalar("loss", "train", value=0.5, iteration=2)
    flush(task)
    assert until(lambda: task.get_reported_scalars()) == {"loss": {"train": {"name": "train", "x": [2], "y": [0.5]}}}


def tr_42_plots_of_every_kind_are_kept() -> None:
    task = fresh("plots")
    begin(task)
    log = task.get_logger()
    log.report_histogram("histogram", "s", values=[1, 2], iteration=1, xlabels=["a", "b"])
    log.report_confusion_matrix("matrix", "s", matrix=np.eye(2), iteration=1)
    log.report_scatter2d("scatter", "s", scatter=[[0, 1], [1, 2]], iteration=1)
    log.report_surface("surface", "s", matrix=np.ones((3, 3)), iteration=1)
    log.report_table("table", "s", iteration=1, table_plot=pd.DataFrame({"a": [1, 2]}))
    flush(task)
    wanted = {"histogram", "matrix", "scatter", "surface", "table"}
    if NEW:
        assert until(lambda: {plot["metric"] for plot in task.get_reported_plots()} == wanted)
        figure = json.loads(task.get_reported_plots()[0]["plot_str"])
        assert figure["data"]


def tr_43_images_have_a_history() -> None:
    task = fresh("images")
    begin(task)
    for iteration in (1, 2):
        picture = np.full((8, 8, 3), iteration, dtype=np.uint8)
        task.get_logger().report_image("images", "s", iteration=iteration, image=picture)
    flush(task)
    if NEW:
        shown = until(lambda: task.get_debug_samples("images", "s", n_last_iterations=2))
        assert len(shown) == 2 and all("/images/" in one["url"] for one in shown)


def tr_44_and_45_a_task_ends_with_reasons() -> None:
    task = fresh("ends")
    begin(task)
    task.mark_failed(status_reason="why", status_message="more") if NEW else task.mark_failed(
        status_reason="why", status_message="more"
    )
    data = read(task).data
    assert (str(data.status), data.status_reason, data.status_message) == ("failed", "why", "more")


def tr_46_a_published_task_is_read_only() -> None:
    task = fresh("to publish")
    begin(task)
    end(task, "stopped")
    task.publish()
    assert str(read(task).get_status()) == "published"
    try:
        task.reset()
    except Exception:
        pass
    assert str(read(task).get_status()) == "published"


def tr_49_reset_forgets_outputs() -> None:
    task = fresh("to reset")
    begin(task)
    task.get_logger().report_scalar("loss", "train", value=0.5, iteration=2)
    task.upload_artifact("a", {"b": 1})
    flush(task)
    end(task, "stopped")
    task.reset()
    again = read(task)
    assert str(again.get_status()) == "created" and not again.artifacts and not again.get_reported_scalars()
    assert again.get_last_iteration() == 0


def tr_55_and_56_objects_round_trip() -> None:
    task = fresh("round trip")
    begin(task)
    file = FOLDER / "file.txt"
    file.write_text("content")
    inner = FOLDER / "folder" / "inner.txt"
    inner.parent.mkdir(exist_ok=True)
    inner.write_text("inner")
    task.upload_artifact("file", str(file))
    task.upload_artifact("folder", str(inner.parent))
    task.upload_artifact("array", np.arange(4))
    task.upload_artifact("frame", pd.DataFrame({"a": [1, 2]}))
    flush(task)
    until(lambda: len(read(task).artifacts) == 4)
    artifacts = read(task).artifacts
    assert Path(artifacts["file"].get_local_copy()).read_text() == "content"
    assert (Path(artifacts["folder"].get_local_copy()) / "inner.txt").read_text() == "inner"
    array = artifacts["array"].get()
    assert list(array["array"] if hasattr(array, "files") else array) == [0, 1, 2, 3]
    assert artifacts["frame"].get().shape[0] == 2


def tr_58_a_name_is_overwritten() -> None:
    task = fresh("overwritten")
    begin(task)
    for number in (1, 2):
        task.upload_artifact("same", {"number": number})
        flush(task)
    assert until(lambda: json.loads(content(read(task).artifacts["same"].url)) == {"number": 2})


def tr_62_the_last_iteration_is_told_and_forced() -> None:
    task = fresh("iterations")
    begin(task)
    task.get_logger().report_scalar("loss", "train", value=1, iteration=9)
    flush(task)
    assert until(lambda: task.get_last_iteration() == 9)


def tr_64_last_least_and_most_are_told() -> None:
    task = fresh("summary")
    begin(task)
    for iteration, value in enumerate([0.5, 0.1, 0.9]):
        task.get_logger().report_scalar("a.b$c", "s.1", value=value, iteration=iteration)
    flush(task)
    told = until(lambda: task.get_last_scalar_metrics().get("a.b$c", {}).get("s.1"))
    assert {key: told[key] for key in ("last", "min", "max")} == {"last": 0.9, "min": 0.1, "max": 0.9}


def tr_65_series_are_sampled_by_windows() -> None:
    task = fresh("sampled")
    begin(task)
    for iteration in range(100):
        task.get_logger().report_scalar("big", "s", value=float(iteration), iteration=iteration)
    flush(task)
    until(lambda: len(task.get_reported_scalars().get("big", {}).get("s", {}).get("x", [])) == 100)
    sampled = task.get_reported_scalars(max_samples=10)["big"]["s"]
    assert sampled["x"] == [number * 10 for number in range(10)] and abs(sampled["y"][0] - 4.5) < 1e-6
    moments = task.get_reported_scalars(x_axis="timestamp")["big"]["s"]["x"]
    assert all(isinstance(moment, int) and moment > 10**12 for moment in moments)
    assert task.get_reported_scalars(x_axis="iso_time")["big"]["s"]["x"][0].endswith("Z")


def tr_66_the_console_is_read_in_order() -> None:
    task = fresh("console")
    begin(task)
    for text in ("first line", "second line"):
        task.get_logger().report_text(text, print_console=False)
        flush(task)
    told = until(
        lambda: (
            "second line" in "".join(task.get_reported_console_output(10))
            and "".join(task.get_reported_console_output(10))
        )
    )
    assert told.index("first line") < told.index("second line")


def tr_67_to_69_parameters_are_replaced_and_updated() -> None:
    task = fresh("parameters")
    task.set_parameters({"General/a": 1, "General/b.c": "x"})
    task.update_parameters({"General/d": 2})
    again = read(task)
    assert again.get_parameters() == {"General/a": "1", "General/b.c": "x", "General/d": "2"}
    task.set_parameters({"General/only": 1})
    assert read(task).get_parameters() == {"General/only": "1"}
    assert read(task).get_parameter("General/absent", default="no") == "no"


def tr_35_and_37_a_configuration_is_text() -> None:
    told = run_init("configuration", "task.connect_configuration({'a': {'b': 1}})", ", reuse_last_task_id=False")
    text = read(Task.get_task(task_id=told)).get_model_config_text()
    assert "b" in text and "1" in text


def tr_38_and_39_labels_are_numbers() -> None:
    told = run_init("labels", "task.connect_label_enumeration({'cat': 1, 'dog': 2})", ", reuse_last_task_id=False")
    assert Task.get_task(task_id=told).get_labels_enumeration() == {"cat": 1, "dog": 2}


def tr_25_and_85_models_are_kept_and_read() -> None:
    task = fresh("models")
    begin(task)
    weights = FOLDER / "weights.bin"
    weights.write_bytes(b"weights")
    model = sdk.OutputModel(task=task, name="net", framework="PyTorch")
    model.update_weights(str(weights), upload_uri=os.environ[f"{CLIENT.upper()}_FILES_HOST"])
    flush(task)
    found = until(lambda: sdk.InputModel(model_id=model.id))
    copy = found.get_local_copy() if NEW else found.get_weights()
    assert Path(copy).read_bytes() == b"weights"
    assert found.framework == "PyTorch" and found.name.startswith("net") or found.name
    assert read(task).data.models.output[0].model == model.id if NEW else read(task).output_model_id == model.id


def tr_75_a_status_is_waited_for() -> None:
    task = fresh("waited for")
    begin(task)
    end(task, "stopped")
    task.wait_for_status(check_interval_sec=0.2)
    assert str(task.get_status()) == "stopped"


def tr_78_a_container_is_kept() -> None:
    task = fresh("container")
    task.set_base_docker("image:1 --network host")
    assert read(task).get_base_docker().split()[0] == "image:1"


def tr_81_a_page_of_results_is_named() -> None:
    task = fresh("page")
    page = task.get_output_log_web_page()
    assert task.id in page and page.startswith(os.environ[f"{CLIENT.upper()}_WEB_HOST"])


def tr_87_name_comment_and_parent_change() -> None:
    task, other = fresh("renamed"), fresh("the parent")
    task.set_name("a new name")
    task.set_comment("a comment")
    task.set_parent(other.id)
    again = read(task)
    told = (again.name, again.comment, again.parent)
    assert told == ("a new name", "a comment", other.id), told


def tr_88_the_list_of_artifacts_is_set() -> None:
    task = fresh("artifact list")
    begin(task)
    task.upload_artifact("a", {"b": 1})
    flush(task)
    until(lambda: "a" in read(task).artifacts)
    listed = list(task.data.execution.artifacts or read(task).data.execution.artifacts)
    listed[0].uri = "http://elsewhere/b.json"
    task.set_artifacts(listed)
    assert until(lambda: read(task).artifacts["a"].url == "http://elsewhere/b.json")


def tr_70_to_73_a_task_goes_on_elsewhere() -> None:
    told = run_init(
        "elsewhere", "task.execute_remotely(queue_name='default', exit_process=True)", ", reuse_last_task_id=False"
    )
    assert until(lambda: str(Task.get_task(task_id=told).get_status()) == "queued")


def tr_91_names_of_any_kind_make_files() -> None:
    task = Task.create(project_name=f"{PROJECT}/ünder & above", task_name="ta#sk 100%")
    begin(task)
    task.upload_artifact("näme/x", {"b": 1})
    flush(task)
    assert until(lambda: read(task).artifacts)["näme/x"].get() == {"b": 1}


def rows() -> dict[str, Callable[[], None]]:
    return {name: row for name, row in globals().items() if name.startswith("tr_")}


if __name__ == "__main__":
    main = Task.init(PROJECT, "main", auto_resource_monitoring=False)
    for name, row in rows().items():
        # Now and then a client hangs or loses an answer, and nobody knows yet whose fault it is: the
        # first failure is told, the second one counts.
        for _ in range(2):
            error = ""
            try:
                row()
                break
            except BaseException:
                error = traceback.format_exc(limit=-4)[-2000:]
                print(f"{name} failed: {error}", file=sys.stderr, flush=True)
        print("row " + json.dumps({"name": name, "error": error}), flush=True)
    print("row " + json.dumps({"name": "end", "error": ""}), flush=True)
    os._exit(0)
