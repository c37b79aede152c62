"""Datasets given by path, and those that tasks make."""

from __future__ import annotations

import gzip
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from coretex import (
    BBox,
    CoretexImageAnnotation,
    CoretexSegmentationInstance,
    CustomDataset,
    ImageDataset,
    ImageDatasetClass,
    ImageDatasetClasses,
    SequenceDataset,
    createDataset,
    folder_manager,
)


def archive(path: Path, **files: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as into:
        for name, text in files.items():
            into.writestr(f"{name}.txt", text)
    return path


def test_archives_folders_and_files_are_samples(run: Any, write: Any) -> None:
    archive(run.folder / "data/b.zip", text="from b")
    write("data/a/text.txt", "from a")
    write("data/c.txt", "from c")
    write("data/.hidden", "no sample")

    dataset = run.params(("dataset", "data", "dataset")).dataset

    assert isinstance(dataset, CustomDataset)
    assert [sample.name for sample in dataset.samples] == ["a", "b", "c"]
    texts = [next(sample.path.glob("*.txt")).read_text() for sample in dataset.samples]
    assert texts == ["from a", "from b", "from c"]
    assert dataset.samples[1].zipPath == run.folder / "data/b.zip"
    assert dataset.samples[1].joinPath("text.txt").is_file()
    assert dataset.samples[1].load().folderContent == {"text.txt": b"from b"}
    dataset.refresh()
    assert dataset.count == 3
    assert (run.folder / "data/.unpacked/.coretexignore").exists()


def test_a_changed_archive_is_unpacked_anew(run: Any) -> None:
    path = archive(run.folder / "data/a.zip", text="old")
    sample = CustomDataset(run.folder / "data").samples[0]
    sample.unzip()

    archive(path, text="new")
    sample.unzip(ignoreCache=True)

    assert (sample.path / "text.txt").read_text() == "new"


def test_samples_are_found_by_the_beginning_of_their_name(run: Any, write: Any) -> None:
    for name in ("ab", "abc", "b"):
        write(f"data/{name}/x", "")
    dataset = CustomDataset(run.folder / "data")

    assert dataset.getSample("abc").name == "abc"
    assert dataset.getSample("ab").name == "ab"
    assert dataset.getSample("a").name == "ab"
    assert dataset.getSample("c") is None


def test_a_missing_dataset_names_where_it_was_looked_for(run: Any) -> None:
    with createDataset(CustomDataset, "peas-and-beans", 1):
        pass
    old = run.params(("dataset", "peas-and-bens", "dataset"), ("other", "nowhere", "model"))

    with pytest.raises(LookupError) as error:
        old.parameters

    assert "`peas-and-bens`" in str(error.value) and "`peas-and-beans`" in str(error.value)
    assert str(run.folder) in str(error.value) and "`nowhere`" in str(error.value)


def test_ct_39_a_made_dataset_is_found_by_later_runs_with_its_version(run: Any, write: Any) -> None:
    old = run.params()
    with createDataset(CustomDataset, "peas", old.projectId) as made:
        first = made.add(archive(run.folder / "s.zip", text="1"))
        second = made.add(run.folder / "s.zip")
        made.add(write("note.txt", "kept"), "remark")
    old.submitOutput("dataset", made)

    assert [first.name, second.name] == ["s", "s-1"]
    with pytest.raises(PermissionError, match="read-only"):
        made.add(run.folder / "s.zip")
    again = run.params(("dataset", "peas", "dataset"), ("byNumber", made.id, "dataset"))
    again.setDatasetType(CustomDataset)
    assert again.dataset.version == made.version
    assert [sample.name for sample in again.parameters["byNumber"].samples] == ["remark", "s", "s-1"]
    assert run.stored("dataset")["metadata"]["value"] == {"dataset": "peas", "id": made.id, "version": made.version}
    recorded = run.stored("datasets/peas")
    assert recorded["type"] == "dataset" and recorded["metadata"]["version"] == made.version


def test_datasets_with_the_same_samples_share_version_and_storage(run: Any, write: Any) -> None:
    text = write("note.txt", "kept")
    made = []
    for name in ("one", "two"):
        with createDataset(CustomDataset, name, 1) as dataset:
            dataset.add(text)
        made.append(dataset)

    one, two = (dataset.samples[0].source for dataset in made)
    assert made[0].version == made[1].version
    assert one != two and one.samefile(two)
    assert text.stat().st_nlink == 1


def test_an_exception_leaves_a_dataset_open(run: Any) -> None:
    with pytest.raises(KeyError), createDataset(CustomDataset, "broken", 1) as dataset:
        raise KeyError("x")

    assert not dataset.isLocked
    assert CustomDataset.fetchByName("broken").name == "broken"


def test_a_cached_dataset_is_found_by_what_it_depends_on(run: Any, write: Any) -> None:
    assert CustomDataset.fetchCachedDataset(["a", "1"]) is None
    made = CustomDataset.createCacheDataset("split", ["a", "1"], 1)
    made.add(write("x.txt"))
    made.finalize()

    found = CustomDataset.fetchCachedDataset(["a", "1"])

    assert found is not None and found.id == made.id
    assert [dataset.id for dataset in CustomDataset.fetchAll(name=made.name, include_sessions=1)] == [made.id]


def test_a_dataset_given_by_path_takes_no_samples(run: Any, write: Any) -> None:
    write("data/a/x")

    with pytest.raises(PermissionError, match="given by path"):
        CustomDataset(run.folder / "data").add(write("y"))


def test_images_are_read_upright_with_what_is_known_of_them(run: Any) -> None:
    numpy = pytest.importorskip("numpy")
    image = pytest.importorskip("PIL.Image")
    picture = image.fromarray(numpy.zeros((4, 6), dtype="uint8"))
    exif = image.Exif()
    exif[0x0112] = 6
    (run.folder / "set/one").mkdir(parents=True)
    picture.save(run.folder / "set/one/photo.jpeg", exif=exif)
    picture.save(run.folder / "set/one/thumb_photo.png")
    outline = [0, 0, 2, 0, 2, 2, 0, 2]
    instance = CoretexSegmentationInstance.create(7, BBox.fromPoly(outline), [outline])
    annotation = CoretexImageAnnotation.create("photo", 4, 6, [instance])
    (run.folder / "set/one/annotations.json").write_text(json.dumps(annotation.encode()))
    (run.folder / "set/one/metadata.json").write_text('{"camera": "a"}')
    (run.folder / "set/classes.json").write_text('[{"ids": [7], "name": "pea", "color": "#00ff00"}]')
    (run.folder / "task.yaml").write_text("project_type: 1\n")

    dataset = run.params(("dataset", "set", "dataset")).dataset

    assert isinstance(dataset, ImageDataset)
    assert dataset.count == 1 and dataset.classes.labels == ["pea"]
    data = dataset.samples[0].load()
    assert data.image.shape == (6, 4, 3)
    assert data.metadata == {"camera": "a"}
    assert data.annotation == annotation
    mask = data.extractSegmentationMask(dataset.classes)
    assert mask.shape == (6, 4) and mask[1, 1] == 1 and mask[5, 3] == 0


def test_images_of_a_made_dataset_take_annotations(run: Any) -> None:
    image = pytest.importorskip("PIL.Image")
    image.new("RGB", (3, 2)).save(run.folder / "a.png")
    with createDataset(ImageDataset, "pictures", 1) as dataset:
        sample = dataset.add(run.folder / "a.png")
        sample.saveAnnotation(CoretexImageAnnotation.create("a", 3, 2, []))
        sample.saveMetadata({"from": "test"})
        dataset.saveClasses(ImageDatasetClasses([ImageDatasetClass([0], "x")]))

    again = ImageDataset.fetchByName("pictures")

    assert again.samples[0].load().metadata == {"from": "test"}
    assert again.samples[0].load().annotation.width == 3
    assert again.classes.labels == ["x"]


def test_outlines_turn_about_a_point() -> None:
    instance = CoretexSegmentationInstance.create(1, BBox(), [[0, 0, 2, 0, 2, 1]])

    instance.rotateSegmentations(90, (0, 0))

    assert [round(number) for number in instance.segmentations[0]] == [0, 0, 0, 2, -1, 2]
    assert [round(instance.bbox.width), round(instance.bbox.height)] == [1, 2]


def test_sequences_are_single_or_paired_and_unpacked(run: Any, write: Any) -> None:
    write("single/a/a.fasta", ">x\nACGT\n")
    for mark in ("R1", "R2"):
        path = write(f"paired/b/b_{mark}_001.fastq.gz")
        path.write_bytes(gzip.compress(mark.encode()))
    write("paired/_metadata/metadata.csv", "id\n")
    single, paired = SequenceDataset(run.folder / "single"), SequenceDataset(run.folder / "paired")

    sample = paired.samples[0]
    sample.unzip()

    assert not single.isPairedEnd() and single.samples[0].sequencePath.name == "a.fasta"
    assert paired.isPairedEnd() and paired.count == 1 and paired.metadata.name == "_metadata"
    assert sample.forwardPath.read_text() == "R1" and sample.reversePath.name == "b_R2_001.fastq"
    with pytest.raises(ValueError, match="paired"):
        sample.sequencePath


def test_a_dataset_of_sequences_is_made_with_its_metadata(run: Any, write: Any) -> None:
    made = SequenceDataset.createSequenceDataset("reads", 1, write("about.csv", "id\n"))
    made.add(write("a.fastq", "@x"))
    made.finalize()

    assert [sample.name for sample in made.samples] == ["a"]
    assert (made.metadata.path / "_metadata.csv").read_text() == "id\n"
    assert CustomDataset.decode(made.encode()).count == 2


def test_temporary_samples_lie_in_the_folder_of_the_run(run: Any, write: Any) -> None:
    write("data/a.txt", "x")

    path = CustomDataset(run.folder / "data").samples[0].path

    assert path.is_relative_to(folder_manager.temp)
