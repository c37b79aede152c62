"""Each behaviour of the Trains API through the real ``clearml`` and the real ``trains``."""

from __future__ import annotations

import ast
import json
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
    done = subprocess.run(
        [str(interpreter(client)), str(ROWS), str(folder)],
        cwd=folder,
        env=served.environment(client, folder),
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    lines = [line.removeprefix("row ") for line in done.stdout.splitlines() if line.startswith("row ")]
    answers = {row["name"]: row["error"] for row in map(json.loads, lines)}
    assert "end" in answers, done.stderr[-3000:]
    return answers


@pytest.mark.parametrize("name", NAMES)
def test_row(told: dict[str, str], name: str) -> None:
    assert told[name] == ""
