"""What is reported arrives once, whatever it is, from whatever thread."""

from __future__ import annotations

import json
import math
import threading
from collections import Counter
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from mendel import _native
from stand_in import StandIn

MANY = 200_000


def test_many_points_arrive_exactly_once_and_in_order(server: StandIn, writer: _native.RunWriter) -> None:
    for step in range(MANY):
        writer.report("loss", "train", step / 2, step)

    counts = writer.flush(wait=True)

    assert counts["acknowledged"] and counts["synced"]
    assert counts["reported"] == counts["delivered"] == MANY
    assert counts["pending"] == counts["dropped"] == counts["refused"] == 0
    assert [(point.step, point.value) for point in server.all_points()] == [(i, i / 2) for i in range(MANY)]


def test_names_are_told_apart_whether_they_are_one_object_or_equal(server: StandIn, writer: _native.RunWriter) -> None:
    for step in range(300):
        writer.report("loss", f"fold {step % 3}", 1.0, step)
        writer.report("".join(["lo", "ss"]), "fold 0", 1.0, step)
    writer.flush(wait=True)
    counted = Counter(point.series for point in server.all_points())
    assert counted == {"loss/fold 0": 400, "loss/fold 1": 100, "loss/fold 2": 100}


def test_threads_share_a_writer_and_keep_their_order(server: StandIn, writer: _native.RunWriter) -> None:
    def work(name: str) -> None:
        for step in range(10_000):
            writer.report("loss", name, 0.0, step)

    threads = [threading.Thread(target=work, args=(f"thread {i}",)) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert writer.flush(wait=True)["delivered"] == 80_000
    for index in range(8):
        steps = [point.step for point in server.all_points() if point.series == f"loss/thread {index}"]
        assert steps == list(range(10_000))


class Scalar:
    """Like a tensor without dimension."""

    def __init__(self, value: float) -> None:
        self.value = value

    def __float__(self) -> float:
        return self.value


class Awkward:
    """Whose conversion fails."""

    def __float__(self) -> float:
        raise RuntimeError("no")

    def __str__(self) -> str:
        raise RuntimeError("no")


VALUES = [
    (0.1, 0.1),
    (3, 3.0),
    (True, 1.0),
    (math.inf, math.inf),
    (-math.inf, -math.inf),
    (10**400, math.inf),
    (-(10**400), -math.inf),
    (Decimal("0.25"), 0.25),
    (Fraction(1, 4), 0.25),
    (Scalar(0.5), 0.5),
]
NO_NUMBERS: list[Any] = [math.nan, None, "high", [], {}, object(), 1 + 2j, Awkward()]


@pytest.mark.parametrize(("given", "kept"), VALUES)
def test_a_number_of_any_kind_is_kept(server: StandIn, writer: _native.RunWriter, given: Any, kept: float) -> None:
    writer.report("value", "", given, 1)
    writer.flush(wait=True)
    assert [point.value for point in server.all_points()] == [kept]


@pytest.mark.parametrize("given", NO_NUMBERS)
def test_what_is_no_number_is_nan_and_raises_nothing(server: StandIn, writer: _native.RunWriter, given: Any) -> None:
    writer.report("value", "", given, 1)
    writer.flush(wait=True)
    (point,) = server.all_points()
    assert math.isnan(point.value)


def test_scalars_of_numpy_are_kept(server: StandIn, writer: _native.RunWriter) -> None:
    numpy = pytest.importorskip("numpy")
    for value in (numpy.float32(0.5), numpy.float64(0.5), numpy.float16(0.5), numpy.array(0.5)):
        writer.report("value", "", value, numpy.int64(3))
    writer.flush(wait=True)
    assert [(point.step, point.value) for point in server.all_points()] == [(3, 0.5)] * 4


ITERATIONS = [
    (7, 7),
    (-1, -1),
    (2**70, 2**63 - 1),
    (-(2**70), -(2**63)),
    (2.9, 2),
    (math.inf, 2**63 - 1),
    (math.nan, 0),
    (None, 0),
    ("x", 0),
    (True, 1),
]


@pytest.mark.parametrize(("given", "kept"), ITERATIONS)
def test_an_odd_iteration_is_clamped(server: StandIn, writer: _native.RunWriter, given: Any, kept: int) -> None:
    writer.report("value", "", 0.0, given)
    writer.flush(wait=True)
    assert [point.step for point in server.all_points()] == [kept]


def test_an_odd_name_becomes_a_text(server: StandIn, writer: _native.RunWriter) -> None:
    for name in (None, 3, "x" * 1000, "a\nb", "\ud800", Awkward()):
        writer.report(name, "s", 0.0, 0)  # type: ignore[arg-type]
    assert writer.flush(wait=True)["delivered"] == 6
    names = [point.series for point in server.all_points()]
    assert names == ["None/s", "3/s", "x" * 256 + "/s", "a b/s", "\ufffd\ufffd\ufffd/s", "/s"]


def test_ctrl_c_during_a_conversion_is_not_swallowed(writer: _native.RunWriter) -> None:
    class Interrupted:
        def __float__(self) -> float:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        writer.report("a", "b", Interrupted(), 0)  # type: ignore[arg-type]


def test_a_conversion_may_report_itself(server: StandIn, writer: _native.RunWriter) -> None:
    class Chatty:
        def __float__(self) -> float:
            writer.report("inner", "", 1.0, 0)
            return 2.0

    writer.report("outer", "", Chatty(), 0)  # type: ignore[arg-type]
    writer.flush(wait=True)
    assert [point.series for point in server.all_points()] == ["inner/", "outer/"]


def test_time_stamps_do_not_run_backwards(server: StandIn, writer: _native.RunWriter) -> None:
    for step in range(1000):
        writer.report("a", "b", 0.0, step)
    writer.flush(wait=True)
    times = [point.time for point in server.all_points()]
    assert times == sorted(times)


def test_console_text_is_split_into_lines(server: StandIn, writer: _native.RunWriter) -> None:
    writer.report_console("out", "one\ntwo\r\n")
    writer.report_console("err", "x" * 20_000)
    writer.flush(wait=True)
    assert server.console[:2] == [("out", "one"), ("out", "two")]
    stream, text = server.console[2]
    assert stream == "err" and text.endswith("[cut]") and len(text.encode()) <= 16 << 10


def test_records_are_filled_in_and_their_bytes_arrive(
    server: StandIn, writer: _native.RunWriter, tmp_path: Path
) -> None:
    file = tmp_path / "weights.bin"
    file.write_bytes(b"w" * 100_000)
    run = {"name": "n", "project": "p", "script": {"entry": "a.py"}}
    writer.create(json.dumps(run))
    writer.move('{"to": "start"}')
    digest = writer.artifact('{"name": "weights", "type": "file"}', file)
    image = writer.report_event('{"kind": "image", "metric": "m", "variant": "v", "step": 1}', b"png")
    writer.model('{"name": "net", "use": "output"}', bytearray(b"model"))
    writer.update('{"comment": "done"}')
    counts = writer.flush(wait=True)

    assert counts["delivered"] == 6
    kinds = dict(server.documents)
    assert kinds[9]["id"] == writer.run
    assert json.loads(_native.owner()) == kinds[8]["owner"]
    assert kinds[6]["digest"] == digest == _native.digest(file)
    assert (kinds[6]["size"], kinds[6]["file"]) == (100_000, "weights.bin")
    assert kinds[4]["blob"] == image == _native.digest(b"png")
    assert len(kinds[7]["id"]) == 32
    assert server.blobs[digest] == b"w" * 100_000
    assert server.blobs[kinds[7]["digest"]] == b"model"
    assert not list((Path(writer.journal) / "blobs").iterdir())


def test_a_document_of_the_wrong_shape_is_refused_at_once(writer: _native.RunWriter) -> None:
    for wrong in ("", "[]", '{"to": "fly"}'):
        with pytest.raises(ValueError):
            writer.move(wrong)
    with pytest.raises(OSError):
        writer.artifact('{"name": "a", "type": "file"}', "/nowhere/at/all")
    assert writer.counts()["reported"] == 0


def test_after_the_end_reports_are_counted_and_raise_nothing(writer: _native.RunWriter) -> None:
    writer.report("a", "b", 0.0, 0)
    writer.close()
    writer.report("a", "b", 0.0, 1)
    assert writer.close()["dropped"] == 1
