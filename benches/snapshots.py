"""F: a folder of 5 000 files is frozen, and frozen again unchanged."""

from __future__ import annotations

import pathlib
import shutil
from collections.abc import Callable

import kit

FILES = 5_000
REPETITIONS = 3
IDENTITY = ["-c", "user.name=bench", "-c", "user.email=bench@localhost"]


def tree(folder: pathlib.Path) -> None:
    """Files that differ, with a task to run."""
    for number in range(FILES):
        path = folder / f"part{number % 50:02}" / f"module{number:05}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"VALUE = {number}\n" * 400)
    (folder / "main.py").write_text("pass\n")
    (folder / "task.yaml").write_text("name: tree\n")


def mendel(folder: pathlib.Path) -> dict[str, float]:
    """Two whole requests: the first runs the task in a restored copy, the second is answered."""
    words = [kit.MENDEL, "run", "--env", "system", "--no-monitor", "--entry", "main.py", folder]
    return both(lambda: kit.run(words, folder), lambda: kit.run(words, folder))


def git(folder: pathlib.Path) -> dict[str, float]:
    """A first commit, then the status."""

    def commit() -> None:
        kit.run(["git", "init", "-q"], folder)
        kit.run(["git", "add", "-A"], folder)
        kit.run(["git", *IDENTITY, "commit", "-qm", "all"], folder)

    status = ["git", "status", "--short"]
    return both(commit, lambda: kit.run(status, folder))


def dvc(folder: pathlib.Path) -> dict[str, float]:
    """The folder as one data set, then its status."""
    program = kit.python_of("dvc").with_name("dvc")
    parts = sorted(path.name for path in folder.glob("part*"))
    (folder / "data").mkdir()
    for part in parts:
        (folder / part).rename(folder / "data" / part)
    kit.run([program, "init", "--no-scm", "-q"], folder)
    add, status = [program, "add", "-q", "data"], [program, "status", "-q"]
    return both(lambda: kit.run(add, folder), lambda: kit.run(status, folder))


def both(first: Callable[[], object], again: Callable[[], object]) -> dict[str, float]:
    """The first time, and the best of three after it: the first of those settles the index."""
    began = kit.cost(first)
    later = [kit.cost(again) for _ in range(3)]
    return {
        "first": began.wall,
        "first cpu": began.cpu,
        "again": min(one.wall for one in later),
        "again cpu": min(one.cpu for one in later),
    }


def side(measure: Callable[[pathlib.Path], dict[str, float]], parent: pathlib.Path) -> Callable[[], dict[str, float]]:
    """One side on a tree of its own."""

    def in_tree() -> dict[str, float]:
        folder = parent / f"tree-{measure.__name__}"
        shutil.rmtree(folder, ignore_errors=True)
        tree(folder)
        try:
            return measure(folder)
        finally:
            shutil.rmtree(folder)

    return in_tree


def rows(folder: pathlib.Path) -> list[kit.Row]:
    """The first time, and unchanged."""
    found = kit.interleaved({one.__name__: side(one, folder) for one in (mendel, git, dvc)}, REPETITIONS)
    return [
        kit.row(f"F1 first snapshot of {FILES} files (mendel: with a whole run)", "ms", found, "first"),
        kit.row("F1 the same, CPU", "ms", found, "first cpu"),
        kit.row("F2 the same, unchanged (mendel: a whole answered request)", "ms", found, "again"),
        kit.row("F2 the same, CPU", "ms", found, "again cpu"),
    ]
