"""Servers from the built binary, and real clients in environments of their own."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Iterator

import pytest
from mendel import _native

REPOSITORY = Path(__file__).resolve().parents[3]
REQUIREMENTS = REPOSITORY / "tools" / "requirements"


def interpreter(client: str) -> Path:
    """The Python of an environment with the pinned packages of a client, made when missing."""
    pins = REQUIREMENTS / f"{client}.txt"
    digest = hashlib.sha256(pins.read_bytes()).hexdigest()[:16]
    cache = Path(os.environ.get("MENDEL_BUILD_CACHE") or tempfile.gettempdir()) / "clients"
    place = cache / f"{client}-{digest}"
    python = place / "bin" / "python"
    if not (place / "ready").exists():
        shutil.rmtree(place, ignore_errors=True)
        cache.mkdir(parents=True, exist_ok=True)
        uv = shutil.which("uv")
        if uv is None:
            subprocess.run([sys.executable, "-m", "venv", str(place)], check=True)
            install = [str(python), "-m", "pip", "install", "-q", "-r", str(pins)]
        else:
            subprocess.run([uv, "venv", "-q", str(place)], check=True)
            install = [uv, "pip", "install", "-q", "--python", str(python), "-r", str(pins)]
        done = subprocess.run(install, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            if "clients" in os.environ.get("MENDEL_TEST_REQUIRE", ""):
                pytest.fail(f"`{client}` cannot be installed: {done.stderr[-500:]}")
            pytest.skip(f"`{client}` cannot be installed")
        (place / "ready").touch()
    return python


@dataclass
class Served:
    """A server and a key to it."""

    url: str
    key: str
    secret: str

    def environment(self, client: str, folder: Path) -> dict[str, str]:
        """What points a client at the server, and away from the settings of this machine."""
        prefix = client.upper()
        other = ("CLEARML_", "TRAINS_", "ALG_", "MENDEL_")
        kept = {name: value for name, value in os.environ.items() if not name.startswith(other)}
        settings = {
            "API_HOST": self.url,
            "WEB_HOST": self.url,
            "FILES_HOST": self.url,
            "API_ACCESS_KEY": self.key,
            "API_SECRET_KEY": self.secret,
            "CACHE_DIR": str(folder / "cache"),
            "CONFIG_FILE": str(folder / "none.conf"),
        }
        named = {f"{prefix}_{name}": value for name, value in settings.items()}
        return {**kept, **named, "HOME": str(folder), "CLIENT": client}


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    binary = os.environ.get("MENDEL") or _native.binary()
    assert binary, "the command is built before the tests"
    folder = tmp_path_factory.mktemp("served")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MENDEL_")}
    environment["MENDEL_HOME"] = str(folder / "home")
    workspace = ["--workspace", str(folder / ".mendel")]
    log = folder / "serve.log"
    with log.open("w") as output:
        server = subprocess.Popen(
            [binary, "serve", "--port", "0", *workspace], cwd=folder, env=environment, stdout=output, stderr=output
        )
        try:
            yield admit(binary, workspace, folder, environment, log)
        finally:
            server.terminate()
            server.wait(timeout=30)


def admit(binary: str, workspace: list[str], folder: Path, environment: dict[str, str], log: Path) -> Served:
    """Waits until the server says where it listens, and makes a key."""
    end = time.monotonic() + 30
    while not (found := re.search(r"http://[^\s/]+", log.read_text())):
        assert time.monotonic() < end, log.read_text()
        time.sleep(0.05)
    make = [binary, "keys", "create", "--json", *workspace]
    told = subprocess.run(make, cwd=folder, env=environment, capture_output=True, text=True, check=True)
    pair = json.loads(told.stdout)
    return Served(found.group(0), pair["access_key"], pair["secret_key"])
