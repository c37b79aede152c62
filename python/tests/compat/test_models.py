"""Models, secrets, and the folders and files that tasks keep."""

from __future__ import annotations

import json
import logging
import os
from pathlib import Path
from typing import Any

import pytest
from coretex import AWSSecret, CredentialsSecret, GitSecret, Model, cache, folder_manager


def test_a_model_is_a_folder_that_later_runs_find(run: Any, write: Any) -> None:
    old = run.params()
    write("resources/deep/weights.bin", "1 2 3")
    made = Model.createModel("peas", old.projectId, 0.75, {"labels": ["a"]})
    assert made.upload(run.folder / "resources")
    old.submitOutput("model", made)

    old = run.params(("byName", "peas", "model"), ("byNumber", made.id, "model"), ("byPath", "resources", "model"))
    old.setModelType(Model)

    for name in ("byName", "byNumber"):
        model = old.parameters[name]
        model.download()
        assert (model.path / "deep/weights.bin").read_text() == "1 2 3"
        assert model.accuracy == 0.75 and model.meta == {"labels": ["a"]}
    assert old.parameters["byPath"].path == run.folder / "resources"
    assert [model.name for model in run.task.models["input"]] == ["peas"]
    assert run.stored("model")["metadata"]["value"]["model"] == "peas"


def test_equal_folders_are_stored_once(run: Any, write: Any) -> None:
    first = write("resources/weights.bin", "1")
    models = []
    for _ in range(2):
        os.utime(first, (1_000_000_000 + len(models), 1_000_000_000))
        models.append(Model.createModel("same", 1, 1.0))
        models[-1].upload("resources")

    assert models[0]._record["digest"] == models[1]._record["digest"]


def test_an_accuracy_out_of_range_is_clipped_with_a_warning(run: Any, caplog: Any) -> None:
    with caplog.at_level(logging.WARNING, "coretex"):
        high, low = Model.createModel("high", 1, 3.5), Model.createModel("low", 1, -1)

    assert (high.accuracy, low.accuracy) == (1.0, 0.0)
    assert high.id != low.id
    assert "3.5" in caplog.text and "`high`" in caplog.text


def test_only_a_folder_is_uploaded(run: Any, write: Any) -> None:
    model = Model.createModel("one", 1, 1.0)

    with pytest.raises(ValueError, match="no folder"):
        model.upload(write("weights.bin"))
    with pytest.raises(FileNotFoundError, match="no files"):
        model.download()


def test_a_descriptor_is_written_beside_the_files(run: Any) -> None:
    Model.saveModelDescriptor(run.folder, {"name": "peas"})

    assert json.loads((run.folder / Model.modelDescriptorFileName()).read_text()) == {"name": "peas"}


def test_secrets_come_from_the_environment_or_a_file(run: Any, monkeypatch: Any) -> None:
    file = run.folder / "secrets.json"
    file.write_text(json.dumps({"account": {"username": "gregor", "password": "hush"}, "odd": 3}))
    monkeypatch.setenv("MENDEL_SECRETS", str(file))
    monkeypatch.setenv("MENDEL_SECRET_MY_BUCKET_KEY", "k")
    monkeypatch.setenv("MENDEL_SECRET_MY_BUCKET_VALUE", "v")
    monkeypatch.setenv("MENDEL_SECRET_HUB", '{"token": "t"}')

    values = run.params(
        ("bucket", "my-bucket", "aws_secret"),
        ("hub", ["hub"], "list[git_secret]"),
        ("account", "account", "credentials_secret"),
    ).parameters

    assert (values["bucket"].key, values["bucket"].value) == ("k", "v")
    assert isinstance(values["hub"][0], GitSecret) and values["hub"][0].token == "t"
    assert values["account"].password == "hush"
    assert "hush" not in repr(values["account"])
    with pytest.raises(LookupError, match="no secret `other`"):
        AWSSecret.fetchByName("other")
    with pytest.raises(LookupError, match="object of its fields"):
        CredentialsSecret.fetchByName("odd")


def test_a_damaged_secret_is_not_shown(monkeypatch: Any) -> None:
    monkeypatch.setenv("MENDEL_SECRET_HUB", "hush-hush")

    with pytest.raises(LookupError) as error:
        GitSecret.fetchByName("hub")

    assert "hush" not in str(error.value) and error.value.__context__ is None


def test_a_temporary_folder_is_made_once(run: Any) -> None:
    made = folder_manager.createTempFolder("work")
    (made / "x").touch()

    with pytest.raises(FileExistsError, match="`work`"):
        folder_manager.createTempFolder("work")
    assert made.parent == folder_manager.temp and run.task.id in str(made)
    assert not folder_manager.tempFile().exists()
    folder_manager.clearTempFiles()
    assert not made.exists()
    with pytest.raises(AttributeError, match="not part of the local shim"):
        folder_manager.somethingElse


def test_temporary_files_are_gone_after_the_process(lab: Any) -> None:
    script = f"""
        import sys
        sys.path.insert(0, {str(Path(cache.__file__).parents[1])!r})
        from coretex import folder_manager
        folder_manager.tempFile("x").write_text("1")
        print(folder_manager.temp)
    """

    path = Path(lab.script(script).stdout.strip())

    assert path.parent.is_dir() and not path.exists()


def test_files_and_objects_are_cached_by_key(run: Any, write: Any) -> None:
    cache.storeObject("object", {"a": 1})
    cache.storeFile("file", write("a.txt", "text"))
    cache.storeUrl((run.folder / "a.txt").as_uri(), "name.txt")

    assert cache.loadObject("object") == {"a": 1}
    assert cache.getPath("file").read_text() == "text" and len(cache.getPath("file").name) == 64
    assert cache.exists("name.txt") and cache.exists((run.folder / "a.txt").as_uri())
    cache.remove("file")
    assert not cache.exists("file")
    with pytest.raises(KeyError, match="`file`"):
        cache.loadFile("file")
    with pytest.raises(ValueError, match="address"):
        cache.storeUrl("a", "b")
    with pytest.raises(KeyError, match="already"):
        cache.storeObject("object", 2, override=False)
