"""E3 to E9: staged pipelines over trees of tasks: what is known, what is run, what is kept.

All sides work on one project: its stages derive from `repype.stage.Stage`, which Mendel
provides where the package is not installed.
"""

from __future__ import annotations

import json
import os
import pathlib
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable

import kit

TREES = (100, 200, 500)
FINISHED = 500
MANY = 10_000
CODE = (50, 300)
"""Stages and the modules that each of them reaches."""
TRIVIAL = 20
STEPS = (100, 100)
"""Stages and inputs of trivial work."""
PLANNED = (1_000, 1_000)
REPETITIONS = 2

STAGE = """
class {name}(Stage):
    inputs, outputs = [{given}], [{made}]
    def process(self, {given_names}, pipeline, config, status):
        return {{{body}}}
"""
HEAD = "import numpy\nfrom repype.stage import Stage\n"
PLAIN_HEAD = "from repype.stage import Stage\n"
# The peer measures within its process, so that its imports do not count.
LOAD = """
import sys, time
import repype.batch
sys.path.insert(0, ".")
batch = repype.batch.Batch()
began = time.process_time()
batch.load("tree")
print(time.process_time() - began)
"""
FINISH = """
import sys
import repype.batch
sys.path.insert(0, ".")
batch = repype.batch.Batch()
batch.load("tree")
for context in batch.contexts:
    if context.task.runnable:
        context.run()
"""


def stage(name: str, given: str, **made: str) -> str:
    """The source of one stage: an expression for each field that it makes."""
    body = ", ".join(f"{field!r}: {expression}" for field, expression in made.items())
    names = ", ".join(map(repr, made))
    return STAGE.format(name=name, given=repr(given), given_names=given, made=names, body=body)


TWO = stage("Double", "input_id", twice="input_id * config.get('by', 2)") + stage(
    "Add", "twice", total="twice + config.get('plus', 1)"
)


def arrays(size: int) -> str:
    """Two arrays of `size` numbers, a number of one of them, and what becomes of that."""
    make = f"numpy.random.default_rng(input_id).random({size})"
    return (
        HEAD
        + stage("Make", "input_id", a=make, b=make)
        + stage("Mean", "a", mean="float(a.mean())")
        + stage("Scale", "mean", scaled="mean * config.get('by', 2)")
    )


def chain(count: int) -> str:
    """Stages of trivial work, one after the other."""
    fields = ["input_id", *(f"f{number}" for number in range(count))]
    stages = [stage(f"S{n}x", fields[n], **{fields[n + 1]: f"{fields[n]} + 1"}) for n in range(count)]
    return PLAIN_HEAD + "".join(stages)


def project(folder: pathlib.Path, stages: str, names: list[str], root: dict[str, object]) -> pathlib.Path:
    """A fresh project with the root of a tree; answers the tree."""
    shutil.rmtree(folder, ignore_errors=True)
    tree = folder / "tree"
    tree.mkdir(parents=True)
    (folder / "mendel.toml").write_text("")
    (folder / "stages.py").write_text(stages)
    task(tree, {"pipeline": [f"stages.{name}" for name in names], **root})
    return tree


def task(folder: pathlib.Path, spec: dict[str, object]) -> None:
    """A task; JSON is YAML."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "task.yml").write_text(json.dumps(spec))


def tree_of(folder: pathlib.Path, count: int) -> list[pathlib.Path]:
    """Tasks in groups of 25, each with a value of its own."""
    tree = project(folder, PLAIN_HEAD + TWO, ["Double", "Add"], {"runnable": False, "input_ids": 1})
    tasks = [tree / f"g{number // 25:03}" / f"t{number:05}" for number in range(count)]
    for number, path in enumerate(tasks):
        if number % 25 == 0:
            task(path.parent, {})
        task(path, {"runnable": True, "config": {"add": {"plus": number}}})
    return tasks


def finish(folder: pathlib.Path, tasks: list[pathlib.Path]) -> None:
    """Runs the first task, and notes the same of all: each as if it had been run."""
    kit.run([kit.MENDEL, "run", "--env", "system", "tree", "--task", tasks[0].relative_to(folder)], folder)
    with sqlite3.connect(folder / ".mendel" / "mendel.db") as store:
        ((note,),) = store.execute("SELECT document FROM notes WHERE key = ?", [f"task:{tasks[0]}"])
        notes = ((f"task:{path}", note.replace('"plus":0', f'"plus":{n}')) for n, path in enumerate(tasks))
        store.executemany("INSERT OR REPLACE INTO notes (key, document) VALUES (?, ?)", notes)


def mendel(*words: str) -> list[object]:
    """A command of Mendel."""
    return [kit.MENDEL, words[0], *(["--env", "system", "--no-monitor"] if words[0] == "run" else []), *words[1:]]


def repype(*words: str) -> list[object]:
    """A command of repype."""
    return [kit.python_of("repype"), "-m", "repype", *words]


def cpu(words: list[object], folder: pathlib.Path) -> float:
    """Milliseconds of the processors for one command."""
    return kit.cost(lambda: kit.run(words, folder)).cpu


def load(name: str, parent: pathlib.Path) -> dict[str, float]:
    """Trees of several sizes are read."""
    told = {}
    for count in TREES:
        folder = parent / f"load-{name}"
        tree_of(folder, count)
        if name == "mendel":
            cpu(mendel("status", "tree"), folder)
            told[str(count)] = cpu(mendel("status", "tree"), folder)
        else:
            told[str(count)] = float(kit.run([kit.python_of("repype"), "-c", LOAD], folder)) * 1e3
    return told


def status(name: str, parent: pathlib.Path) -> dict[str, float]:
    """All tasks are finished; the whole command says so."""
    folder = parent / f"status-{name}"
    tasks = tree_of(folder, FINISHED)
    if name == "mendel":
        finish(folder, tasks)
        kit.run(mendel("status", "tree"), folder)
        return {"cpu": cpu(mendel("status", "tree"), folder)}
    # A process for each of them would take ten minutes.
    kit.run([kit.python_of("repype"), "-c", FINISH], folder)
    return {"cpu": cpu(repype("tree"), folder)}


def code(name: str, parent: pathlib.Path) -> dict[str, float]:
    """Every stage reaches every module of a package; nothing changed since the last look."""
    folder, (stages, modules) = parent / f"code-{name}", CODE
    names = [f"S{number}x" for number in range(stages)]
    texts = [stage(one, "input_id", **{f"f{number}": "m0.reach(input_id)"}) for number, one in enumerate(names)]
    project(folder, f"{PLAIN_HEAD}from pack import m0\n{''.join(texts)}", names, {"runnable": True, "input_ids": 1})
    (folder / "pack").mkdir()
    (folder / "pack" / "__init__.py").write_text("")
    for number in range(modules):
        after = [f"m{one}" for one in (2 * number + 1, 2 * number + 2) if one < modules]
        head = "".join(f"from pack import {one}\n" for one in after)
        body = " + ".join(["value + STEP", *(f"{one}.reach(value)" for one in after)])
        text = f"{head}STEP = {number}\n\ndef reach(value):\n    return {body}\n"
        (folder / "pack" / f"m{number}.py").write_text(text)
    # A file that was just written is not trusted by its stat.
    time.sleep(3)
    for _ in range(2):
        kit.run(mendel("status", "tree"), folder)
    return {"cpu": cpu(mendel("status", "tree"), folder)}


def trivial(name: str, parent: pathlib.Path) -> dict[str, float]:
    """A few tasks of trivial work are run."""
    folder = parent / f"trivial-{name}"
    tree_of(folder, TRIVIAL)
    return {"cpu": cpu(mendel("run", "tree") if name == "mendel" else repype("tree", "--run"), folder)}


def stored(name: str, parent: pathlib.Path, inputs: int, size: int) -> dict[str, float]:
    """Arrays are made and stored; a child then makes only the last, scalar stage anew."""
    folder = parent / f"arrays-{name}"
    tree = project(folder, arrays(size // 8), ["Make", "Mean", "Scale"], {"runnable": True, "input_ids": f"1-{inputs}"})
    task(tree / "child", {"config": {"scale": {"by": 3}}})
    run = (lambda one: mendel("run", "tree", "--task", one)) if name == "mendel" else None
    run = run or (lambda one: repype("tree", "--run", "--task", str(folder / one)))
    first = cpu(run("tree"), folder)
    before = kit.size(folder)
    child = cpu(run("tree/child"), folder)
    return {"first": first, "child": child, "grown": (kit.size(folder) - before) / 1e3}


def nothing_left(name: str, parent: pathlib.Path) -> dict[str, float]:
    """Everything is finished; each side is asked what is left to do."""
    folder = parent / f"many-{name}"
    if name == "mendel":
        finish(folder, tree_of(folder, MANY))
        words = mendel("status", "tree")
    else:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        names = [f"t{number:05}" for number in range(MANY)]
        for one in names:
            (folder / f"{one}.in").write_text("")
        if name == "make":
            rule = "%.out: %.in\n\t@touch $@\n"
            (folder / "Makefile").write_text(f"all: {' '.join(f'{one}.out' for one in names)}\n{rule}")
            words = ["make", "-s", "-j2"]
        else:
            builds = "".join(f"build {one}.out: job {one}.in\n" for one in names)
            (folder / "build.ninja").write_text(f"rule job\n  command = touch $out\n{builds}")
            words = [kit.python_of("ninja").with_name("ninja"), "--quiet", "-j2"]
        kit.run(words, folder)
    kit.run(words, folder)
    cost = kit.cost(lambda: kit.run(words, folder))
    return {"cpu": cost.cpu, "wall": cost.wall}


def steps(name: str, parent: pathlib.Path) -> dict[str, float]:
    """Many steps of trivial work: what one costs beside its work, the first time and once more."""
    folder, (stages, inputs) = parent / f"steps-{name}", STEPS
    names = [f"S{number}x" for number in range(stages)]
    project(folder, chain(stages), names, {"runnable": True, "input_ids": f"1-{inputs}"})
    words = mendel("run", "tree") if name == "mendel" else repype("tree", "--run")
    count = stages * inputs / 1e3
    told = {"step": cpu(words, folder) / count}
    if name == "mendel":
        told["again"] = cpu([*words, "--no-pickup"], folder) / count
    return told


def planner(parent: pathlib.Path) -> float:
    """Bytes of memory for each step of a large plan, beside those of a plan of one step."""
    folder, (stages, inputs) = parent / "planner", PLANNED
    names = [f"S{number}x" for number in range(stages)]
    peaks = []
    for chosen, ids in ((names[:1], "1-2"), (names, f"1-{inputs}")):
        project(folder, chain(len(chosen)), chosen, {"runnable": True, "input_ids": ids})
        with subprocess.Popen(
            [str(word) for word in mendel("plan", "tree")],
            cwd=folder,
            env=kit.environment(folder),
            stdout=subprocess.DEVNULL,
        ) as process:
            _, code, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(code)
        if process.returncode:
            raise kit.Failed(f"`mendel plan` ended with exit code {process.returncode}")
        peaks.append(usage.ru_maxrss * 1024)
    return (peaks[1] - peaks[0]) / (stages * inputs)


def rows(folder: pathlib.Path) -> list[kit.Row]:
    """From the files to the answer, then from nothing to results, then what both cost at scale."""

    def of(measure: Callable[..., dict[str, float]], *names: str, **more: int) -> tuple[dict, dict]:
        def side(name: str) -> Callable[[], dict[str, float]]:
            return lambda: measure(name, folder, **more)

        return kit.interleaved({name: side(name) for name in names}, REPETITIONS)

    both = ("mendel", "repype")
    loaded, large = of(load, *both), of(stored, *both, inputs=100, size=1 << 20)
    small, each = of(stored, *both, inputs=20, size=1 << 20), of(steps, *both)
    many = of(nothing_left, "mendel", "make", "ninja")
    told = [kit.row(f"E3 a tree of {count} tasks read, CPU", "ms", loaded, str(count)) for count in TREES]
    told += [
        kit.row(f"E4 status of {FINISHED} finished tasks, CPU of the command", "ms", of(status, *both), "cpu"),
        kit.row(f"E4 status of {MANY} finished tasks", "ms", many, "wall"),
        kit.row("E4 the same, CPU", "ms", many, "cpu"),
        kit.row(f"E4 status where {CODE[0]} stages reach {CODE[1]} modules, CPU", "ms", of(code, "mendel"), "cpu"),
        kit.row(f"E5 {TRIVIAL} trivial tasks run, CPU", "ms", of(trivial, *both), "cpu"),
        kit.row("E6 100 inputs make two arrays of 1 MB each, CPU", "ms", large, "first"),
        kit.row("E6 a child makes only the last scalars anew, CPU", "ms", large, "child"),
        kit.row("E6 by which the disk grows", "kB", large, "grown"),
        kit.row("E7 20 inputs make two arrays of 1 MB each, CPU", "ms", small, "first"),
        kit.row("E7 a child makes only the last scalars anew, CPU", "ms", small, "child"),
        kit.row(f"E8 one of {STEPS[0]} × {STEPS[1]} trivial steps, CPU", "µs", each, "step"),
        kit.row("E8 the same, computed again", "µs", each, "again"),
    ]
    try:
        peak, failed = {"mendel": planner(folder)}, {}
    except kit.Failed as why:
        peak, failed = {}, {"mendel": str(why)}
    print(f"  planner: {peak or failed}", file=sys.stderr, flush=True)
    count = PLANNED[0] * PLANNED[1]
    return [*told, kit.Row(f"E9 memory of a plan of {count} steps, each", "bytes", peak, failed)]
