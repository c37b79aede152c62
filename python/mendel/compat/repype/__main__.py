"""The old command line: `python -m repype`."""

from __future__ import annotations

import sys

from .cli import run_cli

if __name__ == "__main__":
    sys.exit(0 if run_cli() else 1)
