"""Finds clouds of points with k-means and draws the loss of every round."""

import json
import math
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


def nearest(centres: list, point: tuple) -> int:
    """The number of the centre that lies nearest."""
    return min(range(len(centres)), key=lambda index: math.dist(centres[index], point))


def spread_out(points: list, count: int) -> list:
    """First centres, each chosen where the others are far."""
    centres = [random.choice(points)]
    while len(centres) < count:
        distances = [min(math.dist(centre, point) for centre in centres) ** 2 for point in points]
        centres.append(random.choices(points, weights=distances)[0] if any(distances) else random.choice(points))
    return centres


def main() -> None:
    values = parameters()
    random.seed(values["seed"])
    hidden = [(random.uniform(-5, 5), random.uniform(-5, 5)) for _ in range(values["clouds"])]
    points = [(random.gauss(x, 0.7), random.gauss(y, 0.7)) for x, y in hidden for _ in range(values["points"])]
    centres = spread_out(points, values["clusters"])

    for round_number in range(values["rounds"]):
        members = [[] for _ in centres]
        for point in points:
            members[nearest(centres, point)].append(point)
        moved = [tuple(map(lambda part: sum(part) / len(part), zip(*own))) if own else centre for own, centre in zip(members, centres)]
        shift = max(math.dist(old, new) for old, new in zip(centres, moved))
        centres = moved
        inertia = sum(math.dist(centres[nearest(centres, point)], point) ** 2 for point in points) / len(points)
        report("inertia", "", inertia, round_number)
        report("shift", "", shift, round_number)
        print(f"round {round_number:2d}  inertia {inertia:.4f}  shift {shift:.4f}", flush=True)
        if shift < 1e-6:
            break

    Path("centres.json").write_text(json.dumps(centres))


if __name__ == "__main__":
    main()
