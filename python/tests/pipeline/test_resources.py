"""What steps may use at once, and how it is written."""

from __future__ import annotations

import multiprocessing
import time
from pathlib import Path
from typing import Any

import pytest
from ground import Ground
from mendel.pipeline.resources import Need, Pool, need_of, written_size


def test_needs_are_read_as_they_are_written() -> None:
    assert need_of(None, "x") == Need()
    assert need_of({"cpu": 1.5, "memory": "1.5G", "time": "10m"}, "x") == Need(2, 0, 3 << 29)
    assert need_of({"gpu": 1}, "x", Need(2, 0, 5)) == Need(2, 1, 5)
    assert written_size(3 << 29) == "1.5 GiB" and written_size(10) == "10 B"


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("much", "write a mapping"),
        ({"cpus": 2}, "has `cpus`, and knows cpu, gpu, memory"),
        ({"cpu": -1}, "no number of at least 0"),
        ({"memory": "lots"}, "no size such as"),
    ],
)
def test_a_need_that_is_not_understood_is_told(written: Any, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        need_of(written, "stage `x`")


def _use(folder: Path, need: Need, log: Path) -> None:
    pool = Pool(folder, 3)
    for _ in range(5):
        pool.take(need)
        with log.open("a") as file:
            file.write(f"{need.cpu}\n")
        time.sleep(0.01)
        with log.open("a") as file:
            file.write(f"{-need.cpu}\n")
        pool.give_back()


def test_processes_never_use_more_than_there_is_and_all_get_their_turn(tmp_path: Path) -> None:
    log = tmp_path / "log"
    context = multiprocessing.get_context("fork")
    needs = [Need(cpu) for cpu in (1, 1, 2, 3)]
    users = [context.Process(target=_use, args=(tmp_path / "pool", need, log)) for need in needs]
    for user in users:
        user.start()
    for user in users:
        user.join(60)
        assert user.exitcode == 0
    used, most = 0, 0
    for line in log.read_text().split():
        used += int(line)
        most = max(most, used)
    assert used == 0 and 1 < most <= 3


def test_what_the_machine_cannot_give_is_refused_before_anything_runs(ground: Ground) -> None:
    ground.edit('outputs = ["mask"]', 'outputs = ["mask"]\n    resources = {"memory": "900T"}')
    ground.run([1], expect=2)
    assert "stage `cut` needs" in ground.err and "of memory, and this machine has" in ground.err
    assert ground.counted() == {}


@pytest.mark.parametrize("allocate", ["bytearray(700 << 20)", "[bytearray(4 << 20) for _ in range(175)]"])
def test_a_stage_above_its_memory_fails_alone(ground: Ground, allocate: str) -> None:
    ground.edit('outputs = ["mask"]', 'outputs = ["mask"]\n    resources = {"memory": "300M"}')
    ground.edit(
        'count("cut", input_id)',
        f'count("cut", input_id)\n        if input_id == 2:\n            much = {allocate}; import time; time.sleep(5)',
    )
    assert ground.run([1, 2, 3], expect=1, jobs=2)["measure"] == 2
    assert "input `2`, stage `cut`" in ground.err and "300 MiB" in ground.err
