"""Results of methods, kept by identity."""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, List

import pytest
from mendel import Config, DeclarationError, DirectoryContext, Meta, NotUsable, Param, cache
from mendel.typed import active


class Terms(Config):
    """Counts how often it computes, and may die half way."""

    n: Param[int]
    log: Meta[Path]
    crash: Meta[bool] = False

    @cache("terms.txt")
    def load(self, path: Path, factor: int = 1) -> int:
        if path.is_file():
            return int(path.read_text()) * factor
        with self.log.open("a") as stream:
            stream.write(f"{self.n}\n")
        time.sleep(0.3)
        if self.crash:
            path.write_text("12")
            os._exit(9)
        path.write_text(str(self.n * 1000))
        return self.n * 1000 * factor

    @cache("other")
    def other(self, path: Path) -> List[str]:
        if not path.exists():
            path.mkdir()
            (path / "a").write_text(str(self.load()))
        return [child.name for child in path.iterdir()]

    @cache("raises.txt")
    def raises(self, path: Path) -> None:
        path.write_text("half")
        raise ValueError("no")


def compute(folder: str, n: int, crash: bool = False) -> None:
    os.environ[active.VARIABLE] = folder
    print(Terms(n=n, log=Path(folder) / "log", crash=crash).load())


def start(folder: Path, n: int, crash: bool = False) -> Any:
    process = multiprocessing.get_context("spawn").Process(target=compute, args=(str(folder), n, crash))
    process.start()
    return process


def terms(folder: Path, n: int = 3) -> Terms:
    return Terms(n=n, log=folder / "log").instance(DirectoryContext(folder))


def computed(folder: Path) -> List[str]:
    return (folder / "log").read_text().split()


def test_xm_23_xm_24_tt_210_a_result_is_kept_by_identity(tmp_path: Path) -> None:
    assert terms(tmp_path).load() == 3000 and terms(tmp_path).load(factor=2) == 6000
    assert terms(tmp_path, 4).load() == 4000 and computed(tmp_path) == ["3", "4"]
    (entry,) = [path for path in tmp_path.rglob("terms.txt") if path.read_text() == "3000"]
    assert entry.parts[-4] == "config" and entry.parts[-2] == Terms(n=3, log="x").__identifier__().hex


def test_xm_25_tt_211_of_many_processes_one_computes(tmp_path: Path) -> None:
    processes = [start(tmp_path, 5) for _ in range(4)]
    for process in processes:
        process.join(60)
    assert [process.exitcode for process in processes] == [0] * 4 and computed(tmp_path) == ["5"]


def test_xm_26_tt_212_trap_26_what_a_crash_left_is_never_seen(tmp_path: Path) -> None:
    process = start(tmp_path, 6, crash=True)
    process.join(60)
    assert process.exitcode == 9
    assert terms(tmp_path, 6).load() == 6000 and computed(tmp_path) == ["6", "6"]
    assert not list(tmp_path.rglob("*.making"))


def test_tt_212_an_exception_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no"):
        terms(tmp_path).raises()
    assert not list(tmp_path.rglob("raises.txt"))


def test_tt_213_tt_215_readers_share_and_methods_do_not_block_each_other(tmp_path: Path) -> None:
    one = terms(tmp_path)
    assert one.other() == ["a"] and one.other() == ["a"]

    class Reading(Config):
        x: Param[int] = 1

        @cache("slow.txt")
        def slow(self, path: Path, inner: Any = None) -> str:
            if not path.exists():
                path.write_text("made")
            return inner() if inner else path.read_text()

    reading = Reading().instance(DirectoryContext(tmp_path))
    reading.slow()
    assert reading.slow(lambda: reading.slow()) == "made"


def test_tt_214_without_a_workspace_the_missing_one_is_named() -> None:
    with pytest.raises(NotUsable, match="experiment"):
        Terms(n=1, log="x").load()
    with pytest.raises(DeclarationError, match="name of a file"):
        cache("a/b")


def test_tt_213_a_reader_in_another_process_does_not_wait(tmp_path: Path) -> None:
    terms(tmp_path).load()
    script = (
        "import sys; from pathlib import Path; from test_cache import terms\n"
        "print(terms(Path(sys.argv[1])).load(factor=3))"
    )
    one = terms(tmp_path)
    target = next(tmp_path.rglob("terms.txt"))
    from mendel.typed.caching import _entry

    with _entry(target.parent, "terms.txt"):
        env = {**os.environ, "PYTHONPATH": str(Path(__file__).parent)}
        command = [sys.executable, "-c", script, str(tmp_path)]
        done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=20, check=True)
    assert done.stdout.strip() == "9000" and one.load() == 3000
