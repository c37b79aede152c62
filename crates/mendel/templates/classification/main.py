"""Learns to tell clouds of points apart with a softmax classifier, and tests it on points it never saw."""

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


def clouds(classes: int, points: int, spread: float) -> list:
    """Points around centres on a circle, each with its class."""
    found = []
    for index in range(classes * points):
        label = index % classes
        angle = 2 * math.pi * label / classes
        found.append((math.cos(angle) + random.gauss(0, spread), math.sin(angle) + random.gauss(0, spread), label))
    random.shuffle(found)
    return found


def chances(weights: list, x: float, y: float) -> list:
    """How likely each class is at a place."""
    scores = [math.exp(a * x + b * y + c) for a, b, c in weights]
    return [score / sum(scores) for score in scores]


def judge(weights: list, points: list) -> tuple:
    """Mean loss and share of right answers."""
    told = [(chances(weights, x, y), label) for x, y, label in points]
    loss = -sum(math.log(max(found[label], 1e-12)) for found, label in told) / len(points)
    return loss, sum(found[label] == max(found) for found, label in told) / len(points)


def main() -> None:
    values = parameters()
    random.seed(values["seed"])
    points = clouds(values["classes"], values["points"], values["spread"])
    split = len(points) * 3 // 4
    train, test = points[:split], points[split:]
    weights = [[0.0, 0.0, 0.0] for _ in range(values["classes"])]

    for epoch in range(values["epochs"]):
        for x, y, label in train:
            for index, chance in enumerate(chances(weights, x, y)):
                push = values["rate"] * ((index == label) - chance)
                weights[index] = [w + push * part for w, part in zip(weights[index], (x, y, 1.0))]
        for series, part in (("train", train), ("test", test)):
            loss, accuracy = judge(weights, part)
            report("loss", series, loss, epoch)
            report("accuracy", series, accuracy, epoch)
        print(f"epoch {epoch:3d}  test loss {loss:.4f}  test accuracy {accuracy:.4f}", flush=True)

    Path("weights.json").write_text(json.dumps(weights))


if __name__ == "__main__":
    main()
