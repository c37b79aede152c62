"""E: what one task costs beside its work, and what it costs to find that all is done."""

from __future__ import annotations

import pathlib
import shutil
import sys
from collections.abc import Callable

import kit

COUNT = 200
# Peers that need seconds for a few tasks get fewer; the figure is of one task.
FEWER = {"snakemake": 10, "luigi": 200, "dvc": 6}
REPETITIONS = 2
JOB = "import argparse\nparser = argparse.ArgumentParser()\nparser.add_argument('--n', type=int)\nparser.parse_args()\n"
LUIGI = """
import subprocess, sys, luigi
class Job(luigi.Task):
    n = luigi.IntParameter()
    def output(self):
        return luigi.LocalTarget(f"out{{self.n}}")
    def run(self):
        subprocess.run([{python!r}, "job.py", "--n", str(self.n)], check=True)
        open(f"out{{self.n}}", "w").close()
luigi.build([Job(n=n) for n in range({count})], local_scheduler=True, log_level="ERROR", workers=2)
"""


def mendel(folder: pathlib.Path, count: int) -> list[object]:
    """A grid; each task has an identity, console, dependencies and a result."""
    grid = ",".join(map(str, range(count)))
    return [kit.MENDEL, "run", "--env", "system", "--no-monitor", "--jobs", "2", "--grid", f"n={grid}", "job.py"]


def make(folder: pathlib.Path, count: int) -> list[object]:
    """One pattern rule."""
    targets = " ".join(f"out{number}" for number in range(count))
    (folder / "Makefile").write_text(f"all: {targets}\nout%:\n\t@{sys.executable} job.py --n $* && touch $@\n")
    return ["make", "-s", "-j2"]


def ninja(folder: pathlib.Path, count: int) -> list[object]:
    """One rule, a build line for each task."""
    builds = "".join(f"build out{number}: job\n  n = {number}\n" for number in range(count))
    rule = f"rule job\n  command = {sys.executable} job.py --n $n && touch $out\n"
    (folder / "build.ninja").write_text(rule + builds)
    return [kit.python_of("ninja").with_name("ninja"), "--quiet", "-j2"]


def snakemake(folder: pathlib.Path, count: int) -> list[object]:
    """One rule with a wildcard."""
    (folder / "Snakefile").write_text(
        f"rule all:\n    input: expand('out{{n}}', n=range({count}))\n"
        f"rule job:\n    output: 'out{{n}}'\n"
        f"    shell: '{sys.executable} job.py --n {{wildcards.n}} && touch {{output}}'\n"
    )
    return [kit.python_of("snakemake").with_name("snakemake"), "-c2", "--quiet", "all"]


def luigi(folder: pathlib.Path, count: int) -> list[object]:
    """A process for each task, started by the worker."""
    (folder / "flow.py").write_text(LUIGI.format(python=sys.executable, count=count))
    return [kit.python_of("luigi"), "flow.py"]


def dvc(folder: pathlib.Path, count: int) -> list[object]:
    """A stage for each task, one at a time."""
    program = kit.python_of("dvc").with_name("dvc")
    kit.run([program, "init", "--no-scm", "-q"], folder)
    stages = "".join(
        f"  s{number}:\n    cmd: {sys.executable} job.py --n {number} && touch out{number}\n    outs: [out{number}]\n"
        for number in range(count)
    )
    (folder / "dvc.yaml").write_text("stages:\n" + stages)
    return [program, "repro", "-q"]


def parallel(folder: pathlib.Path, count: int) -> list[object]:
    """GNU parallel, which knows no finished tasks; only where the machine has it."""
    if shutil.which("parallel") is None:
        raise kit.Failed("is not on this machine (a Debian package)")
    (folder / "numbers").write_text("\n".join(map(str, range(count))))
    return ["parallel", "-j2", "-a", "numbers", sys.executable, "job.py", "--n"]


SIDES: dict[str, Callable[[pathlib.Path, int], list[object]]] = {
    "mendel": mendel,
    "make": make,
    "ninja": ninja,
    "snakemake": snakemake,
    "luigi": luigi,
    "dvc": dvc,
    "parallel": parallel,
}


def side(name: str, parent: pathlib.Path) -> Callable[[], dict[str, float]]:
    """All tasks once, and once more when all are done, in a fresh folder."""
    count = FEWER.get(name, COUNT)

    def measure() -> dict[str, float]:
        folder = parent / f"tasks-{name}"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        (folder / "job.py").write_text(JOB)
        words = SIDES[name](folder, count)
        first = kit.cost(lambda: kit.run(words, folder))
        told = {"wall": first.wall / count, "cpu": first.cpu / count}
        if name != "parallel":
            kit.run(words, folder)
            again = kit.cost(lambda: kit.run(words, folder))
            told["again"] = again.wall
            told["again cpu"] = again.cpu
            told["again each"] = again.wall / count * 1e3
        return told

    return measure


def rows(folder: pathlib.Path) -> list[kit.Row]:
    """A task by the clock and by the processors, and the whole asked again."""
    medians, failed = kit.interleaved({name: side(name, folder) for name in SIDES}, REPETITIONS)
    found = (medians, failed)
    full = ({name: told for name, told in medians.items() if name not in FEWER or FEWER[name] == COUNT}, failed)
    return [
        kit.row("E1 one Python task, 2 at a time", "ms", found, "wall"),
        kit.row("E1 the same, CPU (mendel: of the command and the processes it waits for)", "ms", found, "cpu"),
        kit.row(f"E2 {COUNT} finished tasks asked for again", "ms", full, "again"),
        kit.row("E2 the same, CPU", "ms", full, "again cpu"),
        kit.row("E2 the same, for each task", "µs", found, "again each"),
    ]
