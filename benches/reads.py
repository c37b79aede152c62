"""C: one long series for a chart, and a page out of many runs, through the interface."""

from __future__ import annotations

import http.client
import json
import os
import pathlib
import random
import socket
import sqlite3
import statistics
import sys
import urllib.parse
from collections.abc import Callable
from typing import TYPE_CHECKING

import kit
from client import figures

if TYPE_CHECKING:
    from mendel._native import Client

POINTS = 1_000_000
RUNS = 10_000
FILL = """
import sys, random
from mendel import Task
task = Task.init('bench', 'long', reuse_last_task_id=False, auto_resource_monitoring=False,
                 auto_connect_frameworks=False)
report, rnd = task.get_logger().report_scalar, random.Random(1)
for step in range({points}):
    report('loss', 'train', 2.3 / (1 + step * 1e-3) + 0.05 * rnd.random(), step)
assert task.flush(wait_for_uploads=True)
print(task.id)
"""
# The event file is written by its own record writer; only reading is measured.
TENSORBOARD = """
import json, os, random, time
from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.summary.writer.record_writer import RecordWriter
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
os.makedirs("tb")
writer, rnd = RecordWriter(open("tb/events.out.tfevents.1.bench", "wb")), random.Random(1)
writer.write(Event(wall_time=1.0, file_version="brain.Event:2").SerializeToString())
for step in range({points}):
    value = Summary.Value(tag="loss", simple_value=2.3 / (1 + step * 1e-3) + 0.05 * rnd.random())
    writer.write(Event(wall_time=step * 0.01, step=step, summary=Summary(value=[value])).SerializeToString())
writer.close()
began = time.perf_counter()
events = EventAccumulator("tb", size_guidance={{"scalars": 1000}})
events.Reload()
assert len(events.Scalars("loss")) == 1000
print("#figures", json.dumps({{"series": (time.perf_counter() - began) * 1e3}}))
"""
# The store of mlflow is filled with plain SQL into the schema that it makes.
MLFLOW = """
import json, random, sqlite3, statistics, time
from mlflow.tracking import MlflowClient
client = MlflowClient("sqlite:///m.db")
experiment = client.create_experiment("bench")
store, rnd = sqlite3.connect("m.db"), random.Random(1)
for number in range({runs}):
    run = f"{{number:032x}}"
    store.execute("insert into runs(run_uuid,name,source_type,source_name,entry_point_name,user_id,status,start_time,"
                  "end_time,source_version,lifecycle_stage,artifact_uri,experiment_id) "
                  "values(?,?,'LOCAL','','','u','FINISHED',1,2,'','active','a',?)", (run, run, int(experiment)))
    metrics = [(key, rnd.random(), run) for key in ("loss", "acc", "m0", "m1", "m2")]
    for table in ("metrics", "latest_metrics"):
        insert = f"insert into {{table}}(key,value,timestamp,run_uuid,step,is_nan) values(?,?,1,?,0,0)"
        store.executemany(insert, metrics)
    params = [("lr", rnd.choice(["0.1", "0.01", "0.001", "0.0001"]), run)]
    params += [(f"p{{k}}", str(rnd.random()), run) for k in range(4)]
    store.executemany("insert into params(key,value,run_uuid) values(?,?,?)", params)
store.commit()
def page():
    began = time.perf_counter()
    found = client.search_runs([experiment], "metrics.loss < 0.5 and params.lr = '0.01'", max_results=100,
                               order_by=["metrics.acc DESC"])
    assert len(found) == 100
    return (time.perf_counter() - began) * 1e3
page()
print("#figures", json.dumps({{"page": statistics.median(page() for _ in range(5))}}))
"""


class Connection(http.client.HTTPConnection):
    """HTTP over the Unix socket of a companion."""

    def __init__(self, address: str) -> None:
        super().__init__("mendel")
        self._path = address.removeprefix("unix:")

    def connect(self) -> None:
        """Connect to the socket in place of a host."""
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.connect(self._path)


def connected(folder: pathlib.Path) -> tuple[Client, str]:
    """A client of the workspace below ``folder``, which keeps its companion, and the address."""
    from mendel import _native

    os.environ["MENDEL_BINARY"] = str(kit.MENDEL)
    client = _native.connect(folder / ".mendel")
    return client, client.api


def ask(address: str, place: str, body: bytes | None = None) -> bytes:
    """The answer to one request on a connection of its own."""
    connection = Connection(address)
    headers = {"Content-Type": "application/json"} if body else {}
    connection.request("POST" if body else "GET", place, body, headers)
    answer = connection.getresponse()
    found = answer.read()
    connection.close()
    if answer.status >= 300:
        raise kit.Failed(f"{place}: {answer.status} {found[:100]!r}")
    return found


def median_ms(action: Callable[[], bytes], repetitions: int = 15) -> float:
    """The median of one request, after a first that is not counted."""
    action()
    return statistics.median(kit.cost(action).wall for _ in range(repetitions))


def fill(folder: pathlib.Path, address: str) -> None:
    """Makes the runs through the interface; their metrics are rows, as those of the peer."""
    rnd = random.Random(1)
    identifiers = []
    for begin in range(0, RUNS, 500):
        runs = []
        for number in range(begin, begin + 500):
            identifiers.append(f"{number + 1:032x}")
            values = {"lr": rnd.choice(["0.1", "0.01", "0.001", "0.0001"])}
            values.update({f"p{k}": str(rnd.random()) for k in range(4)})
            params = [{"name": name, "value": value, "origin": {"from": "code"}} for name, value in values.items()]
            runs.append({"id": identifiers[-1], "name": "r", "project": "bench", "created": number, "params": params})
        ask(address, "/api/v1/runs", json.dumps({"runs": runs}).encode())
    with sqlite3.connect(folder / ".mendel" / "mendel.db") as store:
        numbers = [number for (number,) in store.execute("SELECT number FROM runs WHERE name = 'r'")]
        metrics = [(run, key, rnd.random()) for run in numbers for key in ("loss", "acc", "m0", "m1", "m2")]
        store.executemany(
            "INSERT INTO series (run, metric, variant, points, last_step, last_time, last_bits, last_value, min_value,"
            " min_step, max_value, max_step, total, finite) VALUES (?1, ?2, '', 1, 0, 0, 0, ?3, ?3, 0, ?3, 0, ?3, 1)",
            metrics,
        )


def mendel(parent: pathlib.Path) -> dict[str, float]:
    """Both reads of Mendel, over the socket of the companion."""
    folder = parent / "reads-mendel"
    folder.mkdir()
    run = kit.run([sys.executable, "-c", FILL.format(points=POINTS)], folder).split()[-1]
    _client, address = connected(folder)
    ask(address, f"/api/v1/upkeep/seal?run={run}", b"{}")
    series = f"/api/v1/runs/{run}/buckets?metric=loss&variant=train&buckets=1000"
    told = json.loads(ask(address, series))
    if sum(bucket["count"] for bucket in told) != POINTS:
        raise kit.Failed("the series is not whole")
    fill(folder, address)
    query = {"filter": "metrics.loss < 0.5 and params.lr = 0.01", "sort": "-metrics.acc", "limit": "100"}
    page = "/api/v1/runs?" + urllib.parse.urlencode(query)
    if len(json.loads(ask(address, page))["runs"]) != 100:
        raise kit.Failed("the page is not full")
    return {
        "series": median_ms(lambda: ask(address, series)),
        "page": median_ms(lambda: ask(address, page)),
    }


def peer(name: str, code: str, parent: pathlib.Path) -> Callable[[], dict[str, float]]:
    """One script of a peer, which measures its own reads."""

    def measure() -> dict[str, float]:
        folder = parent / f"reads-{name}"
        folder.mkdir()
        return figures(kit.run([kit.python_of(name), "-c", code.format(points=POINTS, runs=RUNS)], folder, 400))

    return measure


def rows(folder: pathlib.Path) -> list[kit.Row]:
    """A chart of a million points, a page of ten thousand runs."""
    sides = {
        "mendel": lambda: mendel(folder),
        "tensorboard": peer("tensorboard", TENSORBOARD, folder),
        "mlflow": peer("mlflow", MLFLOW, folder),
    }
    found = kit.interleaved(sides, 1)
    return [
        kit.row("C1 a series of 1 000 000 points as 1 000 for a chart", "ms", found, "series"),
        kit.row("C2 10 000 runs: filter, sort, page of 100", "ms", found, "page"),
    ]
