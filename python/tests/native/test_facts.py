"""Ids, digests, workspaces, processes, and the exceptions of a client."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from mendel import _native
from stand_in import StandIn

EMPTY = "af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262"


def test_ids_are_32_digits_and_rise() -> None:
    ids = [_native.new_id() for _ in range(1000)]
    assert len(set(ids)) == 1000 and ids == sorted(ids)
    assert all(len(own) == 32 and int(own, 16) for own in ids)


def test_digests_of_bytes_and_file_agree(tmp_path: Path) -> None:
    assert _native.digest(b"") == EMPTY
    file = tmp_path / "a"
    file.write_bytes(b"x" * 300_000)
    assert _native.digest(file) == _native.digest(str(file)) == _native.digest(memoryview(b"x" * 300_000))


def test_the_workspace_is_found_upwards(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MENDEL_WORKSPACE", raising=False)
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    (tmp_path / "mendel.toml").touch()
    assert _native.workspace_find(inner) == str(tmp_path / ".mendel")
    assert not (tmp_path / ".mendel").exists()
    assert _native.workspace_find(inner, "x") == str(inner / "x" / ".mendel")
    identity = _native.workspace_create(tmp_path / ".mendel")
    assert _native.workspace_create(tmp_path / ".mendel") == identity


def test_this_process_lives_and_an_earlier_one_does_not() -> None:
    owner = json.loads(_native.owner())
    assert owner["pid"] == os.getpid()
    assert _native.owner_alive(json.dumps(owner))
    assert not _native.owner_alive(json.dumps({**owner, "start": owner["start"] - 1}))


def test_nobody_there_is_unreachable(workspace: Path) -> None:
    with pytest.raises(_native.Unreachable) as caught:
        _native.Client(f"unix:{workspace}/nobody.sock").hello()
    assert isinstance(caught.value, _native.MendelError)
    with pytest.raises(ValueError):
        _native.Client("nonsense")


def test_a_refusal_tells_status_code_and_hint(server: StandIn) -> None:
    problem = {"status": 409, "code": "wrong_status", "message": "it runs", "hint": "stop it"}
    server.refuse_with = problem
    with pytest.raises(_native.Refused) as caught:
        _native.Client(server.address).create_runs('{"runs": []}')
    error = caught.value
    assert (error.status, error.code, error.message, error.hint) == (409, "wrong_status", "it runs", "stop it")
    assert str(error) == "it runs"


def test_a_client_goes_on_in_a_forked_child(server: StandIn) -> None:
    client = _native.Client(server.address)
    client.hello()
    child = os.fork()
    if child == 0:
        os._exit(0 if json.loads(client.hello())["version"] == "0" else 1)
    assert os.waitpid(child, 0)[1] == 0
    client.hello()


def test_connecting_prefers_the_server_of_the_environment(
    workspace: Path, server: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MENDEL_API", server.address)
    assert _native.connect(workspace).api == server.address


def test_without_a_binary_nobody_can_be_started(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MENDEL_API", raising=False)
    monkeypatch.setenv("MENDEL_BINARY", "/bin/false")
    with pytest.raises(_native.Unreachable, match="companion"):
        _native.connect(workspace, timeout=0.3)
