"""Artifacts: formats that read back equal, live tables, folders, deletion after upload."""

from __future__ import annotations

import time
import zipfile
from pathlib import Path
from typing import Any

import pytest
from mendel import Task, TaskClosed

numpy = pytest.importorskip("numpy")
pandas = pytest.importorskip("pandas")


def read(task: Any, name: str) -> Any:
    """An artifact as another process sees it."""
    task.flush(wait_for_uploads=True)
    return Task.get_task(task.id).artifacts[name]


def test_tr_24_artifacts_are_a_read_only_mapping(lab: Any) -> None:
    task = lab.init()
    task.upload_artifact("scores", {"a": 1})

    found = task.artifacts
    assert list(found) == ["scores"]
    scores = found["scores"]
    assert (scores.name, scores.type, scores.mode) == ("scores", "json", "output")
    assert scores.size == len('{\n  "a": 1\n}')
    assert len(scores.hash) == 64
    assert abs(scores.timestamp.timestamp() - time.time()) < 60
    with pytest.raises(TypeError):
        found["scores"] = scores  # type: ignore[index]
    with pytest.raises(AttributeError):
        scores.name = "other"  # type: ignore[misc]


@pytest.mark.parametrize(
    ("value", "kind", "ending"),
    [
        ({"a": [1, 2.5, None, "ü"], "b": {"c": True}}, "json", ".json"),
        ([1, 2, 3], "json", ".json"),
        ("some text\nof two lines", "text", ".txt"),
        (b"\x00\x01", "bytes", ".bin"),
    ],
)
def test_tr_56_plain_values_read_back_equal(lab: Any, value: Any, kind: str, ending: str) -> None:
    task = lab.init()

    assert task.upload_artifact("a", value)

    stored = read(task, "a")
    assert stored.type == kind
    assert stored.get_local_copy().endswith(ending)
    assert stored.get() == value


def test_tr_56_frames_arrays_and_images_read_back_equal(lab: Any) -> None:
    from PIL import Image

    task = lab.init()
    frame = pandas.DataFrame(
        {
            "n": [1, 2, 3],
            "x": [0.1, 1e-300, 1 / 3],
            "s": ["a", "b,c", "d"],
            "t": pandas.to_datetime(["2020-01-01", "2021-02-03", "2022-03-04"]),
            "small": numpy.array([1, 2, 3], dtype="int8"),
        }
    )
    indexed = frame.set_index("s")
    array = numpy.arange(12, dtype="float32").reshape(3, 4)
    image = Image.fromarray(numpy.arange(48, dtype="uint8").reshape(4, 4, 3))
    for name, value in (("frame", frame), ("indexed", indexed), ("array", array), ("image", image)):
        task.upload_artifact(name, value)

    pandas.testing.assert_frame_equal(read(task, "frame").get(), frame)
    pandas.testing.assert_frame_equal(read(task, "indexed").get(), indexed)
    back = read(task, "array").get()
    assert back.dtype == array.dtype
    assert (back == array).all()
    assert list(read(task, "image").get().getdata()) == list(image.getdata())
    endings = {name: Path(read(task, name).get_local_copy()).name for name in ("frame", "array", "image")}
    assert endings == {"frame": "frame.csv.gz", "array": "array.npz", "image": "image.png"}


def test_an_artifact_is_stored_as_it_was_when_given(lab: Any) -> None:
    task = lab.init()
    array = numpy.zeros(3)
    task.upload_artifact("a", array)
    array += 1

    assert read(task, "a").get().tolist() == [0, 0, 0]


def test_tr_60_unsupported_types_raise_and_pickles_are_asked_for(lab: Any) -> None:
    task = lab.init()

    for wrong in (object(), {"a": object()}, numpy.array([object()]), Path("nothing-here")):
        with pytest.raises(ValueError, match="artifact `a`"):
            task.upload_artifact("a", wrong)
    assert task.upload_artifact("p", complex(1, 2), auto_pickle=True)
    stored = read(task, "p")
    with pytest.raises(ValueError, match="executes code"):
        stored.get()
    assert stored.get(allow_pickle=True) == complex(1, 2)


def test_tr_60_success_is_told_when_waited_for(lab: Any) -> None:
    task = lab.init()

    assert task.upload_artifact("a", {"x": 1}, wait_on_upload=True) is True


def test_tr_55_files_folders_and_wildcards(lab: Any) -> None:
    task = lab.init()
    folder = Path("data")
    (folder / "deep").mkdir(parents=True)
    (folder / "a.txt").write_text("a")
    (folder / "deep" / "b.bin").write_bytes(bytes(range(256)))
    task.upload_artifact("file", "data/a.txt")
    task.upload_artifact("folder", folder)
    task.upload_artifact("some", "data/*.txt")

    assert read(task, "file").get().read_text() == "a"
    unpacked = Path(read(task, "folder").get())
    assert {path.relative_to(unpacked).as_posix() for path in unpacked.rglob("*") if path.is_file()} == {
        "a.txt",
        "deep/b.bin",
    }
    assert (unpacked / "deep" / "b.bin").read_bytes() == bytes(range(256))
    archive = read(task, "some").get_local_copy(extract_archive=False)
    assert zipfile.ZipFile(archive).namelist() == ["a.txt"]


def test_an_archive_never_unpacks_outside_of_its_folder(tmp_path: Path) -> None:
    from mendel.artifact_format import extract

    with zipfile.ZipFile(tmp_path / "bad.zip", "w") as archive:
        archive.writestr("../../evil.txt", "x")

    with pytest.raises(ValueError, match="outside"):
        extract(tmp_path / "bad.zip")


def test_tr_57_metadata_is_kept(lab: Any) -> None:
    task = lab.init()
    task.upload_artifact("a", {"x": 1}, metadata={"fold": 3, "note": "ü"})

    assert read(task, "a").metadata == {"fold": 3, "note": "ü"}


def test_tr_58_the_same_name_overwrites_and_the_older_stays_by_hash(lab: Any) -> None:
    task = lab.init()
    task.upload_artifact("a", "one")
    older = read(task, "a").hash
    task.upload_artifact("a", "two")

    assert read(task, "a").get() == "two"
    assert len(task.artifacts) == 1
    assert task._store.blob(older) == b"one"


def test_tr_59_the_local_file_is_deleted_only_after_it_is_stored(lab: Any) -> None:
    task = lab.init()
    path = Path("big.bin")
    path.write_bytes(b"x" * 100_000)

    task.upload_artifact("a", path, delete_after_upload=True)

    assert read(task, "a").size == 100_000
    assert not path.exists()


def test_tr_59_offline_the_file_is_kept(lab: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MENDEL_OFFLINE", "1")
    monkeypatch.setattr("mendel.artifacts.SETTLE_SECONDS", 0.3)
    task = lab.init()
    path = Path("big.bin")
    path.write_bytes(b"x")

    task.upload_artifact("a", path, delete_after_upload=True)
    task._uploads.wait(10)

    assert path.exists()


def test_tr_51_tr_53_tr_54_a_registered_table_is_followed_until_it_is_not(lab: Any) -> None:
    task = lab.init()
    frame = pandas.DataFrame({"n": [1, 1, 2], "v": [10, 20, 30]})

    task.register_artifact("table", frame, uniqueness_columns=["n"])
    assert task.get_registered_artifacts()["table"] is frame
    assert read(task, "table").get()["v"].tolist() == [20, 30]
    before = read(task, "table").timestamp
    task.flush(wait_for_uploads=True)
    assert read(task, "table").timestamp == before

    frame.loc[len(frame)] = [3, 40]
    task.flush(wait_for_uploads=True)
    assert read(task, "table").get()["v"].tolist() == [20, 30, 40]

    frame.loc[len(frame)] = [4, 50]
    task.unregister_artifact("table")
    frame.loc[len(frame)] = [5, 60]
    task.flush(wait_for_uploads=True)
    assert read(task, "table").get()["v"].tolist() == [20, 30, 40, 50]
    assert task.get_registered_artifacts() == {}


def test_tr_52_unknown_columns_and_other_types_are_refused(lab: Any) -> None:
    task = lab.init()

    with pytest.raises(ValueError, match="no column `x`"):
        task.register_artifact("t", pandas.DataFrame({"n": [1]}), uniqueness_columns=["x"])
    with pytest.raises(ValueError, match="only a DataFrame"):
        task.register_artifact("t", {"n": [1]})


def test_tr_88_the_list_of_artifacts_is_replaced(lab: Any) -> None:
    task = lab.init()
    task.upload_artifact("a", "one")
    task.upload_artifact("b", "two")
    kept = task.artifacts["b"]

    task.set_artifacts([kept, {"key": "c", "type": "custom", "uri": "s3://bucket/c"}])

    assert list(task.artifacts) == ["b", "c"]
    assert task.artifacts["c"].url == "s3://bucket/c"
    assert task.artifacts["b"].get() == "two"


def test_tr_17_tr_18_and_tr_80_files_also_go_to_the_output_destination(lab: Any) -> None:
    destination = lab.folder / "outputs"
    task = lab.init("a/b", output_uri=destination)
    task.upload_artifact("scores", {"a": 1})
    task.flush(wait_for_uploads=True)

    place = Path(task.get_output_destination("artifacts/scores/scores.json"))
    assert place == destination / lab.project / f"a_b.{task.id}" / "artifacts" / "scores" / "scores.json"
    assert place.read_text() == '{\n  "a": 1\n}'
    assert task.artifacts["scores"].url == str(place)


def test_tr_47_a_closed_task_takes_nothing_more(lab: Any) -> None:
    task = lab.init()
    logger = task.get_logger()
    logger.report_scalar("a", "b", 1, 1)
    task.close()

    with pytest.raises(TaskClosed, match="`main` is closed"):
        logger.report_scalar("a", "b", 2, 2)
    with pytest.raises(TaskClosed):
        task.upload_artifact("a", {"x": 1})
    assert lab.task().get_reported_scalars()["a"]["b"]["y"] == [1.0]
