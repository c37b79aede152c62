"""Counts down a number, draws its way, and writes what is left of it."""

import json
import os
from pathlib import Path

try:
    from mendel import Task
except ImportError:  # without the package there are no charts; everything else is the same
    Task = None


def parameters() -> dict:
    """The values this run was given; see task.yaml."""
    given = json.loads(Path(os.environ["MENDEL_PARAMS"]).read_text())
    return {param["name"]: param["value"] for param in given}


def report(metric: str, series: str, value: float, step: int) -> None:
    """Adds a point to a chart of this run."""
    if Task is not None:
        Task.current_task().get_logger().report_scalar(metric, series, value, step)


def main() -> None:
    values = parameters()
    rest = values["start"]
    for step in range(values["steps"]):
        rest *= 1 - values["rate"]
        report("rest", "", rest, step)
        print(f"step {step:3d}  rest {rest:.6f}", flush=True)
    Path("rest.txt").write_text(f"{rest}\n")


if __name__ == "__main__":
    main()
