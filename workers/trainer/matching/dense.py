"""Figures from all similarities at once: square matrices (n, n), for galleries of a few thousand listings."""

import numpy as np
from numpy.typing import NDArray

from workers.index.arrays import Keys, Vectors

Similarities = NDArray[np.float64]
_CUTS = 200
_LEAST_SHARE = 0.8


def similarities_of(vectors: Vectors) -> Similarities:
    """Return the cosines of all rows (n, dim), unit length, with all others, rounded: ties are ties."""
    exact = vectors.astype(np.float64)
    scores: Similarities = np.round(exact @ exact.T, 6)
    return scores


def hit_at_1(scores: Similarities, groups: Keys, queries: NDArray[np.bool_] | None = None) -> float:
    """Return the share of rows whose best other row is of their group; rows without others are left out.

    `queries`, bool (n,), names the rows that are asked about, None: all.

    Where several tie for the best, the share of them that are: what a draw among them would give.
    """
    others = scores.copy()
    np.fill_diagonal(others, -np.inf)
    best = others == others.max(axis=1, keepdims=True)
    same = groups[:, None] == groups[None, :]
    asked = same.sum(axis=1) > 1
    if queries is not None:
        asked &= queries
    return float(((best & same).sum(axis=1)[asked] / best.sum(axis=1)[asked]).mean())


def row_f1(scores: Similarities, groups: Keys, cut: float) -> float:
    """Return the mean F1 of what scores `cut` or more against the true group; see `report.metrics.row_f1`."""
    found = scores >= cut
    np.fill_diagonal(found, val=True)
    same = groups[:, None] == groups[None, :]
    return float((2 * (found & same).sum(axis=1) / (found.sum(axis=1) + same.sum(axis=1))).mean())


def best_cut(galleries: list[tuple[Similarities, Keys]]) -> float:
    """Return the cut with the best mean row F1 over the galleries, the highest of equals."""
    everything = np.concatenate([scores[~np.eye(len(scores), dtype=bool)] for scores, _ in galleries])
    cuts = np.unique(np.quantile(everything, np.linspace(_LEAST_SHARE, 1, _CUTS), method="lower"))[::-1]
    means = [np.mean([row_f1(scores, groups, cut) for scores, groups in galleries]) for cut in cuts]
    return float(cuts[int(np.argmax(means))])


def blended(vectors: Vectors, cut: float, neighbours: int) -> Vectors:
    """Return each vector moved towards its nearest ones: iterative neighbourhood blending, one round.

    The sum of a vector and its neighbours that score `cut` or more, weighted by their scores, at unit length.
    Method of the first place of the Shopee Price Match Guarantee competition (Kaggle, 2021).
    """
    scores = similarities_of(vectors)
    least = np.sort(scores, axis=1)[:, -min(neighbours + 1, len(scores))]
    weights = np.where((scores >= least[:, None]) & (scores >= cut), scores, 0)
    np.fill_diagonal(weights, 1)
    moved = weights @ vectors
    unit: Vectors = (moved / np.linalg.norm(moved, axis=1, keepdims=True)).astype(np.float32)
    return unit
