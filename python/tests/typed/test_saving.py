"""Saving configurations and loading them again, also elsewhere."""

from __future__ import annotations

import copy
import json
import os
import pickle
import random
import subprocess
import sys
from pathlib import Path
from typing import Any, List, Optional

import pytest
import samples
from mendel import (
    Config,
    DataPath,
    LightweightTask,
    NotUsable,
    OptionalDataPath,
    Param,
    Task,
    deserialize,
    from_state_dict,
    identity,
    load,
    save,
    serialize,
    setmeta,
    state_dict,
    tag,
    tags,
)
from mendel.typed.dependencies import marker
from mendel.typed.finding import ClassNotFound
from shapes import Leaf, Loose, Pair, Single, Wide, ring


class Vocabulary(Config):
    """Travels with its files."""

    words: DataPath
    extra: OptionalDataPath


class Model(Config):
    """Holds what travels."""

    vocabulary: Param[Vocabulary]
    parts: Param[List[Vocabulary]] = []


class Learn(Task):
    """A task that things come from."""

    n: Param[int]


def test_tt_190_any_nesting_comes_back(tmp_path: Path) -> None:
    shared = Leaf(v=tag(1))
    value = {"a": [shared, (shared, 3)], "b": Wide(leaf=setmeta(Leaf(v=2), True))}
    for back in (load(save(value, tmp_path / "saved")), from_state_dict(state_dict(value))):
        assert back["a"][0] is back["a"][1][0] and back["a"][1][1] == 3
        assert back == value and tags(back["a"][0]) == {"v": 1}
        assert identity(back["b"]) == identity(value["b"])
    live = load(tmp_path / "saved", as_instance=True)
    assert live["a"][0].v == 1 and live["a"][0].mendel_config == shared


def test_tt_190_all_values_come_back_as_they_were() -> None:
    for name, one in samples.named().items():
        document = json.loads(json.dumps(state_dict(one), allow_nan=False))
        assert identity(from_state_dict(document)) == identity(one), name
    chance = random.Random(3)
    for _ in range(300):
        one = samples.configuration(chance, 3)
        assert identity(from_state_dict(json.loads(json.dumps(state_dict(one))))) == identity(one)


def test_tt_191_equal_configurations_are_saved_as_equal_bytes(tmp_path: Path) -> None:
    for name in ("one", "other"):
        save(samples.named()["wide full"], tmp_path / name)
    files = [(tmp_path / name / "configuration.json").read_bytes() for name in ("one", "other")]
    assert files[0] == files[1]
    entry = json.loads(files[0])["objects"][0]
    assert (entry["id"], entry["type_id"], entry["name"]) == (0, "shapes.wide", "Wide")
    assert entry["identity"] == str(identity(samples.named()["wide full"]))


def test_tt_192_shared_objects_and_cycles_survive() -> None:
    single = Single(v=1)
    for one in (Pair(one=single, other=single), Pair(one=Single(v=1), other=Single(v=1)), ring("a", "b").seal()):
        back = from_state_dict(state_dict(one))
        assert identity(back) == identity(one)
    assert from_state_dict(state_dict(ring("a"))).next.next.name == "a"


def test_tt_193_data_travels_with_the_configuration(tmp_path: Path) -> None:
    words, extra = tmp_path / "words.txt", tmp_path / "extra"
    words.write_text("words")
    extra.mkdir()
    (extra / "deep").write_text("deep")
    one = Model(vocabulary=Vocabulary(words=words, extra=extra), parts=[Vocabulary(words=words)])
    save(one, tmp_path / "saved")
    os.rename(tmp_path / "saved", tmp_path / "moved")
    words.unlink()
    back = load(tmp_path / "moved")
    assert back.vocabulary.words.read_text() == "words" and back.vocabulary.words.suffix == ".txt"
    assert (back.vocabulary.extra / "deep").read_text() == "deep" and back.parts[0].extra is None
    assert back.vocabulary.words != back.parts[0].words and identity(back) == identity(one)
    with pytest.raises(NotUsable, match="does not exist"):
        save(one, tmp_path / "again")


def test_tt_193_a_class_may_name_its_files_and_add_others(tmp_path: Path) -> None:
    class Named(Vocabulary):
        def __mendel_serialize__(self, context: Any) -> None:
            context.names["words"] = "vocabulary/all.txt"
            context.add(self.words, "more/copy.txt")

    class Escaping(Vocabulary):
        def __mendel_serialize__(self, context: Any) -> None:
            context.add(self.words, "../outside")

    words = tmp_path / "words.txt"
    words.write_text("words")
    folder = save(Named(words=words), tmp_path / "saved")
    assert (folder / "vocabulary/all.txt").read_text() == (folder / "more/copy.txt").read_text() == "words"
    assert load(folder).words == folder / "vocabulary/all.txt"
    with pytest.raises(NotUsable, match="outside"):
        save(Escaping(words=words), tmp_path / "other")


def test_tt_190_init_tasks_come_along_and_run_on_the_instance(tmp_path: Path) -> None:
    class Loader(LightweightTask):
        model: Param[Leaf]
        value: Param[int]

        def execute(self) -> None:
            self.model.v += self.value

    leaf = Leaf(v=1)
    serialize(leaf, tmp_path, init_tasks=[Loader(model=leaf, value=5), Loader(model=leaf, value=3)])
    back, init = deserialize(tmp_path)
    assert back.v == 1 and [one.value for one in init] == [5, 3] and init[0].model is back
    assert deserialize(tmp_path, as_instance=True).v == 9


def test_tt_158_tt_160_what_came_out_of_a_task_keeps_its_identity_and_has_no_dependency() -> None:
    from mendel.typed.dependencies import origins

    learn = Learn(n=tag(3)).seal()
    one = marker(learn)(Leaf(v=1))
    back = from_state_dict(state_dict(one))
    assert identity(back) == identity(one) != identity(Leaf(v=1)) and tags(back) == {"n": 3}
    user = Learn(n=1)
    assert list(origins(Pair(one=back, other=user))) == []


def test_tt_194_owners_need_not_be_there_and_nothing_is_executed(tmp_path: Path) -> None:
    learn = Learn(n=3).seal()
    document = state_dict(marker(learn)(Leaf(v=1)))
    for entry in document["objects"]:
        if entry["name"] == "Learn":
            entry["module"] = "gone.away"
    back = from_state_dict(document)
    assert identity(back) == identity(marker(learn)(Leaf(v=1)))
    assert identity(from_state_dict(state_dict(back))) == identity(back)
    document["objects"][0]["module"] = "gone.away"
    with pytest.raises(ClassNotFound, match="`Leaf`.*gone.away"):
        from_state_dict(document)


def test_tt_194_trap_11_the_classes_of_a_script_are_loaded_without_running_it(tmp_path: Path) -> None:
    script = tmp_path / "study.py"
    script.write_text(
        "import sys\n"
        "from typing import List\n"
        "from mendel import Config, Param, save\n"
        "BASE = 3\n"
        "class Part(Config):\n"
        "    x: Param[int] = BASE\n"
        "class Whole(Config):\n"
        "    parts: Param[List['Part']]\n"
        "open(sys.argv[1], 'a').write('ran\\n')\n"
        "whole = Whole(parts=[Part()])\n"
        "save(whole, sys.argv[2])\n"
    )
    log, saved = tmp_path / "log", tmp_path / "saved"
    subprocess.run([sys.executable, str(script), str(log), str(saved)], check=True, timeout=60)
    assert load(saved).parts[0].x == 3
    assert log.read_text() == "ran\n"
    script.unlink()
    for name in ("study",):
        sys.modules.pop(name, None)
    from mendel.typed import finding

    finding._made.clear()
    with pytest.raises(ClassNotFound, match="`Whole`.*study.py"):
        load(saved)


def test_tt_195_newer_files_are_refused_with_both_numbers() -> None:
    document = state_dict(Leaf(v=1))
    document["mendel"]["format"] = 99
    with pytest.raises(ValueError, match="99.*1"):
        from_state_dict(document)
    with pytest.raises(ValueError, match="no document"):
        from_state_dict({"objects": []})


def test_tt_196_a_recorded_identity_stands_and_a_difference_is_told() -> None:
    document = state_dict(Leaf(v=1))
    old = "m1:" + 64 * "a"
    document["objects"][0]["identity"] = old
    with pytest.warns(UserWarning, match=f"{old}.*{identity(Leaf(v=1))}"):
        assert identity(from_state_dict(document)) == old
    assert identity(from_state_dict(document, discard_id=True)) == identity(Leaf(v=1))


def test_configurations_can_be_pickled_and_copied() -> None:
    one = Wide(leaf=Leaf(v=3), items=[1])
    assert pickle.loads(pickle.dumps(one)) == one and copy.deepcopy(one) == one == copy.copy(one)
    sealed = Wide(items=[1]).seal()
    assert pickle.loads(pickle.dumps(sealed.items)) == [1]


def test_a_field_that_was_added_takes_its_default_and_one_that_went_is_told() -> None:
    class Evolving(Config):
        __mendel_id__ = "lab.saved"
        a: Param[int]

    document = state_dict(Evolving(a=1))

    class Evolving(Config):  # type: ignore[no-redef]  # noqa: F811
        __mendel_id__ = "lab.saved"
        a: Param[int]
        later: Param[Optional[int]]
        more: Param[int] = 7

    assert from_state_dict(document).more == 7
    document["objects"][0]["fields"]["gone"] = 3
    with pytest.warns(UserWarning, match="gone"):
        from_state_dict(document)


def test_loose_values_are_told_apart_in_files() -> None:
    value = [1, 1.0, True, "1", (1,), {1: 2}, {1}, {"object": 0}, {"path": "x"}, Path("x")]
    back = from_state_dict(json.loads(json.dumps(state_dict(Loose(x=value))))).x
    assert back == value and [type(item) for item in back] == [type(item) for item in value[:-1]] + [type(Path("x"))]
