"""Finds bright cells in synthetic images: five small stages."""

import numpy as np
from mendel.pipeline import Stage

from cells.filters import smooth
from cells.regions import components


class Acquire(Stage):
    """Makes the image of an input: cells of several sizes under noise."""

    inputs = ["input_id"]
    outputs = ["image", "truth"]

    def process(self, input_id, pipeline, config, status=None):
        random = np.random.default_rng(input_id)
        size, cells = config.get("size", 96), config.get("cells", 7)
        rows, columns = np.mgrid[:size, :size]
        image = random.normal(0, config.get("noise", 0.2), (size, size))
        for row, column in random.uniform(10, size - 10, (cells, 2)):
            image += np.exp(-((rows - row) ** 2 + (columns - column) ** 2) / (2 * random.uniform(2, 5) ** 2))
        return {"image": image, "truth": cells}


class Denoise(Stage):
    """Smooths the image."""

    inputs = ["image"]
    outputs = ["clean"]

    def process(self, image, pipeline, config, status=None):
        return {"clean": smooth(image, config.get("sigma", 1.5))}


class Threshold(Stage):
    """Keeps what is bright enough."""

    inputs = ["clean"]
    outputs = ["mask"]

    def process(self, clean, pipeline, config, status=None):
        return {"mask": clean > config.get("level", 0.5)}


class Label(Stage):
    """Numbers the regions of the mask, and writes them where the scope `labels` says."""

    inputs = ["mask", "input_id"]
    outputs = ["labels"]

    def process(self, mask, input_id, pipeline, config, status=None):
        labels = components(mask, config.get("smallest", 4))
        path = pipeline.resolve("labels", input_id)
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
            np.save(path, labels)
        return {"labels": labels}


class Count(Stage):
    """Counts the regions beside what was put in."""

    inputs = ["labels", "truth"]
    outputs = ["found"]

    def process(self, labels, truth, pipeline, config, status=None):
        return {"found": {"cells": int(labels.max()), "truth": int(truth)}}
