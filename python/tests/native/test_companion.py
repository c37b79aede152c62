"""The real binary as companion: started by the first who needs it, shared by all."""

from __future__ import annotations

import array
import json
import math
import shutil
from pathlib import Path
from typing import Iterator

import pytest
from mendel import _native

pytestmark = pytest.mark.skipif(_native.binary() is None, reason="the wheel holds no command")


@pytest.fixture(autouse=True)
def no_server_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.delenv("MENDEL_API", raising=False)
    yield


def begin(writer: _native.RunWriter, name: str) -> None:
    writer.create(json.dumps({"name": name, "project": "p", "script": {"entry": "train.py"}}))
    writer.move('{"to": "start"}')


def test_a_run_made_by_its_journal_is_read_back_whole(workspace: Path) -> None:
    writer = _native.RunWriter(workspace, _native.new_id())
    begin(writer, "first")
    for step in range(30_000):
        writer.report("loss", "train", step / 4, step)
    writer.report("loss", "odd", math.nan, 0)
    writer.report("loss", "odd", math.inf, 1)
    writer.report_console("out", "hello")
    digest = writer.artifact('{"name": "a", "type": "text"}', b"bytes")
    writer.move('{"to": "complete"}')
    counts = writer.flush(wait=True, timeout=60)
    assert counts["acknowledged"], (counts, writer.last_error())

    client = _native.connect(workspace)
    run = json.loads(client.run(writer.run) or "null")
    assert (run["name"], run["status"], run["attempt"]) == ("first", "completed", 1)
    steps, _, values = client.points(writer.run, "loss", "train")
    assert list(array.array("q", steps)) == list(range(30_000))
    assert list(array.array("d", values)) == [step / 4 for step in range(30_000)]
    odd = array.array("d", client.points(writer.run, "loss", "odd")[2])
    assert math.isnan(odd[0]) and odd[1] == math.inf
    assert [line["text"] for line in json.loads(client.console_tail(writer.run))["lines"]] == ["hello"]
    assert client.blob(digest or "") == b"bytes"
    writer.close(timeout=10)
    assert not Path(writer.journal).exists()


def test_a_second_process_shares_the_companion(workspace: Path) -> None:
    first, second = _native.connect(workspace), _native.connect(workspace)
    assert first.api == second.api
    assert json.loads(second.hello())["workspace"] in ("", _native.workspace_create(workspace))
    assert second.run("@1") is None
    with pytest.raises(_native.Refused) as caught:
        second.update_run(_native.new_id(), "{}")
    assert caught.value.status == 404


def test_a_deep_workspace_has_a_companion_too(workspace: Path) -> None:
    deep = workspace.parent / ("d" * 60) / ("e" * 60) / ".mendel"
    client = _native.connect(deep)
    assert len(client.api) < 110
    shutil.rmtree(Path(client.api.removeprefix("unix:")).parent, ignore_errors=True)
