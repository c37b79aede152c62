"""Each behaviour of the Trains API through the real ``clearml`` and the real ``trains``."""

from __future__ import annotations

import ast
import contextlib
import json
import os
import signal
import subprocess
from pathlib import Path

import pytest

from .conftest import Served, interpreter

ROWS = Path(__file__).with_name("rows.py")
NAMES = [
    statement.name
    for statement in ast.parse(ROWS.read_text()).body
    if isinstance(statement, ast.FunctionDef) and statement.name.startswith("tr_")
]


@pytest.fixture(scope="session", params=["clearml", "trains"])
def told(request: pytest.FixtureRequest, served: Served, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What each row said, by its name: nothing, or how it failed."""
    client = request.param
    folder = tmp_path_factory.mktemp(client)
    said, complaints = folder / "out.txt", folder / "err.txt"
    with said.open("wb") as out, complaints.open("wb") as err:
        process = subprocess.Popen(
            [str(interpreter(client)), str(ROWS), str(folder)],
            cwd=folder,
            env=served.environment(client, folder),
            stdout=out,
            stderr=err,
            start_new_session=True,
        )
        try:
            process.wait(timeout=900)
        finally:
            # The client reports from a process of its own, which outlives it.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
    lines = [line.removeprefix("row ") for line in said.read_text().splitlines() if line.startswith("row ")]
    answers = {row["name"]: row["error"] for row in map(json.loads, lines)}
    assert "end" in answers, complaints.read_text()[-3000:]
    return answers


@pytest.mark.parametrize("name", NAMES)
def test_row(told: dict[str, str], name: str) -> None:
    assert told[name] == ""
