"""A script that knows nothing of Mendel: fits a line by gradient descent."""

import argparse
import random

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--rate", type=float, default=0.1, help="size of a step")
parser.add_argument("--steps", type=int, default=40, help="number of steps")
parser.add_argument("--seed", type=int, default=7, help="decides the noise of the data")
args = parser.parse_args()

random.seed(args.seed)
points = [(x / 20, 3 * x / 20 + 1 + random.gauss(0, 0.1)) for x in range(20)]

slope = offset = 0.0
for step in range(args.steps):
    errors = [(slope * x + offset - y, x) for x, y in points]
    slope -= args.rate * sum(error * x for error, x in errors) / len(points)
    offset -= args.rate * sum(error for error, _ in errors) / len(points)
    loss = sum(error * error for error, _ in errors) / len(points)
    print(f"step {step} loss {loss:.5f}")

with open("line.txt", "w") as out:
    out.write(f"y = {slope:.3f} x + {offset:.3f}\n")
