"""Builds the wheel: the package, its native module, and the `mendel` binary as a script.

maturin builds the module; the binary is built here first, in the same profile, and laid
where maturin picks up scripts.

MENDEL_CARGO_PROFILE   cargo's profile; `dev` when unset
MENDEL_WHEEL_BINARY    a binary built before; empty for a wheel without the command
"""

import os
import shutil
import subprocess
from pathlib import Path

import maturin
from maturin import (
    build_sdist,
    get_requires_for_build_editable,
    get_requires_for_build_sdist,
    get_requires_for_build_wheel,
)

__all__ = [
    "build_editable",
    "build_sdist",
    "build_wheel",
    "get_requires_for_build_editable",
    "get_requires_for_build_sdist",
    "get_requires_for_build_wheel",
    "prepare_metadata_for_build_editable",
    "prepare_metadata_for_build_wheel",
]

ROOT = Path(__file__).resolve().parents[2]
SCRIPTS = ROOT / "target" / "wheel" / "mendel.data" / "scripts"


def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    """One wheel with everything in it."""
    _prepare(with_binary=True)
    return maturin.build_wheel(wheel_directory, config_settings, metadata_directory)


def build_editable(wheel_directory, config_settings=None, metadata_directory=None):
    """The same, with the package read from its source."""
    _prepare(with_binary=True)
    return maturin.build_editable(wheel_directory, config_settings, metadata_directory)


def prepare_metadata_for_build_wheel(metadata_directory, config_settings=None):
    """Name and version, without building anything."""
    _prepare(with_binary=False)
    return maturin.prepare_metadata_for_build_wheel(metadata_directory, config_settings)


prepare_metadata_for_build_editable = prepare_metadata_for_build_wheel


def _prepare(with_binary):
    profile = os.environ.get("MENDEL_CARGO_PROFILE") or "dev"
    os.environ.setdefault("MATURIN_PEP517_ARGS", f"--profile {profile}")
    SCRIPTS.mkdir(parents=True, exist_ok=True)
    if with_binary:
        _lay(_binary(profile))


def _binary(profile):
    given = os.environ.get("MENDEL_WHEEL_BINARY")
    if given is not None:
        return Path(given) if given else None
    command = ["cargo", "build", "--package", "mendel", "--profile", profile]
    subprocess.run(command, cwd=ROOT, check=True)
    target = Path(os.environ.get("CARGO_TARGET_DIR") or ROOT / "target")
    return ROOT / target / ("debug" if profile == "dev" else profile) / "mendel"


def _lay(binary):
    place = SCRIPTS / "mendel"
    place.unlink(missing_ok=True)
    if binary is not None:
        shutil.copy2(binary, place)
