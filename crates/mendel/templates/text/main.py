"""Learns which words speak for which kind of message, and writes down the ones it got wrong."""

import csv
import json
import math
import os
import random
from collections import Counter
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


KINDS = {
    "weather": "sun rain cloud wind storm warm cold sky morning snow",
    "kitchen": "bread butter oven salt pan soup warm knife morning sugar",
    "railway": "train track station ticket late signal wagon morning cold bridge",
}
FILLER = "the a is was and with very some today here it there"


def messages(count: int, noise: float) -> list:
    """Messages of every kind, with words that say nothing in between."""
    made = []
    for index in range(count):
        kind = list(KINDS)[index % len(KINDS)]
        words = [random.choice((FILLER if random.random() < noise else KINDS[kind]).split()) for _ in range(8)]
        made.append((" ".join(words), kind))
    random.shuffle(made)
    return made


def guess(counts: dict, text: str, smoothing: float) -> str:
    """The kind whose words explain the message best."""
    vocabulary = {word for own in counts.values() for word in own}

    def score(kind: str) -> float:
        total = sum(counts[kind].values()) + smoothing * len(vocabulary)
        return sum(math.log((counts[kind][word] + smoothing) / max(total, 1e-12)) for word in text.split())

    return max(counts, key=score)


def main() -> None:
    values = parameters()
    random.seed(values["seed"])
    made = messages(values["messages"], values["noise"])
    split = len(made) * 3 // 4
    train, test = made[:split], made[split:]
    counts = {kind: Counter() for kind in KINDS}

    for step, (text, kind) in enumerate(train):
        counts[kind].update(text.split())
        if step % 20 == 19 or step + 1 == len(train):
            right = sum(guess(counts, text, values["smoothing"]) == kind for text, kind in test)
            report("accuracy", "test", right / max(len(test), 1), step + 1)
            print(f"after {step + 1:4d} messages  accuracy {right / max(len(test), 1):.4f}", flush=True)

    wrong = [(text, kind, found) for text, kind in test if (found := guess(counts, text, values["smoothing"])) != kind]
    with open("errors.csv", "w", newline="") as file:
        csv.writer(file).writerows([("message", "kind", "guess"), *wrong])
    print(f"{len(wrong)} of {len(test)} messages were guessed wrong")


if __name__ == "__main__":
    main()
