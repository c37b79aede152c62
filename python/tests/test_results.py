"""What is reported is read back: scalars, plots, media, console, iterations."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest
from mendel import Logger, Task
from mendel.results import window_means


def test_tr_41_scalars_are_on_the_chart(lab: Any) -> None:
    task = lab.init()
    logger = task.get_logger()
    logger.report_scalar("loss", "train", 0.5, 1)
    logger.report_scalar(title="loss", series="train", value=0.25, iteration=2)
    logger.report_scalar("loss", "validation", float("nan"), 2)
    assert Logger.current_logger() is logger

    scalars = task.get_reported_scalars()
    assert scalars["loss"]["train"] == {"name": "train", "x": [1, 2], "y": [0.5, 0.25]}
    assert math.isnan(scalars["loss"]["validation"]["y"][0])


def test_tr_62_and_tr_63_iterations_and_their_offset(lab: Any) -> None:
    task = lab.init()
    assert task.get_initial_iteration() == 0
    assert task.get_last_iteration() == 0
    task.set_initial_iteration(100)
    task.get_logger().report_scalar("a", "b", 1, 0)
    task.get_logger().report_scalar("a", "b", 1, 5)

    assert task.get_initial_iteration() == 100
    assert task.get_reported_scalars()["a"]["b"]["x"] == [100, 105]
    assert task.get_last_iteration() == 105
    task.set_last_iteration(3)
    assert task.get_last_iteration() == 3


def test_machine_series_do_not_move_the_last_iteration(lab: Any) -> None:
    task = lab.init()
    task.get_logger().report_scalar("a", "b", 1, 4)
    task.get_logger().report_scalar(":monitor:machine", "cpu_usage", 50, 900)

    assert task.get_last_iteration() == 4


def test_tr_64_summaries_equal_a_recount(lab: Any) -> None:
    task = lab.init()
    values = [math.sin(step / 7) for step in range(500)]
    for step, value in enumerate(values):
        task.get_logger().report_scalar("wave", "sin", value, step)

    summary = task.get_last_scalar_metrics()["wave"]["sin"]
    assert summary == {"last": values[-1], "min": min(values), "max": max(values)}


def test_tr_65_series_are_sampled_by_window_means(lab: Any) -> None:
    task = lab.init()
    for step in range(1000):
        task.get_logger().report_scalar("line", "x", step, step)

    sampled = task.get_reported_scalars(max_samples=10)["line"]["x"]
    assert sampled["x"] == list(range(0, 1000, 100))
    assert sampled["y"] == [start + 49.5 for start in range(0, 1000, 100)]
    times = task.get_reported_scalars(max_samples=7, x_axis="timestamp")["line"]["x"]
    assert len(times["x"]) <= 7
    assert times["x"][0] > 1_500_000_000_000
    texts = task.get_reported_scalars(x_axis="iso_time")["line"]["x"]["x"]
    assert len(texts[0]) == len("2020-01-01T00:00:00.000Z")
    with pytest.raises(ValueError, match="`weeks` is not an axis"):
        task.get_reported_scalars(x_axis="weeks")


@pytest.mark.parametrize("most", [1, 2, 3, 7, 50])
def test_no_more_points_than_asked_for(most: int) -> None:
    xs = [step * 3 + 1 for step in range(100)]

    starts, means = window_means(xs, [1.0] * 100, most)

    assert len(starts) <= most
    assert set(means) == {1.0}


def test_a_later_point_of_the_same_iteration_wins(lab: Any) -> None:
    task = lab.init()
    for value in (1.0, 2.0):
        task.get_logger().report_scalar("a", "b", value, 5)

    assert task.get_reported_scalars()["a"]["b"] == {"name": "b", "x": [5], "y": [2.0]}


def test_tr_42_each_kind_of_plot_round_trips(lab: Any) -> None:
    numpy = pytest.importorskip("numpy")
    task = lab.init()
    logger = task.get_logger()
    logger.report_histogram("histogram", "h", [1, 2, 3], 1, xlabels=["a", "b", "c"], xaxis="x")
    logger.report_vector("vector", "v", numpy.array([1.5, 2.5]), 1)
    logger.report_confusion_matrix("confusion", "c", [[5, 1], [2, 7]], 1, xlabels=["a", "b"], yaxis_reversed=True)
    logger.report_matrix("matrix", "m", numpy.eye(2), 1)
    logger.report_line_plot("lines", [{"name": "one", "data": [[0, 1], [1, 3]]}], "x", "y", iteration=1)
    logger.report_scatter2d("scatter", "s", [[0, 1], [2, 3]], 1, mode="markers", labels=["p", "q"])
    logger.report_scatter3d("space", "s", numpy.zeros((2, 3)), 1)
    logger.report_surface("surface", "s", [[1, 2], [3, float("nan")]], 1, zaxis="height", camera=(1, 1, 1))
    logger.report_plotly("plotly", "p", {"data": [{"type": "pie", "values": [1, 2]}], "layout": {}}, 1)

    plots = {plot["metric"]: plot["body"] for plot in task.get_reported_plots()}
    kinds = {name: figure["data"][0]["type"] for name, figure in plots.items()}
    assert kinds == {
        "histogram": "bar",
        "vector": "bar",
        "confusion": "heatmap",
        "matrix": "heatmap",
        "lines": "scatter",
        "scatter": "scatter",
        "space": "scatter3d",
        "surface": "surface",
        "plotly": "pie",
    }
    assert plots["histogram"]["data"][0]["x"] == ["a", "b", "c"]
    assert plots["histogram"]["layout"]["xaxis"]["title"]["text"] == "x"
    assert plots["confusion"]["data"][0]["z"] == [[5, 1], [2, 7]]
    assert plots["lines"]["data"][0]["y"] == [1, 3]
    assert plots["surface"]["data"][0]["z"] == [[1, 2], [3, None]]
    assert plots["scatter"]["data"][0]["mode"] == "markers"


def test_tr_43_tables_texts_images_and_media(lab: Any) -> None:
    numpy = pytest.importorskip("numpy")
    pandas = pytest.importorskip("pandas")
    task = lab.init()
    logger = task.get_logger()
    Path("sound.wav").write_bytes(b"RIFF")
    Path("t.csv").write_text("a,b\n1,2\n")
    logger.report_table("table", "frame", 1, pandas.DataFrame({"n": [1, 2], "s": ["x", "y"]}))
    logger.report_table("table", "csv", 1, csv="t.csv")
    logger.report_text("hello from the logger")
    for step in range(3):
        logger.report_image("image", "i", step, image=numpy.full((4, 5, 3), step * 100, dtype="uint8"))
    logger.report_media("sound", "s", 1, local_path="sound.wav")
    logger.report_media("page", "p", 1, stream="<b>x</b>", file_extension="html")
    with pytest.raises(ValueError, match="image"):
        logger.report_image("image", "none", 1)

    task.flush(wait_for_uploads=True)
    events = task._store.events(task.id)
    tables = {event["variant"]: event["body"]["data"][0] for event in events if event["kind"] == "table"}
    assert tables["frame"]["header"]["values"] == ["n", "s"]
    assert tables["frame"]["cells"]["values"] == [[1, 2], ["x", "y"]]
    assert tables["csv"]["cells"]["values"] == [["1"], ["2"]]
    images = [event for event in events if event["kind"] == "image"]
    assert [event["step"] for event in images] == [0, 1, 2]
    assert task._store.blob(images[0]["blob"]).startswith(b"\x89PNG")
    media = {event["metric"]: event for event in events if event["kind"] == "media"}
    assert task._store.blob(media["page"]["blob"]) == b"<b>x</b>"
    assert media["page"]["media"] == "text/html"
    assert task.get_reported_console_output() == ["hello from the logger"]


def test_arrays_become_png_that_others_read(tmp_path: Path) -> None:
    numpy = pytest.importorskip("numpy")
    image = pytest.importorskip("PIL.Image")
    from mendel.png import encode

    for array in (
        numpy.arange(20, dtype="uint8").reshape(4, 5),
        numpy.random.default_rng(0).random((4, 5, 3)),
        numpy.zeros((3, 4, 5)),
        numpy.ones((4, 5, 4), dtype=bool),
    ):
        (tmp_path / "x.png").write_bytes(encode(array))
        read = numpy.asarray(image.open(tmp_path / "x.png"))
        assert read.shape[:2] == (4, 5)
    assert (encode(numpy.zeros((2, 2)))[:4]) == b"\x89PNG"
    with pytest.raises(ValueError, match="is no image"):
        encode(numpy.zeros(3))


def test_single_values_are_read_back(lab: Any) -> None:
    task = lab.init()
    task.get_logger().report_single_value("accuracy", 0.9)
    task.get_logger().report_single_value("accuracy", 0.95)

    assert task.get_reported_single_values() == {"accuracy": 0.95}
    assert task.get_reported_single_value("none") is None
    assert task.get_last_iteration() == 0


def test_tr_66_the_console_is_complete_and_in_order(lab: Any) -> None:
    lab.script(
        """
        import sys, logging
        from mendel import Task
        Task.init(PROJECT, "main", auto_resource_monitoring=False)
        print("first"); print("second", end=""); print(" half")
        sys.stdout.write("10%\\r50%\\r100%\\n")
        logging.warning("careful")
        print("no newline", end="")
        """
    )

    lines = lab.task().get_reported_console_output(10)
    assert lines == ["first", "second half", "100%", "WARNING:root:careful", "no newline"]
    assert lab.task().get_reported_console_output(2) == lines[-2:]


def test_tr_66_the_console_is_complete_after_a_crash(lab: Any) -> None:
    done = lab.script(
        """
        import os
        from mendel import Task
        task = Task.init(PROJECT, "main", auto_resource_monitoring=False)
        for number in range(100): print("line", number)
        task.flush()
        print("id", task.id, flush=True)
        os._exit(9)
        """,
        check=False,
    )
    run = done.stdout.split()[-1]
    from mendel import main_task

    main_task.store().deliver_leftovers(run)
    lines = Task.get_task(run).get_reported_console_output(1000)
    assert [line for line in lines if line.startswith("line")] == [f"line {number}" for number in range(100)]


def test_tr_81_the_page_of_a_task(lab: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MENDEL_WEB_HOST", "http://lab:9/")
    task = Task.create(lab.project, "main")

    assert task.get_output_log_web_page() == f"http://lab:9/projects/*/experiments/{task.id}/output/log"


def test_tr_90_reporting_through_managers_equals_the_task(lab: Any) -> None:
    task = lab.init()
    task.reporter.report_scalar("a", "b", 1, 1)
    task.metrics_manager.report_scalar("a", "b", 2, 2)
    task.update_output_model("file:///w.pt", name="w")

    assert task.get_reported_scalars()["a"]["b"]["y"] == [1.0, 2.0]
    assert task.output_model is not None
    assert task.output_model.name == "w"
    assert task.input_model is None


def test_iterations_are_plain_json(lab: Any) -> None:
    numpy = pytest.importorskip("numpy")
    task = lab.init()
    task.get_logger().report_scalar("a", "b", numpy.float32(0.5), numpy.int64(3))

    assert json.dumps(task.get_reported_scalars()["a"]["b"]) == '{"name": "b", "x": [3], "y": [0.5]}'
