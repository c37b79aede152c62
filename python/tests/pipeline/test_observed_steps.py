"""What is used outside of `process` counts, what a pipeline makes itself keeps nothing stale, and doubts compute."""

from __future__ import annotations

import os
import textwrap
from pathlib import Path

from observed import STAGES, TASK, Place

BOTH = ["look 1", "look 2", "use 1", "use 2"]
LOOK = "def look(input_id, pipeline, config):\n    return input_id\n"


def stages(*edits: tuple[str, str]) -> str:
    """The module of the stages, changed."""
    text = textwrap.dedent(STAGES)
    for old, new in edits:
        assert old in text
        text = text.replace(old, new, 1)
    return text


def test_rp_what_a_stage_reads_when_it_is_made_counts_for_it(tmp_path: Path) -> None:
    place = Place(tmp_path, LOOK, {"weights.txt": "1"})
    made = '    def __init__(self):\n        super().__init__()\n        self.weights = open("weights.txt").read()\n\n'
    at = "class Look(Stage):\n    inputs"
    place.write(
        "stages.py", stages((at, f"class Look(Stage):\n{made}    inputs"), ("look(input_id,", "self.weights + str("))
    )
    place.write(
        "stages.py", (place.project / "stages.py").read_text().replace("str( pipeline, config)", "str(input_id)")
    )
    place.settle()
    place.write("weights.txt", "2")
    place.expect(BOTH, "weights.txt")


def test_rp_what_a_stage_is_configured_from_counts(tmp_path: Path) -> None:
    place = Place(
        tmp_path, "def look(input_id, pipeline, config):\n    return config['scale']\n", {"1.txt": "1", "2.txt": "2"}
    )
    rule = (
        "    def configure(self, pipeline, input_id):\n"
        '        return {"scale": (float(open(f"{input_id}.txt").read()), 1.0)}\n\n'
    )
    place.write("stages.py", stages(("class Look(Stage):\n", f"class Look(Stage):\n{rule}")))
    place.settle()
    place.write("1.txt", "7")
    place.expect(["look 1", "use 1"], "1.txt")


def test_rp_what_the_class_of_a_pipeline_reads_counts_for_every_stage(tmp_path: Path) -> None:
    task = "runnable: true\npipeline: ready.Ready\ninput_ids: [1, 2]\n"
    place = Place(tmp_path, LOOK, {"ready.txt": "1"}, task)
    place.write(
        "ready.py",
        "from mendel import Pipeline\nfrom stages import Look, Other, Use\n\n\nclass Ready(Pipeline):\n"
        "    def __init__(self, scopes=None):\n        self.size = open('ready.txt').read()\n"
        "        super().__init__([Look(), Other(), Use()], scopes)\n",
    )
    place.settle()
    place.write("ready.txt", "2")
    place.expect([*BOTH, "other 1", "other 2"], "ready.txt")


def test_rp_what_a_callback_reads_counts(tmp_path: Path) -> None:
    place = Place(tmp_path, LOOK, {"told.txt": "1"})
    made = (
        "    def __init__(self):\n        super().__init__()\n"
        '        self.add_callback("start", self.told)\n\n'
        "    def told(self, *of, **about):\n"
        '        about["config"].entries.update(told=open("told.txt").read())\n\n'
    )
    place.write("stages.py", stages(("class Look(Stage):\n", f"class Look(Stage):\n{made}")))
    place.settle()
    place.write("told.txt", "2")
    assert place.status()[0] == "specification"
    assert place.run() == ["look 1", "look 2"]
    assert place.run() == []


def test_rp_what_an_earlier_stage_writes_counts_by_its_content_and_settles(tmp_path: Path) -> None:
    look = """
        import os
        def look(input_id, pipeline, config):
            path = pipeline.resolve("made", input_id)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(str(config.get("size", 1)) * 3)
            os.makedirs("cache", exist_ok=True)
            with open(f"cache/{input_id}.txt", "w") as file:
                file.write("cached")
            return input_id
    """
    task = f"{TASK}scopes: {{made: 'made/%s.txt'}}\n"
    place = Place(tmp_path, look, {"extra.txt": "1"}, task)
    place.write(
        "stages.py",
        stages(
            (
                '"used": str(value)',
                '"used": pipeline.resolve("made", input_id).read_text() + open(f"cache/{input_id}.txt").read()',
            )
        ),
    )
    place.settle()
    (place.project / "cache/1.txt").write_text("edited")
    place.expect(["use 1"], "cache/1.txt")
    (place.project / "tree/made/2.txt").write_text("edited")
    # The file of a scope is put back: what was made holds.
    assert place.run() == []
    assert (place.project / "tree/made/2.txt").read_text() == "111"


def test_rp_files_that_a_pipeline_writes_do_not_make_programs_stale(tmp_path: Path) -> None:
    look = """
        import subprocess
        def look(input_id, pipeline, config):
            with open(f"made-{input_id}.txt", "w") as file:
                file.write(str(input_id))
            return subprocess.run("cat inputs/*.txt | sort", shell=True, capture_output=True, text=True).stdout
    """
    place = Place(tmp_path, look, {"inputs/a.txt": "1"})
    place.settle()
    place.write("inputs/b.txt", "2")
    place.expect(BOTH, "inputs")
    shown = place.mendel("results", "tree")
    assert shown["inputs"]
    place.write("unrelated.txt", "1")
    pending, reasons = place.status()
    assert pending == "specification" and '"subject": "."' in reasons
    assert place.run() == ["look 1", "look 2"]
    (place.project / "made-1.txt").write_text("by hand")
    assert place.status()[0] == "specification"


def test_rp_a_forced_result_supersedes_one_that_saw_less(tmp_path: Path) -> None:
    flag = Path(f"/dev/shm/mendel-test-{os.getpid()}")
    # What lies there is never observed.
    look = f"""
        import os
        def look(input_id, pipeline, config):
            return open("data.txt").read() if os.path.exists("{flag}") else "nothing"
    """
    place = Place(tmp_path, look, {"data.txt": "1"})
    place.settle()
    try:
        flag.write_text("")
        assert place.run() == []
        assert len(place.run("--force")) == 6
        assert place.run() == []
        place.write("data.txt", "2")
        place.expect(BOTH, "data.txt")
        place.write("data.txt", "3")
        place.expect(BOTH, "data.txt")
        place.write("data.txt", "1")
        # The forced one is found again, not the one before.
        assert place.run() == []
        assert place.mendel("results", "tree", "--field", "value", "--input", "1")
    finally:
        flag.unlink(missing_ok=True)


def test_rp_a_file_that_changes_while_it_is_read_is_a_doubt(tmp_path: Path) -> None:
    look = """
        import os, subprocess
        def look(input_id, pipeline, config):
            text = open("data.txt").read()
            if input_id == 1:
                subprocess.run("touch -d 2020-01-01 da''ta.txt", shell=True)
            return text
    """
    place = Place(tmp_path, look, {"data.txt": "1"})
    place.run()
    pending, reasons = place.status()
    assert pending == "specification" and "changed while it ran" in reasons
    assert "look 1" in place.run()


def test_rp_several_processes_observe_each_their_own(tmp_path: Path) -> None:
    look = """
        def look(input_id, pipeline, config):
            return open(f"{input_id}.txt").read()
    """
    place = Place(tmp_path, look, {f"{one}.txt": "1" for one in range(8)})
    place.write("tree/task.yml", TASK.replace("[1, 2]", "[0, 1, 2, 3, 4, 5, 6, 7]"))
    assert len(place.run("--jobs", "3")) == 24
    assert place.run("--jobs", "3") == []
    place.write("5.txt", "2")
    assert place.run("--jobs", "3") == ["look 5", "use 5"]


def test_rp_an_edit_undone_finds_the_older_result_of_data(tmp_path: Path) -> None:
    look = """
        import os
        def look(input_id, pipeline, config):
            return [open(f"data/{name}").read() for name in sorted(os.listdir("data"))]
    """
    place = Place(tmp_path, look, {"data/a.txt": "1"})
    place.settle()
    place.write("data/b.txt", "2")
    place.expect(BOTH, "data/b.txt")
    (place.project / "data/b.txt").unlink()
    assert place.status()[0] == "specification"
    assert place.run() == []
    assert place.status() == ("", "[]")


LIBRARY = """import ctypes
import os

c = ctypes.CDLL(None)


def read(path):
    descriptor = c.open(os.fsencode(path), 0)
    assert descriptor >= 0, path
    content = ctypes.create_string_buffer(100)
    size = c.read(descriptor, content, 100)
    c.close(descriptor)
    return content.raw[:size].decode()
"""


def library(place: Place) -> None:
    """Installs a library that opens files without Python's knowledge."""
    folder = place.folder / "site-packages"
    folder.mkdir()
    (folder / "h5py.py").write_text(LIBRARY)
    place.environment["PYTHONPATH"] = str(folder)


def test_rp_files_that_a_library_in_c_opens_count_where_something_names_them(tmp_path: Path) -> None:
    look = """
        import h5py
        def look(input_id, pipeline, config):
            with open(f"made-{input_id}.txt", "w") as file:
                file.write("made")
            return h5py.read(config.get("store", "store/1.h5"))
    """
    place = Place(tmp_path, look, {"store/1.h5": "1", "store/2.h5": "2", "other.txt": "3"})
    library(place)
    place.settle()
    place.write("other.txt", "changed")
    place.write("looking.py", (place.project / "looking.py").read_text() + "# a remark\n")
    assert place.run() == []
    place.write("store/1.h5", "changed")
    assert place.status()[0] == "specification" and "store/1.h5" in place.status()[1]
    assert {"look 1", "look 2"} <= set(place.run())
    assert place.run() == []


def test_rp_where_nothing_names_what_a_library_opens_all_data_counts(tmp_path: Path) -> None:
    look = """
        import h5py
        def look(input_id, pipeline, config):
            with open(f"made-{input_id}.txt", "w") as file:
                file.write("made")
            return h5py.read("".join(map(chr, [100, 47, 49])))
    """
    place = Place(tmp_path, look, {"d/1": "1"})
    library(place)
    place.settle()
    place.write("looking.py", (place.project / "looking.py").read_text() + "# a remark\n")
    assert place.run() == []
    place.write("d/1", "2")
    pending, reasons = place.status()
    assert pending == "specification" and '"subject": "."' in reasons
    assert {"look 1", "look 2", "use 1", "use 2"} <= set(place.run())
    assert place.run() == []
    assert "depends on every file of the project: what `h5py` reads" in place.mendel("show", "@1", "--log")["log"]


def test_rp_files_that_a_program_makes_are_its_own(tmp_path: Path) -> None:
    look = """
        import os, subprocess, tempfile
        def look(input_id, pipeline, config):
            out = pipeline.resolve("out", input_id)
            out.parent.mkdir(exist_ok=True)
            subprocess.run(["cp", f"in-{input_id}.txt", out], check=True)
            subprocess.run(["cp", f"in-{input_id}.txt", f"copy-{input_id}.txt"], check=True)
            place = os.path.join(tempfile.mkdtemp(), "it")
            other = f"/tmp/mendel-{os.getpid()}-{input_id}"
            for path in (place, other):
                subprocess.run(["cp", out, path], check=True)
            found = [open(path).read() for path in (place, other, out, f"copy-{input_id}.txt")]
            os.remove(other)
            return found
    """
    task = f"{TASK}scopes: {{out: 'out/%s.txt'}}\n"
    place = Place(tmp_path, look, {"in-1.txt": "1", "in-2.txt": "2"}, task)
    place.settle()
    place.write("in-1.txt", "changed")
    assert place.status()[0] == "specification"
    assert {"look 1", "use 1"} <= set(place.run())
    place.run()
    assert place.run() == []
