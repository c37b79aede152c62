"""The import paths of the original that old tasks use."""

from __future__ import annotations

import logging
from typing import Any

import coretex
import numpy as np
import pytest


def test_old_import_paths_lead_to_what_is_there() -> None:
    from coretex import folder_manager
    from coretex.cache import storeObject
    from coretex.entities import CustomDataset, ImageDataset
    from coretex.networking import NetworkRequestError
    from coretex.utils import guessMimeType, hashCacheName

    assert (CustomDataset, ImageDataset) == (coretex.CustomDataset, coretex.ImageDataset)
    assert issubclass(NetworkRequestError, Exception)
    assert callable(storeObject) and callable(folder_manager.tempFile)
    assert guessMimeType("a.csv") == "text/csv"
    assert len(hashCacheName("x" * 41, "y")) == 50
    with pytest.raises(ValueError, match="too long"):
        hashCacheName("x" * 42, "y")


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        ("from coretex.networking import networkManager", r"coretex\.networking\.networkManager.*no server"),
        ("from coretex.bioinformatics import ctx_qiime2", r"coretex\.bioinformatics.*coretex\.utils\.command"),
        ("import coretex.cli.main", r"coretex\.cli.*the command is `mendel`"),
        ("from coretex import Node", r"coretex\.Node.*needs the server"),
        ("from coretex.entities import Node", r"coretex\.Node.*--no-compat"),
    ],
)
def test_what_needs_the_old_server_is_refused_with_a_way_out(statement: str, told: str) -> None:
    with pytest.raises(ImportError, match=told):
        exec(statement, {})


def test_a_module_that_nobody_has_is_still_missing_as_such() -> None:
    with pytest.raises(ModuleNotFoundError, match="No module named 'coretexts'"):
        exec("import coretexts", {})


def test_an_image_is_fitted_into_a_frame() -> None:
    from coretex.utils import resizeWithPadding

    wide = np.full((10, 40, 3), 200, dtype=np.uint8)

    framed, top, left = resizeWithPadding(wide, 20, 20)

    assert framed.shape == (20, 20, 3) and (top, left) == (7, 0)
    assert framed[10, 10, 0] == 200 and framed[0, 0, 0] == 0 and framed[19, 19, 0] == 0


def test_a_command_is_logged_and_its_failure_is_told(caplog: Any) -> None:
    from coretex.utils import CommandException, command

    with caplog.at_level(logging.INFO):
        assert command(["sh", "-c", "echo one; echo two >&2"]) == (0, "one\n", "two\n")
    assert [record.message for record in caplog.records if record.name == "coretex"].count("one") == 1
    assert command(["sh", "-c", "exit 3"], check=False)[0] == 3
    with pytest.raises(CommandException, match="code 3: bad"):
        command(["sh", "-c", "echo bad >&2; exit 3"])
