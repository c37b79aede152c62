"""Frameworks are captured without a line of code, and each can be switched off."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

BEGIN = "from mendel import Task\ntask = Task.init(PROJECT, 'main', auto_resource_monitoring=False CHOICE)\n"

MATPLOTLIB = """
import matplotlib.pyplot as plt
plt.plot([1, 2, 3], [1, 4, 9], label="squares")
plt.title("growth")
plt.show()
plt.figure()
plt.imshow([[1, 2], [3, 4]])
plt.title("picture")
plt.savefig("p.png")
"""

XGBOOST = """
import numpy, xgboost
data = xgboost.DMatrix(numpy.arange(40.).reshape(20, 2), label=numpy.arange(20) % 2)
booster = xgboost.train({"max_depth": 2, "objective": "binary:logistic"}, data, 5, evals=[(data, "train")])
booster.save_model("model.ubj")
"""

SKLEARN = """
import joblib, numpy
from sklearn.linear_model import LogisticRegression
model = LogisticRegression().fit(numpy.arange(10.).reshape(-1, 1), numpy.arange(10) % 2)
joblib.dump(model, "model.joblib")
joblib.dump({"no": "model"}, "other.joblib")
"""

TENSORBOARD = """
import numpy
from tensorboardX import SummaryWriter
with SummaryWriter("logs") as writer:
    for step in range(3):
        writer.add_scalar("loss/train", 1 / (step + 1), step)
    writer.add_histogram("weights", numpy.arange(10), 1)
    writer.add_image("image", numpy.zeros((3, 4, 5)), 1)
    writer.add_text("note", "hello", 1)
"""

KERAS = """
import os
os.environ["KERAS_BACKEND"] = "jax"
import keras, numpy
model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
model.compile("sgd", "mse")
model.fit(numpy.ones((8, 2)), numpy.ones(8), epochs=2, validation_split=0.5, verbose=0)
model.save("model.keras")
keras.models.load_model("model.keras")
"""


def run(lab: Any, text: str, choice: str = "") -> Any:
    lab.script(BEGIN.replace("CHOICE", choice) + text)
    return lab.task()


@pytest.mark.parametrize("order", ["init first", "import first"])
def test_tr_21_matplotlib_figures_become_plots(lab: Any, order: str) -> None:
    pytest.importorskip("matplotlib")
    begin = BEGIN.replace("CHOICE", "")
    lab.script(begin + MATPLOTLIB if order == "init first" else "import matplotlib.pyplot\n" + begin + MATPLOTLIB)

    plots = {plot["metric"]: plot["body"] for plot in lab.task().get_reported_plots()}
    assert plots["growth"]["data"][0]["y"] == [1, 4, 9]
    assert plots["growth"]["data"][0]["name"] == "squares"
    assert plots["picture"]["layout"]["images"][0]["source"].startswith("data:image/png;base64,")


def test_tr_21_xgboost_rounds_and_model_files(lab: Any) -> None:
    pytest.importorskip("xgboost")

    task = run(lab, XGBOOST)

    assert task.get_reported_scalars()["logloss"]["train"]["x"] == [0, 1, 2, 3, 4]
    model = task.models["output"][0]
    assert (model.framework, model.name) == ("XGBoost", "model")
    assert Path(model.get_weights()).read_bytes() == (lab.folder / "model.ubj").read_bytes()


def test_tr_21_scikit_estimators_but_not_other_objects(lab: Any) -> None:
    pytest.importorskip("sklearn")

    task = run(lab, SKLEARN + "joblib.load('model.joblib')\n")

    assert [model.name for model in task.models["output"]] == ["model"]
    assert [model.name for model in task.models["input"]] == ["model"]


def test_tr_21_tensorboard_writers(lab: Any) -> None:
    pytest.importorskip("tensorboardX")

    task = run(lab, TENSORBOARD)

    assert task.get_reported_scalars()["loss"]["train"]["x"] == [0, 1, 2]
    kinds = {event["kind"] for event in task._store.events(task.id)}
    assert kinds == {"plot", "image", "text"}


def test_tr_21_keras_epochs_models_and_design(lab: Any) -> None:
    pytest.importorskip("keras")
    pytest.importorskip("jax")

    task = run(lab, KERAS)

    scalars = task.get_reported_scalars()
    assert scalars["loss"]["train"]["x"] == [0, 1]
    assert scalars["loss"]["validation"]["x"] == [0, 1]
    assert [model.framework for model in task.models["output"]] == ["Keras"]
    assert [model.name for model in task.models["input"]] == ["model"]
    assert '"class_name": "Sequential"' in task.get_configuration_object("keras model")


def test_tr_21_pytorch_files(lab: Any) -> None:
    pytest.importorskip("torch")

    task = run(lab, "import torch\ntorch.save(torch.nn.Linear(2, 1).state_dict(), 'w.pt')\n")

    assert [model.framework for model in task.models["output"]] == ["PyTorch"]


def test_tr_21_tensorflow_summaries(lab: Any) -> None:
    pytest.importorskip("tensorflow")

    task = run(
        lab,
        """
import tensorflow as tf
with tf.summary.create_file_writer("logs").as_default():
    tf.summary.scalar("loss", 0.5, step=1)
""",
    )

    assert task.get_reported_scalars()["loss"]["loss"]["y"] == [0.5]


@pytest.mark.parametrize(
    ("choice", "plots", "scalars"),
    [
        (", auto_connect_frameworks={'matplotlib': False}", False, True),
        (", auto_connect_frameworks={'tensorboard': False}", True, False),
        (", auto_connect_frameworks=False", False, False),
        (", auto_connect_frameworks={}", False, False),
    ],
)
def test_tr_22_each_framework_is_switchable(lab: Any, choice: str, plots: bool, scalars: bool) -> None:
    pytest.importorskip("matplotlib")
    pytest.importorskip("tensorboardX")

    task = run(lab, MATPLOTLIB + TENSORBOARD, choice)

    found = {plot["metric"] for plot in task.get_reported_plots()}
    assert ("growth" in found) is plots
    assert ("loss" in task.get_reported_scalars()) is scalars


def test_tr_23_resources_are_monitored_at_little_cost(lab: Any) -> None:
    lab.script(
        """
        import time
        from mendel import Task
        task = Task.init(PROJECT, "main")
        task.get_logger().report_scalar("a", "b", 1, 3)
        time.sleep(1.5)
        """
    )

    task = lab.task()
    series = set(task.get_reported_scalars()[":monitor:machine"])
    assert {"cpu_usage", "memory_used_gb", "disk_free_percent", "network_rx_mbs"} <= series
    assert task.get_last_iteration() == 3


def test_tr_23_monitoring_can_be_turned_off(lab: Any) -> None:
    task = run(lab, "import time\ntime.sleep(1.3)\n")

    assert task.get_reported_scalars() == {}


def test_a_sample_costs_less_than_a_hundredth_of_its_period() -> None:
    from mendel.capture.resources import PERIOD, counters, use

    before = counters()
    start = time.process_time()
    for _ in range(20):
        use(before, counters(), 1.0)
    assert (time.process_time() - start) / 20 < PERIOD / 100


def test_the_script_works_when_a_hook_breaks(lab: Any) -> None:
    pytest.importorskip("matplotlib")

    done = lab.script(
        BEGIN.replace("CHOICE", "")
        + """
import mendel.matplotlib_figure
mendel.matplotlib_figure.convert = None
"""
        + MATPLOTLIB
        + "print('still here')\n"
    )

    assert "still here" in done.stdout
    assert lab.task().status == "completed"


def test_nothing_is_imported_by_us_and_nothing_is_patched_by_the_import() -> None:
    text = """
import sys, argparse
before = argparse.ArgumentParser.parse_known_args, sys.excepthook, sys.exit, list(sys.meta_path)
import mendel
from mendel import Task, Logger, Model
assert before == (argparse.ArgumentParser.parse_known_args, sys.excepthook, sys.exit, list(sys.meta_path))
heavy = {"numpy", "pandas", "matplotlib", "torch", "keras", "tensorflow", "sklearn", "xgboost", "PIL"}
assert not heavy & set(sys.modules), heavy & set(sys.modules)
"""
    subprocess.run([sys.executable, "-c", text], check=True)


def test_a_script_without_frameworks_imports_none(lab: Any) -> None:
    lab.script(
        """
        import sys
        from mendel import Task
        task = Task.init(PROJECT, "main")
        task.get_logger().report_scalar("a", "b", 1, 1)
        task.flush()
        heavy = {"numpy", "pandas", "matplotlib", "torch", "keras", "tensorflow", "sklearn", "xgboost", "PIL"}
        assert not heavy & set(sys.modules), heavy & set(sys.modules)
        """
    )
