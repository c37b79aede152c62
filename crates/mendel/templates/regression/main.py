"""Fits a line to noisy points by gradient descent and compares it with the line behind them."""

import json
import os
import random
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
    random.seed(values["seed"])
    slope, offset = random.uniform(-2, 2), random.uniform(-1, 1)
    places = [random.uniform(-1, 1) for _ in range(values["points"])]
    heights = [slope * x + offset + random.gauss(0, values["noise"]) for x in places]

    a = b = 0.0
    for step in range(values["steps"]):
        misses = [a * x + b - y for x, y in zip(places, heights)]
        loss = sum(miss * miss for miss in misses) / len(misses)
        a -= values["rate"] * 2 * sum(miss * x for miss, x in zip(misses, places)) / len(misses)
        b -= values["rate"] * 2 * sum(misses) / len(misses)
        report("loss", "", loss, step)
        report("error", "slope", abs(a - slope), step)
        report("error", "offset", abs(b - offset), step)
        if step % 10 == 0:
            print(f"step {step:4d}  loss {loss:.5f}", flush=True)

    print(f"found {a:.3f} x + {b:.3f}, behind the points is {slope:.3f} x + {offset:.3f}")
    Path("line.json").write_text(json.dumps({"slope": a, "offset": b}))


if __name__ == "__main__":
    main()
