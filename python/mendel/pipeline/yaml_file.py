"""Reads task files and hyperparameter files, as YAML 1.1."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Dict


def read_mapping(path: Path) -> Dict[str, Any]:
    """The mapping in a YAML file; an empty file is an empty mapping.

    Raises:
        ValueError: It is no YAML, or no mapping; with file, line and column.
        ImportError: PyYAML is not installed.
    """
    try:
        import yaml
    except ImportError as error:
        raise ImportError("reading `task.yml` in Python needs PyYAML: `pip install pyyaml`") from error
    text = path.read_text("utf-8")
    try:
        found = yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f"{path}:{mark.line + 1}:{mark.column + 1}" if mark else str(path)
        line = text.splitlines()[mark.line].strip() if mark and mark.line < len(text.splitlines()) else ""
        raise ValueError(f"{place}: {getattr(error, 'problem', None) or error}: `{line}`") from error
    if found is None:
        return {}
    if not isinstance(found, dict):
        raise ValueError(f"{path}:1: a mapping is expected, and a {type(found).__name__} was found")
    return found
