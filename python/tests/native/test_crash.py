"""Nothing is lost by the end of a process, and nothing hangs by its beginning."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
from collections import Counter
from pathlib import Path
from typing import Any, Callable

import pytest
from mendel import _native
from stand_in import StandIn


def deliver_leftover(workspace: Path, server: StandIn) -> list[Any]:
    client = _native.Client(server.address)
    return [json.loads(client.deliver(row["path"])) for row in json.loads(_native.leftover(workspace))]


def test_f09_points_of_a_killed_process_are_delivered_by_the_next(
    workspace: Path, server: StandIn, python: Callable[..., Any]
) -> None:
    ended = python(
        """
        import os, signal
        for step in range(100_000):
            writer.report("loss", "train", step, step)
        writer.flush()
        os.kill(os.getpid(), signal.SIGKILL)
        """,
        api="off",
    )
    assert ended.returncode == -signal.SIGKILL, ended.stderr

    (report,) = deliver_leftover(workspace, server)

    assert (report["records"], report["finished"]) == (100_000, True)
    assert [point.step for point in server.all_points()] == list(range(100_000))
    assert not (workspace / "journal").exists() or not list((workspace / "journal").iterdir())


def test_f08_a_kill_during_delivery_repeats_nothing(
    workspace: Path, server: StandIn, python: Callable[..., Any]
) -> None:
    ended = python(
        """
        import os, signal
        for step in range(100_000):
            writer.report("loss", "train", step, step)
        writer.flush()
        while writer.counts()["delivered"] == 0:
            pass
        os.kill(os.getpid(), signal.SIGKILL)
        """
    )
    assert ended.returncode == -signal.SIGKILL, ended.stderr
    deliver_leftover(workspace, server)
    assert [point.step for point in server.all_points()] == list(range(100_000))


def test_p11_without_a_server_everything_waits_and_then_arrives(workspace: Path, server: StandIn) -> None:
    writer = _native.RunWriter(workspace, _native.new_id(), 1, f"unix:{workspace}/nobody.sock")
    for step in range(1000):
        writer.report("loss", "train", step, step)
    counts = writer.flush(wait=True, timeout=0.5)
    assert counts["synced"] and not counts["acknowledged"] and counts["pending"] == 1000
    assert "nobody.sock" in (writer.last_error() or "")
    writer.deliver_to(server.address)
    assert writer.flush(wait=True)["pending"] == 0
    assert writer.last_error() is None
    assert len(server.all_points()) == 1000


def test_closing_delivers_and_leaves_no_journal(workspace: Path, server: StandIn) -> None:
    writer = _native.RunWriter(workspace, _native.new_id(), 1, server.address)
    writer.report("a", "b", 1.0, 1)
    counts = writer.close(timeout=30)
    assert counts["acknowledged"] and counts["synced"], (counts, writer.last_error())
    assert not Path(writer.journal).exists()


def test_closing_right_after_the_last_word_leaves_no_journal_either(workspace: Path, server: StandIn) -> None:
    for _ in range(400):
        writer = _native.RunWriter(workspace, _native.new_id(), 1, server.address)
        writer.report("a", "b", 1.0, 1)
        assert writer.flush(wait=True)["acknowledged"]
        writer.close(timeout=30)
        assert not Path(writer.journal).exists()


def test_a_stale_attempt_is_told_and_hangs_nothing(workspace: Path, server: StandIn) -> None:
    writer = _native.RunWriter(workspace, _native.new_id(), 1, server.address)
    writer.report("a", "b", 1.0, 1)
    writer.flush(wait=True)
    server.refuse_with = {"status": 409, "code": "stale_attempt", "message": "attempt 1 is over"}
    writer.report("a", "b", 1.0, 2)
    counts = writer.close(timeout=30)
    assert not counts["acknowledged"] and counts["pending"] == 1
    assert "stale_attempt" in (writer.last_error() or "")


FORKED = """
import os, sys
writer.report("parent", "", 0.0, 0)
first = writer.writer
for step in range(5_000):
    writer.report("busy", "", 0.0, step)
    if step % 500 == 0:
        child = os.fork()
        if child == 0:
            assert writer.pending() == 0
            for own in range(1_000):
                writer.report("child", "", float(step), own)
            assert writer.writer != first
            counts = writer.flush(wait=True)
            assert counts["acknowledged"], (counts, writer.last_error())
            writer.close()
            os._exit(0)
        assert os.waitpid(child, 0)[1] == 0
assert writer.flush(wait=True)["acknowledged"]
writer.close()
"""


def test_f10_forked_children_are_writers_of_their_own(
    workspace: Path, server: StandIn, python: Callable[..., Any]
) -> None:
    ended = python(FORKED)
    assert ended.returncode == 0, ended.stderr
    deliver_leftover(workspace, server)
    counted = Counter(point.series for point in server.all_points())
    assert counted == {"parent/": 1, "busy/": 5_000, "child/": 10_000}
    assert len(server.points) == 11


def test_f10_forks_from_many_threads_do_not_hang(workspace: Path, server: StandIn, python: Callable[..., Any]) -> None:
    ended = python(
        """
        import os, threading
        stop = threading.Event()
        def report():
            step = 0
            while not stop.is_set():
                writer.report("busy", "", 0.0, step)
                writer.report_console("out", "line")
                step += 1
        threads = [threading.Thread(target=report) for _ in range(3)]
        for thread in threads: thread.start()
        for turn in range(40):
            child = os.fork()
            if child == 0:
                writer.report("child", "", 0.0, turn)
                os._exit(0 if writer.flush()["synced"] else 1)
            assert os.waitpid(child, 0)[1] == 0
        stop.set()
        for thread in threads: thread.join()
        writer.close(timeout=60)
        """
    )
    assert ended.returncode == 0, ended.stderr
    deliver_leftover(workspace, server)
    children = [point.step for point in server.all_points() if point.series == "child/"]
    assert sorted(children) == list(range(40))


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_f10_children_of_multiprocessing_report_into_the_run(
    workspace: Path, server: StandIn, tmp_path: Path, method: str
) -> None:
    script = tmp_path / "main.py"
    run = _native.new_id()
    script.write_text(f"""
import multiprocessing
from mendel import _native
writer = _native.RunWriter({str(workspace)!r}, {run!r}, 1, {server.address!r})

def work(rank):
    # Nothing is flushed: the end of the child has to do it.
    for step in range(1_000):
        writer.report("loss", f"rank {{rank}}", 0.5, step)

if __name__ == "__main__":
    writer.report("loss", "main", 0.5, 0)
    context = multiprocessing.get_context({method!r})
    children = [context.Process(target=work, args=(rank,)) for rank in range(3)]
    for child in children: child.start()
    for child in children: child.join()
    assert all(child.exitcode == 0 for child in children)
    writer.close()
else:
    import atexit, multiprocessing.util
    multiprocessing.util.Finalize(None, writer.close, exitpriority=1)
""")
    ended = subprocess.run([os.sys.executable, script], capture_output=True, text=True, timeout=120)
    assert ended.returncode == 0, ended.stderr
    deliver_leftover(workspace, server)
    counted = Counter(point.series for point in server.all_points())
    assert counted == {"loss/main": 1, "loss/rank 0": 1000, "loss/rank 1": 1000, "loss/rank 2": 1000}


@pytest.mark.skipif(os.geteuid() == 0, reason="root writes anywhere")
def test_p12_a_journal_that_cannot_be_written_raises_nothing(workspace: Path) -> None:
    workspace.chmod(stat.S_IRUSR | stat.S_IXUSR)
    writer = _native.RunWriter(workspace, _native.new_id(), 1, "off")
    writer.report("a", "b", 1.0, 1)
    assert not writer.flush(timeout=0.5)["synced"]
    assert writer.last_error()
    workspace.chmod(stat.S_IRWXU)
    assert writer.flush()["synced"]
    writer.close()


def test_p12_a_journal_folder_in_the_way_raises_nothing_and_loses_nothing(workspace: Path, server: StandIn) -> None:
    (workspace / "journal").write_text("in the way")
    writer = _native.RunWriter(workspace, _native.new_id(), 1, server.address)
    writer.report("a", "b", 1.0, 1)
    assert not writer.flush(timeout=0.5)["synced"]
    assert "journal" in (writer.last_error() or "")
    (workspace / "journal").unlink()
    assert writer.flush(wait=True)["acknowledged"]
    writer.close()
    assert len(server.all_points()) == 1
