"""Parameters, configurations, labels: what a script connects is recorded."""

from __future__ import annotations

import argparse
import types
from pathlib import Path
from typing import Any

import pytest
from mendel import Task
from mendel.parameters import cast, flat

ARGUMENTS = """
import argparse
from mendel import Task
task = Task.init(PROJECT, "main", auto_resource_monitoring=False, auto_connect_arg_parser=CHOICE)
parser = argparse.ArgumentParser()
parser.add_argument("--rate", type=float, default=0.1, help="how fast")
parser.add_argument("--steps", type=int, default=50)
parser.add_argument("--secret", default="x")
args = parser.parse_args()
"""


def test_tr_19_parsed_arguments_are_parameters_with_types_and_origins(lab: Any) -> None:
    lab.script(ARGUMENTS.replace("CHOICE", "True"), "--rate", "0.5")

    params = {param["name"]: param for param in lab.task().data["params"]}
    assert params["rate"]["value"] == 0.5
    assert params["rate"]["type"] == "float"
    assert params["rate"]["origin"]["from"] == "command_line"
    assert params["rate"]["description"] == "how fast"
    assert params["steps"]["origin"]["from"] == "default"
    assert {param["section"] for param in params.values()} == {"Args"}


def test_tr_19_a_parser_that_parsed_before_init_is_found(lab: Any) -> None:
    text = ARGUMENTS.replace("CHOICE", "True").replace("task = Task.init", "def begin(): return Task.init")
    lab.script(text + "begin()\n", "--steps", "7")

    assert lab.task().get_parameters() == {"Args/rate": "0.1", "Args/steps": "7", "Args/secret": "x"}


@pytest.mark.parametrize(
    ("choice", "names"),
    [
        ({"secret": False}, {"rate", "steps"}),
        ({}, set()),
        (False, set()),
        ({"rate": True}, {"rate", "steps", "secret"}),
    ],
)
def test_tr_20_arguments_can_be_left_out(lab: Any, choice: Any, names: set[str]) -> None:
    lab.script(ARGUMENTS.replace("CHOICE", repr(choice)))

    assert {param["name"] for param in lab.task().data["params"]} == names


def test_subcommands_are_part_of_their_parser(lab: Any) -> None:
    lab.script(
        """
        import argparse
        from mendel import Task
        Task.init(PROJECT, "main", auto_resource_monitoring=False)
        parser = argparse.ArgumentParser()
        parser.add_argument("--verbose", action="store_true")
        commands = parser.add_subparsers(dest="command")
        train = commands.add_parser("train")
        train.add_argument("--rate", type=float)
        parser.parse_args()
        """,
        "train",
        "--rate",
        "2",
    )

    assert lab.task().get_parameters() == {"Args/verbose": "False", "Args/command": "train", "Args/rate": "2.0"}


def test_tr_33_a_nested_dictionary_is_connected_and_followed(lab: Any) -> None:
    task = lab.init()
    given = {"rate": 0.1, "net": {"layers": [8, 4], "name": "mlp"}, "seed": None}

    assert task.connect(given) is given
    given["rate"] = 0.2
    given["net"]["name"] = "cnn"
    task.flush(wait_for_uploads=True)

    params = {param["name"]: param for param in lab_facts(task)["params"]}
    assert params["rate"]["value"] == 0.2
    assert params["rate"]["type"] == "float"
    assert params["net/layers"]["value"] == [8, 4]
    assert params["net/name"]["value"] == "cnn"
    assert task.get_parameters()["General/net/layers"] == "[8, 4]"
    assert task.get_parameters()["General/seed"] == ""


def test_a_configuration_of_omegaconf_is_connected_as_a_dictionary(lab: Any) -> None:
    omegaconf = pytest.importorskip("omegaconf")
    task = lab.init()
    config = omegaconf.OmegaConf.create({"rate": 0.1, "net": {"layers": [8, 4], "twice": "${rate}"}})

    assert task.connect(config) is config

    assert task.get_parameters() == {
        "General/rate": "0.1",
        "General/net/layers": "[8, 4]",
        "General/net/twice": "0.1",
    }


def lab_facts(task: Any) -> dict[str, Any]:
    facts: dict[str, Any] = task._store.run(task.id)
    return facts


def test_tr_33_in_a_remote_run_stored_values_win_with_types_kept(lab: Any) -> None:
    draft = Task.create(lab.project, "main")
    draft.set_parameter("General/rate", "0.5")
    draft.set_parameter("General/net/layers", [1, 2])
    draft.mark_started()
    lab.environment.update(MENDEL_RUN_ID=draft.id, MENDEL_ATTEMPT="1")

    done = lab.script(
        """
        from mendel import Task
        task = Task.init("ignored", "ignored")
        given = task.connect({"rate": 0.1, "net": {"layers": [8]}, "new": 3})
        print(given, Task.running_locally())
        """
    )

    assert done.stdout.strip() == "{'rate': 0.5, 'net': {'layers': [1, 2]}, 'new': 3} False"
    draft.reload()
    assert draft.get_parameters()["General/new"] == "3"
    assert draft.status == "in_progress"


def test_tr_34_parsers_objects_and_models_are_connected_and_others_refused(lab: Any) -> None:
    from mendel import InputModel

    task = lab.init()

    class Settings:
        rate = 0.1
        _hidden = 1

        def method(self) -> None: ...

    settings = Settings()
    settings.depth = 3  # type: ignore[attr-defined]
    task.connect(settings)
    parser = argparse.ArgumentParser()
    parser.add_argument("--width", type=int, default=7)
    task.connect(parser)
    task.connect(InputModel.import_model("file:///weights.pt", name="start"))
    task.connect(types.SimpleNamespace(a=1), name="Other")

    params = task.get_parameters()
    assert params == {"General/rate": "0.1", "General/depth": "3", "Args/width": "7", "Other/a": "1"}
    assert [model.name for model in task.models["input"]] == ["start"]
    for wrong in (3, "text", [1, 2], len):
        with pytest.raises(TypeError, match="supported are an argparse parser, a dictionary"):
            task.connect(wrong)


def test_tr_35_a_configuration_mapping_is_editable_text_and_the_remote_run_gets_it(lab: Any) -> None:
    draft = Task.create(lab.project, "main")
    draft.set_configuration_object("net", config_text="layers = [1, 2]\nname = edited")
    draft.mark_started()
    lab.environment.update(MENDEL_RUN_ID=draft.id, MENDEL_ATTEMPT="1")

    done = lab.script(
        """
        from mendel import Task
        print(Task.init().connect_configuration({"layers": [8]}, name="net"))
        """
    )
    assert done.stdout.strip() == "{'layers': [1, 2], 'name': 'edited'}"

    task = lab.init("local")
    assert task.connect_configuration({"layers": [8]}) == {"layers": [8]}
    assert task.get_configuration_object() == "layers = [8]"


def test_tr_36_a_configuration_file_is_kept_and_absolute_paths_are_refused(lab: Any) -> None:
    Path("conf.yaml").write_text("a: 1\n")
    task = lab.init()

    assert task.connect_configuration("conf.yaml") == "conf.yaml"
    assert task.get_configuration_object() == "a: 1\n"
    with pytest.raises(ValueError, match="relative path"):
        task.connect_configuration(Path("conf.yaml").absolute())

    draft = Task.create(lab.project, "remote")
    draft.set_configuration_object("General", "a: 2\n")
    draft.mark_started()
    lab.environment.update(MENDEL_RUN_ID=draft.id, MENDEL_ATTEMPT="1")
    done = lab.script("from mendel import Task\nprint(open(Task.init().connect_configuration('conf.yaml')).read())\n")
    assert done.stdout.strip() == "a: 2"


def test_tr_37_output_models_carry_the_configuration(lab: Any) -> None:
    task = lab.init()
    task.connect_configuration({"layers": [8]})
    task.connect_label_enumeration({"cat": 1})
    task.update_output_model("file:///w.pt", name="w")

    model = task.models["output"][0]
    assert model.config_dict == {"layers": [8]}
    assert model.labels == {"cat": 1}


def test_tr_38_and_tr_39_labels_are_stored_and_answered(lab: Any) -> None:
    task = lab.init()

    assert task.connect_label_enumeration({"background": 0, "cat": 1, "kitten": 1, "dog": 2}) is not None
    assert task.get_labels_enumeration()["dog"] == 2
    assert task.get_label_num_description() == {0: "background", 1: "cat / kitten", 2: "dog"}
    assert task.get_num_of_classes() == 3
    for wrong in ({"cat": "one"}, {"cat": 1.5}, {"cat": True}, {1: 1}):
        with pytest.raises(ValueError, match="labels are texts with whole numbers"):
            task.set_model_label_enumeration(wrong)  # type: ignore[arg-type]


def test_tr_40_label_counts_of_the_last_iteration(lab: Any) -> None:
    task = lab.init()
    for step in (1, 2):
        task.get_logger().report_scalar("labels", "cat", 10 * step, step)
    task.get_logger().report_scalar("labels", "dog", 5, 2)

    assert task.labels_stats == {"cat": 20, "dog": 5}


def test_tr_67_raw_nested_parameters_are_not_bound(lab: Any) -> None:
    task = lab.init()
    given = {"a": {"b": 1, "c": True}, "d": "1e-3"}

    task.set_parameters_as_dict(given)
    given["a"]["b"] = 2

    assert task.get_parameters_as_dict() == {"a": {"b": "1", "c": "True"}, "General": {"d": "1e-3"}}


def test_tr_68_one_parameter_with_default_and_description(lab: Any) -> None:
    task = lab.init()

    assert task.get_parameter("General/rate", default=3) == 3
    task.set_parameter("General/rate", 0.1, description="how fast")
    task.set_parameter("General/rate", 0.2)
    assert task.get_parameter("General/rate") == "0.2"
    assert task.get_parameter("rate") == "0.2"


def test_tr_69_replace_drops_the_unlisted_and_update_keeps_them(lab: Any) -> None:
    task = Task.create(lab.project, "main")

    task.set_parameters({"a/x": 1}, [("a/y", 2)], **{"a/x": 3})
    assert task.get_parameters() == {"a/x": "3", "a/y": "2"}
    task.update_parameters({"a/y": 5})
    assert task.get_parameters() == {"a/x": "3", "a/y": "5"}
    task.set_parameters({"b/z": 1})
    task.reload()
    assert task.get_parameters() == {"b/z": "1"}


@pytest.mark.parametrize(
    ("text", "like", "value"),
    [("3", 1, 3), ("0.5", 1.0, 0.5), ("false", True, False), ("[1]", (2,), (1,)), (4, "x", "4"), ("x", None, "x")],
)
def test_stored_values_take_the_type_of_the_object(text: Any, like: Any, value: Any) -> None:
    assert cast(text, like) == value
    assert type(cast(text, like)) is type(value)


def test_flat_keeps_empty_mappings() -> None:
    assert flat({"a": {}, 1: {2: 3}}) == {"a": {}, "1/2": 3}


def test_tr_89_old_names_work_with_one_warning(lab: Any) -> None:
    task = lab.init()

    with pytest.warns(DeprecationWarning, match="connect_configuration"):
        task.set_model_config(config_dict={"a": 1})
    with pytest.warns(DeprecationWarning):
        assert task.get_model_config_dict() == {"a": 1}
    with pytest.warns(DeprecationWarning, match="is_main_task"):
        assert task.is_current_task()


def test_tr_86_the_design_goes_to_a_file(lab: Any) -> None:
    task = lab.init()
    Path("design.txt").write_text("input 3\nconv 5\n")

    task.update_model_desc("design.txt")

    assert task.get_model_design() == "input 3\nconv 5\n"
    assert Path(task.save_exec_model_design_file("out.txt")).read_text() == "input 3\nconv 5\n"


def test_tr_78_the_container_is_kept(lab: Any) -> None:
    task = lab.init()

    assert task.get_base_docker() is None
    task.set_base_docker("python:3.11 -v /a:/b")
    assert task.get_base_docker() == "python:3.11 -v /a:/b"
    task.set_base_docker("")
    assert task.get_base_docker() is None
