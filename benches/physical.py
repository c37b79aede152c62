"""P: what the machine itself allows, at the beginning and at the end of a sitting."""

from __future__ import annotations

import os
import pathlib
import statistics
import sys

import kit


def rows(folder: pathlib.Path) -> list[kit.Row]:
    """The cost of a flushed append and of a bare interpreter."""

    def append() -> None:
        with open(folder / "append", "wb") as out:
            for _ in range(100):
                out.write(b"x" * 4096)
                out.flush()
                os.fdatasync(out.fileno())

    words = [sys.executable, "-S", "-E", "-c", "pass"]
    starts = [kit.cost(lambda: kit.run(words, folder)) for _ in range(9)]
    return [
        kit.Row("P append 4 KiB and flush it", "ms", {"machine": kit.cost(append).wall / 100}),
        kit.Row("P start of a bare interpreter, CPU", "ms", {"machine": statistics.median(one.cpu for one in starts)}),
    ]
