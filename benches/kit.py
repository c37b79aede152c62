"""What all sections share: rows, measured commands, interleaved repetitions, peers on demand."""

from __future__ import annotations

import dataclasses
import os
import pathlib
import resource
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable

HERE = pathlib.Path(__file__).resolve().parent
MENDEL = pathlib.Path(sys.executable).with_name("mendel")
PEERS = pathlib.Path(os.environ.get("MENDEL_BUILD_CACHE", HERE.parent / ".cache")) / "peers"

# What each peer is installed from, in a virtual environment of its own.
PACKAGES = {
    "aim": ["aim"],
    "clearml": ["clearml"],
    "dvc": ["dvc"],
    "luigi": ["luigi"],
    "mlflow": ["mlflow"],
    "ninja": ["ninja"],
    "repype": ["repype==1.0.4"],
    "snakemake": ["snakemake"],
    "tensorboard": ["tensorboard", "tensorboardX"],
    "trackio": ["trackio"],
    "wandb": ["wandb"],
}


@dataclasses.dataclass
class Row:
    """One figure of every side; ``smaller`` says which direction is better."""

    name: str
    unit: str
    values: dict[str, float]
    failed: dict[str, str] = dataclasses.field(default_factory=dict)
    smaller: bool = True
    floors: tuple[str, ...] = ()

    def ratio(self) -> float | None:
        """Mendel to the best peer; below 1 Mendel is better."""
        peers = [value for name, value in self.values.items() if name != "mendel" and name not in self.floors]
        if "mendel" not in self.values or not peers:
            return None
        if self.smaller:
            return self.values["mendel"] / min(peers)
        return max(peers) / self.values["mendel"]


class Failed(Exception):
    """A side that cannot be measured; the reason is its figure."""


def python_of(peer: str) -> pathlib.Path:
    """The interpreter that has ``peer``, installed when it is first asked for."""
    folder = PEERS / peer
    python = folder / "bin" / "python"
    if not (folder / "ready").exists():
        shutil.rmtree(folder, ignore_errors=True)
        for words in (
            [sys.executable, "-m", "venv", str(folder)],
            [str(python), "-m", "pip", "install", "-q", "--disable-pip-version-check", *PACKAGES[peer]],
        ):
            done = subprocess.run(words, capture_output=True, text=True, timeout=900)
            if done.returncode:
                raise Failed(f"could not be installed: {last_line(done.stderr)}")
        (folder / "ready").write_text("")
    return python


def last_line(text: str) -> str:
    """The line that says what went wrong."""
    return (text.strip().splitlines() or ["no message"])[-1][:120]


def environment(folder: pathlib.Path) -> dict[str, str]:
    """The surroundings of a measured command: a workspace of its own, no reports home."""
    own = {
        # Every side runs the interpreter that runs the benches.
        "PATH": f"{pathlib.Path(sys.executable).parent}:{os.environ['PATH']}",
        "MENDEL_WORKSPACE": str(folder / ".mendel"),
        "MENDEL_BINARY": str(MENDEL),
        "TRACKIO_DIR": str(folder / "trackio"),
        "CLEARML_CACHE_DIR": str(folder / "clearml"),
        "DVC_NO_ANALYTICS": "1",
        "WANDB_SILENT": "true",
        "DO_NOT_TRACK": "1",
    }
    return {**os.environ, **own}


def run(words: list[object], folder: pathlib.Path, seconds: float = 240) -> str:
    """What a command prints; one that fails or takes too long is a figure of its own."""
    texts = [str(word) for word in words]
    try:
        done = subprocess.run(
            texts, cwd=folder, env=environment(folder), capture_output=True, text=True, timeout=seconds
        )
    except subprocess.TimeoutExpired:
        raise Failed(f"did not end in {seconds:.0f} s") from None
    if done.returncode:
        raise Failed(last_line(done.stderr or done.stdout))
    return done.stdout


@dataclasses.dataclass
class Cost:
    """Milliseconds of one action, by the clock and by the processors."""

    wall: float
    cpu: float


def cost(action: Callable[[], object]) -> Cost:
    """What ``action`` costs, with all processes it waits for."""

    def used() -> float:
        kinds = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
        return sum(sum(resource.getrusage(kind)[:2]) for kind in kinds)

    wall, cpu = time.perf_counter(), used()
    action()
    return Cost((time.perf_counter() - wall) * 1e3, (used() - cpu) * 1e3)


def interleaved(
    sides: dict[str, Callable[[], dict[str, float]]], repetitions: int
) -> tuple[dict[str, dict[str, float]], dict[str, str]]:
    """The medians of each side's figures, measured in turns; and why sides failed."""
    found: dict[str, list[dict[str, float]]] = {}
    failed: dict[str, str] = {}
    for _ in range(repetitions):
        for name, side in sides.items():
            if name in failed:
                continue
            try:
                found.setdefault(name, []).append(side())
            except Failed as why:
                failed[name] = str(why)
                found.pop(name, None)
            print(f"  {name}: {failed.get(name) or found[name][-1]}", file=sys.stderr, flush=True)
    medians = {
        name: {figure: statistics.median(one[figure] for one in ones) for figure in ones[0]}
        for name, ones in found.items()
        if ones
    }
    return medians, failed


def row(
    name: str, unit: str, found: tuple[dict[str, dict[str, float]], dict[str, str]], figure: str, **more: object
) -> Row:
    """One figure of all sides."""
    medians, failed = found
    values = {side: figures[figure] for side, figures in medians.items() if figure in figures}
    return Row(name, unit, values, failed, **more)  # type: ignore[arg-type]


def size(folder: pathlib.Path) -> int:
    """Bytes of all files below ``folder``."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
