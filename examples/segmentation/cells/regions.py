"""Regions of masks."""

import numpy as np


def components(mask, smallest):
    """Number the connected regions of a mask that have at least ``smallest`` pixels."""
    labels = np.zeros(mask.shape, dtype=np.int32)
    seen = np.zeros(mask.shape, dtype=bool)
    number = 0
    for start in zip(*np.nonzero(mask)):
        if seen[start]:
            continue
        region, open_ = [], [start]
        seen[start] = True
        while open_:
            row, column = open_.pop()
            region.append((row, column))
            for near in ((row + 1, column), (row - 1, column), (row, column + 1), (row, column - 1)):
                inside = 0 <= near[0] < mask.shape[0] and 0 <= near[1] < mask.shape[1]
                if inside and mask[near] and not seen[near]:
                    seen[near] = True
                    open_.append(near)
        if len(region) >= smallest:
            number += 1
            rows, columns = zip(*region)
            labels[rows, columns] = number
    return labels
