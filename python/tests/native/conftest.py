"""A workspace and a stand-in server for each test, apart from those of the other tests."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import textwrap
from pathlib import Path
from typing import Any, Callable, Iterator

import pytest
from mendel import _native

sys.path.insert(0, str(Path(__file__).parent))

from stand_in import StandIn


@pytest.fixture
def workspace() -> Iterator[Path]:
    """A workspace with a short path, since a socket lies in it."""
    folder = Path(tempfile.mkdtemp(prefix="mdl"))
    root = folder / ".mendel"
    _native.workspace_create(root)
    yield root
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def server(workspace: Path) -> Iterator[StandIn]:
    """A server of the workspace."""
    server = StandIn(workspace / "s.sock", _native.workspace_create(workspace))
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def writer(workspace: Path, server: StandIn) -> Iterator[_native.RunWriter]:
    """A writer of a fresh run."""
    writer = _native.RunWriter(workspace, _native.new_id(), 1, server.address)
    yield writer
    writer.close()


@pytest.fixture
def python(workspace: Path, server: StandIn) -> Callable[..., Any]:
    """Runs code in a process of its own, where `writer` reports to the server."""

    def run(code: str, api: str | None = None, **options: Any) -> Any:
        head = f"""
            from mendel import _native
            workspace, run = {str(workspace)!r}, {_native.new_id()!r}
            writer = _native.RunWriter(workspace, run, 1, {api or server.address!r})
        """
        source = textwrap.dedent(head) + textwrap.dedent(code)
        return subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, timeout=120, **options)

    return run
