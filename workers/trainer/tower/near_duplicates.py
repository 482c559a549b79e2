"""Clusters of photos that show nearly the same picture, so that a split never cuts through one."""

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional

GRID = 16
"""Thumbnails are GRID x GRID colours."""

ALIKE = 0.95
"""Correlation of two thumbnails from which they count as the same picture (burst shots, re-uploads)."""

BLOCK = 1024
"""Rows compared at a time; bounds the memory of the comparison."""


def thumbnails(pixels: npt.NDArray[np.uint8]) -> Tensor:
    """Reduce photos to standardised colour thumbnails.

    Args:
        pixels: uint8 (n, 3, side, side), side a multiple of GRID.

    Returns:
        float32 (n, 3*GRID*GRID), zero mean and unit length per row: the product of two rows is their
        correlation.
    """
    rows = []
    for start in range(0, len(pixels), BLOCK):
        block = torch.from_numpy(np.array(pixels[start : start + BLOCK])).float()
        flat = functional.adaptive_avg_pool2d(block, GRID).flatten(1)
        rows.append(functional.normalize(flat - flat.mean(1, keepdim=True), dim=1))
    return torch.cat(rows)


def cluster(pixels: npt.NDArray[np.uint8]) -> list[int]:
    """Put photos that correlate, as they are or mirrored, into clusters (connected components).

    Args:
        pixels: uint8 (n, 3, side, side).

    Returns:
        For each photo the lowest position of its cluster's members.
    """
    flat = thumbnails(pixels)
    mirrored = flat.view(-1, 3, GRID, GRID).flip(3).flatten(1)
    parent = list(range(len(flat)))

    def root(node: int) -> int:
        while parent[node] != node:
            parent[node] = parent[parent[node]]
            node = parent[node]
        return node

    for start in range(0, len(flat), BLOCK):
        block = flat[start : start + BLOCK]
        alike = torch.maximum(block @ flat.T, block @ mirrored.T) >= ALIKE
        for left, right in alike.nonzero().tolist():
            a, b = root(start + left), root(right)
            parent[max(a, b)] = min(a, b)
    return [root(node) for node in range(len(flat))]
