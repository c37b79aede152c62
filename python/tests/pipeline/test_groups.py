"""What many steps share: claims in one file, questions and answers in groups, completions in parts."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy
import pytest
from ground import Ground
from mendel.pipeline import parts
from mendel.pipeline.cells import Cell
from mendel.pipeline.claims import Claims
from mendel.pipeline.formats import Encoded, encode
from mendel.pipeline.known import FEW
from mendel.pipeline.vault import Vault

HOLD = """
import sys
from mendel.pipeline.claims import Claims
claims = Claims(sys.argv[1])
assert claims.take("step", wait=False)
print("held", flush=True)
sys.stdin.read()
"""


def test_a_step_has_one_owner_until_it_is_released(tmp_path: Path) -> None:
    one, other = Claims(tmp_path), Claims(tmp_path)
    assert one.take("a", wait=False) and one.take("a", wait=False)
    assert not other.take("a", wait=False) and other.take("b", wait=False)
    one.release(["a", "never taken"])
    assert other.take("a", wait=True)
    assert len(list((tmp_path / "claims").iterdir())) == 1, "claims cost no files"


def test_a_claim_ends_with_its_process_and_a_fork_has_none(tmp_path: Path) -> None:
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert holder.stdout is not None and holder.stdout.readline() == "held\n"
    claims = Claims(tmp_path)
    assert not claims.take("step", wait=False)
    holder.send_signal(signal.SIGKILL)
    assert claims.take("step", wait=True)
    holder.communicate()

    child = os.fork()
    if child == 0:
        os._exit(0 if not claims.take("step", wait=False) and claims.take("other", wait=False) else 1)
    assert os.waitpid(child, 0)[1] == 0
    assert not Claims(tmp_path).take("step", wait=False), "the parent still has it"


def test_whoever_puts_results_leaves_a_sign(tmp_path: Path) -> None:
    one, other = Claims(tmp_path), Claims(tmp_path)
    before = one.sign()
    other.leave_sign()
    assert one.sign() != before and one.sign() == other.sign()


def test_many_inputs_are_computed_once_and_found_again(ground: Ground) -> None:
    inputs = list(range(FEW))
    assert ground.run(inputs) == {"load": FEW, "smooth": FEW, "cut": FEW, "measure": FEW}
    assert ground.run(inputs, task="other") == {}
    assert ground.run([*inputs, FEW], task="third") == {"load": 1, "smooth": 1, "cut": 1, "measure": 1}
    one, other = ground.load(inputs), ground.load(inputs, "other")
    assert [one[i]["area"] for i in inputs] == [other[i]["area"] for i in inputs]


def test_two_workers_that_want_many_steps_compute_each_once(ground: Ground) -> None:
    inputs = list(range(2 * FEW))
    workers = [ground.start(ground.document(inputs, task=task)) for task in ("one", "other")]
    for worker in workers:
        _, err = worker.communicate(timeout=300)
        assert worker.returncode == 0, err
    assert set(ground.counted().values()) == {len(inputs)}


class Notes(dict):  # type: ignore[type-arg]
    """A store that keeps notes and blobs."""

    workspace = "/nowhere"

    def note(self, key: str) -> Any:
        return self.get(key)

    def put_note(self, key: str, value: Any) -> None:
        assert len(key) <= 256
        self.pop(key, None)
        if value is not None:
            self[key] = json.loads(json.dumps(value))

    def put_blobs(self, blobs: list[tuple[str, bytes]]) -> None:
        self.setdefault("requests", []).append(len(blobs))
        self.update(blobs)

    def blob(self, digest: str) -> bytes:
        found: bytes = self[digest]
        return found


@pytest.mark.parametrize("inputs", [0, 1, 40])
@pytest.mark.parametrize("size", [1, 300, 1 << 20])
def test_a_completion_in_parts_tells_what_it_tells_in_one(
    inputs: int, size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parts, "PART_BYTES", size)
    names = [str(number) for number in range(inputs)]
    facts = {
        "run": "r",
        "absent": ["x"],
        "steps": {one: {"a": {"run": "r"}, "b": {"run": "other"}} for one in names},
        "fields": {one: [{"name": "f", "digest": one}] for one in names},
        "configs": {one: {"a": {"p": int(one)}} for one in names},
        "times": {"a": {one: float(one) for one in names}, "b": {one: 0.5 for one in names if int(one) % 2}},
    }
    store: Any = Notes()
    head = parts.put_parts(store, "task:/" + "long" * 60, facts)
    assert head["shares"] == [inputs, inputs] and head["absent"] == ["x"]
    for name in ("steps", "fields", "configs", "times"):
        assert parts.details(store, head, name) == facts[name]
    assert ("parts" in head) == (inputs == 40 and size < 1 << 20)
    parts.forget_parts(store, head)
    assert not store


def test_rp_28_a_completion_of_many_steps_is_kept_and_read(ground: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts, "PART_BYTES", 1)
    from mendel.pipeline import Task
    from mendel.pipeline.completion import read

    monkeypatch.setenv("COUNTS", str(ground.counts))
    monkeypatch.syspath_prepend(str(ground.project))
    spec = {"runnable": True, "pipeline": ["stages.Load", "stages.Smooth"], "input_ids": [1, 2, 3]}
    path = ground.project / "task"
    path.mkdir()
    for _ in range(2):
        task = Task(path, spec)
        made = task.run(task.create_config())
        found = read(task)
        assert found is not None and found.note is not None and len(found.note["parts"]) == 3
        assert {one: chunk["smooth"].tolist() for one, chunk in task.load().items()} == {
            one: chunk["smooth"].tolist() for one, chunk in made.items()
        }
    assert ground.counted() == {"load": 3, "smooth": 3}
    task.reset()
    assert read(task) is None


@pytest.mark.parametrize("kind", ["f8", "f4", "c16", "i2", "u1", "?", ">f8", "M8[s]", "U3", "S0"])
@pytest.mark.parametrize("shape", [(20_000,), (200, 100), (3,), (0, 5), ()])
def test_an_array_has_the_bytes_of_its_own_format(kind: str, shape: tuple[int, ...]) -> None:
    import io

    numbers = numpy.arange(int(numpy.prod(shape)) * 8).reshape((*shape, 8))
    whole = numbers.astype("i8").view("M8[s]") if kind == "M8[s]" else numbers.astype(kind)
    for value in (whole, numpy.asfortranarray(whole), whole[..., ::2], whole.T):
        stream = io.BytesIO()
        numpy.lib.format.write_array(stream, value, allow_pickle=False)
        encoded, written = encode(value, "x"), io.BytesIO()
        encoded.write(written)
        assert encoded.whole() == written.getvalue() == stream.getvalue()
        assert encoded.digest() == Encoded("npy", stream.getvalue()).digest() and encoded.size == len(encoded.whole())


def test_values_wait_to_be_put_together_and_are_read_meanwhile() -> None:
    store: Any = Notes()
    vault = Vault(store)
    cells = [Cell(str(number), number) for number in range(5)]
    for cell in [*cells, Cell("again", 0)]:
        vault.keep(cell, encode(cell.value, "x"), True)
    vault.keep(Cell("not kept"), encode("not kept", "x"), False)
    assert not store
    assert vault.bring(cells[3]) == 3
    vault.flush()
    assert store["requests"] == [5] and len(store) == 6
