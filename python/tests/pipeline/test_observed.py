"""Whatever a stage uses counts for it: listings, existence, variables, databases, programs, links."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any, Callable

import pytest
from observed import TASK, Place

BOTH = ["look 1", "look 2", "use 1", "use 2"]
ONE = ["look 1", "use 1"]

Change = Callable[[Place], Any]

CASES: dict[str, tuple[str, dict[str, str], Change, list[str], str]] = {
    "a file appears in a folder that is listed": (
        """
        import glob
        def look(input_id, pipeline, config):
            return sorted(glob.glob(f"data/{input_id}/*.csv"))
        """,
        {"data/1/a.csv": "", "data/2/a.csv": ""},
        lambda place: place.write("data/1/b.csv", ""),
        ONE,
        "data/1/b.csv",
    ),
    "a name goes from a folder": (
        """
        import os
        def look(input_id, pipeline, config):
            return len(os.listdir("data"))
        """,
        {"data/a.csv": "", "data/b.csv": ""},
        lambda place: (place.project / "data/b.csv").unlink(),
        BOTH,
        "data/b.csv",
    ),
    "a path comes to exist": (
        """
        from pathlib import Path
        def look(input_id, pipeline, config):
            return Path(f"mask-{input_id}.txt").exists()
        """,
        {},
        lambda place: place.write("mask-1.txt", ""),
        ONE,
        "mask-1.txt",
    ),
    "a file comes to be a folder": (
        """
        import os
        def look(input_id, pipeline, config):
            return os.path.isfile("thing")
        """,
        {"thing": ""},
        lambda place: ((place.project / "thing").unlink(), (place.project / "thing").mkdir()),
        BOTH,
        "thing",
    ),
    "a size is asked for": (
        """
        import os
        def look(input_id, pipeline, config):
            return os.path.getsize("data.bin")
        """,
        {"data.bin": "1"},
        lambda place: place.write("data.bin", "123"),
        BOTH,
        "data.bin",
    ),
    "a module that was looked for comes": (
        """
        import importlib.util
        def look(input_id, pipeline, config):
            return importlib.util.find_spec("extra_plugin") is not None
        """,
        {},
        lambda place: place.write("extra_plugin.py", ""),
        BOTH,
        "extra_plugin.py",
    ),
    "a plugin is loaded by its path": (
        """
        import importlib.util
        def look(input_id, pipeline, config):
            spec = importlib.util.spec_from_file_location("plugin", "plugins/first.py")
            module = importlib.util.module_from_spec(spec)
            spec.loader.exec_module(module)
            return module.VALUE
        """,
        {"plugins/first.py": "VALUE = 1"},
        lambda place: place.write("plugins/first.py", "VALUE = 2 # another"),
        BOTH,
        "plugins/first.py",
    ),
    "a variable of the environment changes": (
        """
        import os
        def look(input_id, pipeline, config):
            return os.environ["SCALE_BY"] if input_id == 1 else 0
        """,
        {},
        lambda place: place.environment.update(SCALE_BY="3"),
        ONE,
        "SCALE_BY",
    ),
    "a variable with a default comes": (
        """
        import os
        def look(input_id, pipeline, config):
            return os.getenv("THRESHOLD", "0.5")
        """,
        {},
        lambda place: place.environment.update(THRESHOLD="0.7"),
        BOTH,
        "THRESHOLD",
    ),
    "a database changes": (
        """
        import sqlite3
        def look(input_id, pipeline, config):
            connection = sqlite3.connect("data.db")
            found = connection.execute("SELECT value FROM data WHERE id = ?", (input_id,)).fetchone()[0]
            connection.close()
            return found
        """,
        {},
        lambda place: database(place, 7),
        BOTH,
        "data.db",
    ),
    "a program reads a file that is named": (
        """
        import subprocess
        def look(input_id, pipeline, config):
            return subprocess.run(["cat", "data.txt"], capture_output=True, text=True, check=True).stdout
        """,
        {"data.txt": "1"},
        lambda place: place.write("data.txt", "2"),
        BOTH,
        "data.txt",
    ),
    "a program reads a file that nothing names": (
        """
        import subprocess
        def look(input_id, pipeline, config):
            return subprocess.run(["sh", "tool.sh"], capture_output=True, text=True, check=True).stdout
        """,
        {"tool.sh": "cat deep/*.txt", "deep/data.txt": "1"},
        lambda place: place.write("deep/data.txt", "2"),
        BOTH,
        "code",
    ),
    "a pool of processes reads": (
        """
        import multiprocessing
        def read(path):
            return open(path).read()
        def look(input_id, pipeline, config):
            with multiprocessing.get_context("fork").Pool(2) as pool:
                return pool.map(read, [f"{input_id}.txt", "common.txt"])
        """,
        {"1.txt": "1", "2.txt": "2", "common.txt": "3"},
        lambda place: place.write("1.txt", "changed"),
        ONE,
        "1.txt",
    ),
    "a pool of new processes reads": (
        """
        from concurrent.futures import ProcessPoolExecutor
        from multiprocessing import get_context
        from reading import read
        def look(input_id, pipeline, config):
            with ProcessPoolExecutor(1, get_context("spawn")) as pool:
                return list(pool.map(read, [f"{input_id}.txt"]))
        """,
        {"reading.py": "def read(path):\n    return open(path).read()\n", "1.txt": "1", "2.txt": "2"},
        lambda place: place.write("1.txt", "changed"),
        ONE,
        "1.txt",
    ),
    "a Python that is started reads": (
        """
        import subprocess, sys
        def look(input_id, pipeline, config):
            words = [sys.executable, "tool.py", str(input_id)]
            return subprocess.run(words, capture_output=True, text=True, check=True).stdout
        """,
        {"tool.py": "import sys\nprint(open(sys.argv[1] + '.txt').read())", "1.txt": "1", "2.txt": "2"},
        lambda place: place.write("1.txt", "changed"),
        ONE,
        "1.txt",
    ),
    "arrays are mapped": (
        """
        import numpy
        def look(input_id, pipeline, config):
            return numpy.memmap("data.bin", dtype="uint8", mode="r").sum()
        """,
        {"data.bin": "1"},
        lambda place: place.write("data.bin", "2"),
        BOTH,
        "data.bin",
    ),
    "a table is read by a parser in C": (
        """
        import pandas
        def look(input_id, pipeline, config):
            return pandas.read_csv("data.csv").to_dict("list")
        """,
        {"data.csv": "a,b\n1,2\n"},
        lambda place: place.write("data.csv", "a,b\n1,3\n"),
        BOTH,
        "data.csv",
    ),
    "a link is turned": (
        """
        from pathlib import Path
        def look(input_id, pipeline, config):
            return (Path("current").resolve() / "data.txt").read_text()
        """,
        {"v1/data.txt": "1", "v2/data.txt": "2"},
        lambda place: turn(place, "v2"),
        BOTH,
        "current",
    ),
    "a file outside of the project changes": (
        """
        def look(input_id, pipeline, config):
            return open(f"{config.get('folder', '../outside')}/{input_id}.txt").read()
        """,
        {"../outside/1.txt": "1", "../outside/2.txt": "2"},
        lambda place: place.write("../outside/1.txt", "changed"),
        ONE,
        "outside/1.txt",
    ),
    "a file is read while a module is loaded": (
        """
        from tables import TABLE
        def look(input_id, pipeline, config):
            return TABLE
        """,
        {"tables.py": "TABLE = open('table.txt').read()\n", "table.txt": "1"},
        lambda place: place.write("table.txt", "2"),
        BOTH,
        "table.txt",
    ),
    "a cache of the process was filled by another input": (
        """
        KNOWN = {}
        def look(input_id, pipeline, config):
            if "table" not in KNOWN:
                KNOWN["table"] = open("table.txt").read()
            return KNOWN["table"]
        """,
        {"table.txt": "1"},
        lambda place: place.write("table.txt", "2"),
        BOTH,
        "table.txt",
    ),
    "a function keeps what it read": (
        """
        from functools import lru_cache
        @lru_cache(None)
        def table():
            return open("table.txt").read()
        def look(input_id, pipeline, config):
            return table()
        """,
        {"table.txt": "1"},
        lambda place: place.write("table.txt", "2"),
        BOTH,
        "table.txt",
    ),
    "a function keeps what it read for each input": (
        """
        from functools import lru_cache
        @lru_cache(None)
        def table(name):
            return open(name).read()
        def look(input_id, pipeline, config):
            return table(f"{input_id}.txt")
        """,
        {"1.txt": "1", "2.txt": "2"},
        lambda place: place.write("1.txt", "changed"),
        ONE,
        "1.txt",
    ),
    "only what one input reads is changed": (
        """
        def look(input_id, pipeline, config):
            return open(f"{input_id}.txt").read()
        """,
        {"1.txt": "1", "2.txt": "2"},
        lambda place: place.write("1.txt", "changed"),
        ONE,
        "1.txt",
    ),
}


def database(place: Place, value: int) -> None:
    with sqlite3.connect(place.project / "data.db") as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS data (id, value)")
        connection.execute("DELETE FROM data")
        connection.executemany("INSERT INTO data VALUES (?, ?)", [(1, value), (2, value)])
    connection.close()


def turn(place: Place, target: str) -> None:
    link = place.project / "current"
    link.unlink(missing_ok=True)
    link.symlink_to(target)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.replace(" ", "-"))
def test_rp_what_a_stage_uses_counts(case: str, tmp_path: Path) -> None:
    look, files, change, computed, reason = CASES[case]
    place = Place(tmp_path, look, files, TASK)
    place.environment["SCALE_BY"] = "2"
    database(place, 5)
    turn(place, "v1")
    place.settle()
    change(place)
    place.expect(computed, reason)
