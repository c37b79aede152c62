"""Tokens: how many jobs of this machine hold something at once."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, List

import pytest
from mendel import CounterToken, JobState, NotUsable, experiment
from mendel.typed.tokens import Queue
from work import Sleep

HERE = Path(__file__).parent


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MENDEL_HOME", str(tmp_path / "home"))


def most(log: Path) -> int:
    running = highest = 0
    for line in log.read_text().splitlines():
        running += 1 if line.startswith("start") else -1
        highest = max(highest, running)
    return highest


def take(*wanted: Any) -> Any:
    queue = Queue(wanted)
    held = queue.acquire()
    queue.leave()
    return held


def drop(held: List[int]) -> None:
    for handle in held:
        os.close(handle)


def test_tt_270_tt_271_jobs_of_all_experiments_share_a_token(tmp_path: Path) -> None:
    log = tmp_path / "log"
    text = (
        f"import sys\nsys.path.append({str(HERE)!r})\nfrom pathlib import Path\n"
        "from mendel import *\nfrom work import *\n"
        "token = CounterToken('gpu', 2)\n"
        f"with experiment({str(tmp_path / 'ws')!r}, sys.argv[1], jobs=4):\n"
        "    for n in range(3):\n"
        f"        token(1, Sleep(n=n + 10 * int(sys.argv[1]), seconds=0.4, log=Path({str(log)!r}))).submit()\n"
    )
    study = tmp_path / "study.py"
    study.write_text(text)
    processes = [subprocess.Popen([sys.executable, str(study), name]) for name in ("1", "2")]
    assert [process.wait(120) for process in processes] == [0, 0]
    assert most(log) <= 2 and log.read_text().count("end") == 6


def test_tt_272_all_or_none_and_in_the_order_of_asking() -> None:
    gpu, net = CounterToken("gpu", 4), CounterToken("net", 1)
    small = take(gpu.dependency(1))
    large = Queue([gpu.dependency(4), net.dependency(1)])
    later = Queue([gpu.dependency(1)])
    assert large.acquire() is None and later.acquire() is None
    drop(small)
    held = large.acquire()
    assert held is not None and len(held) == 5 and later.acquire() is None
    drop(held)
    drop(later.acquire() or [])
    free = take(gpu.dependency(4), net.dependency(1))
    assert len(free) == 5
    drop(free)


def test_tt_272_the_ticket_of_a_dead_process_holds_nobody_up(tmp_path: Path) -> None:
    gpu = CounterToken("gpu", 1)
    script = "from mendel.typed.tokens import *\nqueue = Queue([CounterToken('gpu', 1).dependency(1)])\n"
    script += "print(1, flush=True)\ntime.sleep(60)\n"
    process = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE)
    assert process.stdout is not None and process.stdout.readline()
    queue = Queue([gpu.dependency(1)])
    assert queue.acquire() is None
    process.kill()
    process.wait()
    held = queue.acquire()
    assert held is not None
    drop(held)


def test_tt_273_a_job_that_is_killed_releases_its_token(tmp_path: Path) -> None:
    log, gpu = tmp_path / "log", CounterToken("gpu", 1)
    with experiment(tmp_path / "ws", "killed", on_failure="report"):
        one = gpu(1, Sleep(n=1, seconds=60, log=log)).submit()
        while not log.exists():
            time.sleep(0.05)
        assert take(gpu.dependency(1)) is None
        os.kill(int(log.read_text().split()[2]), signal.SIGKILL)
        assert not one.job.wait(30)
        held = take(gpu.dependency(1))
        assert held is not None
        drop(held)
    assert one.job.state is JobState.ERROR


def test_tt_274_more_than_there_are_is_refused_at_once() -> None:
    with pytest.raises(NotUsable, match="gpu.*2 units.*3"):
        CounterToken("gpu", 2).dependency(3)
    with pytest.raises(NotUsable, match="at least one"):
        CounterToken("gpu", 0)
