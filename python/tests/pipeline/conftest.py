"""A ground for each test."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from ground import Ground  # noqa: E402


@pytest.fixture
def ground(tmp_path: Path) -> Ground:
    return Ground(tmp_path)
