"""How well vectors rank: mean average precision, dense, for choosing between heads."""

import numpy as np

from workers.index.arrays import Keys, Vectors

MOST = 2000
"""Rows that are enough to choose by; the cost grows with their square."""


def mean_average_precision(vectors: Vectors, groups: Keys) -> float:
    """Return the mean over rows that have others of their group; 0 if none has.

    Args:
        vectors: float32 (n, dim), unit length.
        groups: int64 (n,), of each row.
    """
    scores = vectors @ vectors.T
    np.fill_diagonal(scores, -np.inf)
    order = np.argsort(-scores, axis=1, kind="stable")[:, :-1]
    hits = groups[order] == groups[:, None]
    wanted = hits.sum(axis=1)
    precision = np.cumsum(hits, axis=1) / np.arange(1, hits.shape[1] + 1)
    asked = wanted > 0
    if not asked.any():
        return 0.0
    return float(((precision * hits).sum(axis=1)[asked] / wanted[asked]).mean())
