"""The worker: errors of one input, child processes, and sudden death."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time

import pytest
from ground import Ground

FAILING = 'count("cut", input_id)\n        if input_id == 2:\n            raise ValueError("no mask here")'


def test_an_error_names_its_place_and_others_go_on(ground: Ground) -> None:
    ground.edit('count("cut", input_id)', FAILING)
    assert ground.run([1, 2, 3], expect=1) == {"load": 3, "smooth": 3, "cut": 3, "measure": 2}
    assert f"task `{ground.project / 'main'}`, input `2`, stage `cut`: ValueError: no mask here" in ground.err
    assert 'raise ValueError("no mask here")' in ground.err
    assert os.path.join("mendel", "pipeline") not in ground.err
    with pytest.raises(LookupError, match="was never completed"):
        ground.load([1, 2, 3])
    ground.edit("input_id == 2", "input_id == 4")
    # The edit made the code of the cut another; what lies before it is there for all.
    assert ground.run([1, 2, 3]) == {"cut": 3, "measure": 1}


def test_fail_fast_stops_at_the_first_error(ground: Ground) -> None:
    ground.edit('count("cut", input_id)', FAILING)
    assert ground.run([1, 2, 3], expect=1, fail_fast=True)["load"] == 2


def test_several_processes_share_the_inputs_and_give_the_same(ground: Ground) -> None:
    inputs = list(range(8))
    assert ground.run(inputs, jobs=3) == {"load": 8, "smooth": 8, "cut": 8, "measure": 8}
    parallel = {name: chunk["area"] for name, chunk in ground.load(inputs).items()}
    assert ground.run(inputs) == {}
    assert parallel == {name: chunk["area"] for name, chunk in ground.load(inputs).items()}


@pytest.mark.parametrize("jobs", [1, 2])
@pytest.mark.parametrize("isolate", [False, True])
@pytest.mark.parametrize(
    ("death", "told"),
    [
        ("os.kill(os.getpid(), 9)", "the process was killed by SIGKILL"),
        ("import ctypes; ctypes.string_at(0)", "the process was killed by SIGSEGV"),
        ("os._exit(0)", "the process ended with exit code 0"),
    ],
)
def test_a_process_that_dies_fails_its_input_only(
    ground: Ground, jobs: int, isolate: bool, death: str, told: str
) -> None:
    ground.edit('count("cut", input_id)', f'count("cut", input_id)\n        if input_id == 2:\n            {death}')
    assert ground.run([1, 2, 3, 4, 5], expect=1, jobs=jobs, isolate=isolate)["measure"] == 4
    assert f"input `2`, stage `cut`: {told}" in ground.err
    assert "1 of 5 inputs failed" in ground.err


def test_a_process_whose_own_children_live_on_is_known_to_be_dead(ground: Ground) -> None:
    ground.edit(
        'count("cut", input_id)',
        'count("cut", input_id)\n        import time\n        if input_id == 2 and os.fork() == 0:\n'
        "            time.sleep(20); os._exit(0)\n        if input_id == 2:\n            os._exit(3)",
    )
    began = time.monotonic()
    process = ground.start(ground.document([1, 2, 3]), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    assert process.wait(timeout=60) == 1
    assert time.monotonic() - began < 15
    assert ground.counted()["measure"] == 2


COUNT_IMPORT = 'import numpy\nwith open(os.environ["COUNTS"], "a") as log:\n    log.write("import it\\n")\n'


def test_modules_are_imported_once_for_all_processes(ground: Ground) -> None:
    ground.edit("import numpy\n", COUNT_IMPORT)
    counted = ground.run(list(range(6)), jobs=2)
    assert counted["import"] == 1 and counted["load"] == 6


@pytest.mark.parametrize(
    "unsafe",
    [
        "import threading, time\nthreading.Thread(target=time.sleep, args=(1,), daemon=True).start()\n",
        'LEFT_OPEN = open(os.environ["COUNTS"])\n',
    ],
)
def test_a_process_that_must_not_be_forked_is_not(ground: Ground, unsafe: str) -> None:
    ground.edit("import numpy\n", COUNT_IMPORT + unsafe)
    counted = ground.run(list(range(6)), jobs=2)
    assert counted["import"] == 3 and counted["load"] == 6


def test_isolated_processes_are_no_forks(ground: Ground) -> None:
    ground.edit("import numpy\n", COUNT_IMPORT)
    assert ground.run([1, 2], jobs=1, isolate=True)["import"] == 2


DRAW = 'count("measure", input_id)\n        return {"area": [float(numpy.random.rand()), random.random()]}'


@pytest.mark.parametrize("seed", ["", "random.seed(7); numpy.random.seed(7)\n"])
def test_processes_draw_their_own_numbers_unless_a_seed_was_chosen(ground: Ground, seed: str) -> None:
    ground.edit("import numpy\n", "import numpy, random, time\n" + seed)
    ground.edit('count("measure", input_id)', DRAW)
    ground.edit('count("load", input_id)', 'count("load", input_id); time.sleep(0.5)')
    ground.run([1, 2], jobs=2)
    drawn = ground.load([1, 2])
    one, two = drawn[1]["area"], drawn[2]["area"]
    assert all((a == b) == bool(seed) for a, b in zip(one, two)), (one, two)


def test_two_workers_that_want_the_same_compute_it_once(ground: Ground) -> None:
    ground.edit('count("smooth", input_id)', 'count("smooth", input_id)\n        import time; time.sleep(0.3)')
    ground.counts.write_text("")
    inputs = [1, 22, 333]
    started = [ground.start(ground.document(inputs, task)) for task in ("one", "two")]
    for process in started:
        _, err = process.communicate(timeout=120)
        assert process.returncode == 0, err
    assert ground.counted() == {"load": 3, "smooth": 3, "cut": 3, "measure": 3}
    assert ground.load(inputs, "one")[22]["area"] == ground.load(inputs, "two")[22]["area"]


def test_whoever_waits_takes_over_when_the_computing_one_dies(ground: Ground) -> None:
    ground.edit(
        'count("smooth", input_id)',
        'count("smooth", input_id)\n        import time\n        time.sleep(60 if os.environ.get("SLOW") else 0)',
    )
    ground.counts.write_text("")
    ground.environment["SLOW"] = "1"
    slow = ground.start(ground.document([1], "one"))
    while "smooth 1" not in ground.lines():
        assert slow.poll() is None
        time.sleep(0.02)
    del ground.environment["SLOW"]
    other = ground.start(ground.document([1], "two"))
    time.sleep(1)
    assert other.poll() is None
    slow.kill()
    slow.communicate()
    _, err = other.communicate(timeout=60)
    assert other.returncode == 0, err
    assert ground.counted() == {"load": 1, "smooth": 2, "cut": 1, "measure": 1}


def test_rp_a_kill_at_any_moment_loses_no_finished_input_and_reuses_no_half_one(ground: Ground) -> None:
    chance = random.Random(7)
    ground.edit('count("measure", input_id)', 'count("measure", input_id)\n        import time; time.sleep(0.02)')
    inputs = list(range(30))
    document = ground.document(inputs)
    ground.counts.write_text("")
    finished: set[int] = set()
    ran: dict[int, int] = {}
    for _ in range(6):
        process = ground.start(document)
        assert process.stdout is not None
        lines = chance.randrange(1, 6)
        for line in process.stdout:
            if line.startswith("input "):
                finished.add(int(line.split()[1].rstrip(":")))
                lines -= 1
            if lines == 0:
                break
        time.sleep(chance.random() * 0.05)
        os.kill(process.pid, signal.SIGKILL)
        process.communicate()
        before = ground.lines()
        # What was told to be finished never runs again; what was cut off does.
        assert all(before.count(f"measure {one}") == times for one, times in ran.items())
        ran = {one: before.count(f"measure {one}") for one in finished}
    with pytest.raises(LookupError):
        ground.load(inputs)
    process = ground.start(document)
    _, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    assert all(ground.lines().count(f"measure {one}") == times for one, times in ran.items())
    areas = {name: chunk["area"] for name, chunk in ground.load(inputs).items()}
    assert areas == {one: 4 if one < 10 else 6 for one in inputs}


def test_progress_goes_to_standard_error(ground: Ground) -> None:
    ground.edit(
        'count("load", input_id)',
        'count("load", input_id)\n        from mendel.pipeline.status import progress, update\n'
        '        for _ in progress(status, range(3), details="tiles"):\n            import time; time.sleep(0.4)\n'
        '        update(status, "all tiles are there")',
    )
    ground.run([1, 2])
    assert "main `1` (1 of 2)" in ground.err and "main `2` (2 of 2)" in ground.err
    assert "all tiles are there" in ground.err
    assert "load 2/3" in ground.err and "left" in ground.err


def test_a_pipeline_that_cannot_be_loaded_is_bad_input(ground: Ground) -> None:
    ground.stages = ["Load", "Smoth"]
    ground.run([1], expect=2)
    assert "`stages.Smoth` cannot be loaded: `stages` has no `Smoth`, did you mean `Smooth`?" in ground.err


def test_a_value_without_format_fails_its_input_with_the_way_out(ground: Ground) -> None:
    ground.edit('return {"area": scale(int(mask.sum()))}', 'return {"area": object()}')
    ground.run([1], expect=1)
    assert "field `area` of stage `measure`: a value of type `builtins.object` has no format" in ground.err
    assert "register_format(object, write, read)" in ground.err


def test_describe_prints_the_declarations_in_order(ground: Ground) -> None:
    ground.stages = ["Measure", "Cut", "Smooth", "Load"]
    process = ground.start(ground.document([1]), module="describe")
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    stages = json.loads(out)["stages"]
    assert [one["id"] for one in stages] == ["load", "smooth", "cut", "measure"]
    assert stages[2] == {
        "class": "stages.Cut",
        "id": "cut",
        "inputs": ["input_id"],
        "consumes": ["smooth"],
        "outputs": ["mask"],
        "source": "stages.Cut",
        "enabled_by_default": True,
    }


def test_importing_the_package_loads_no_pipeline() -> None:
    code = "import sys, mendel; assert not [name for name in sys.modules if name.startswith('mendel.')], sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
    code = "import sys; from mendel import Stage; assert 'numpy' not in sys.modules and 'json' not in sys.modules"
    subprocess.run(
        [sys.executable, "-S", "-c", code], check=True, env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    )
