"""Turns what a coarse search fetched into neighbours: scored again exactly, ranked, cut."""

from collections.abc import Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

from workers.index.arrays import Keys, Neighbours, Scores, Vectors, most_ties

# Vectors that are compared at a time: a few MB that stay in the processor's cache.
_AT_ONCE: Final = 1024


def squares_of(vectors: Vectors) -> Scores:
    """Return the squared lengths (n,) of the vectors (n, dim), as `arrays.similarities` computes them."""
    doubles = vectors.astype(np.float64)
    squares: Scores = (doubles * doubles).sum(axis=1)
    return squares


def rescored(
    queries: Vectors, places: NDArray[np.int64], stored: Vectors, squares: Scores, keys: Keys, k: int
) -> Iterator[Neighbours]:
    """Yield the k best of each query, and what ties with the k-th, of what was fetched for it.

    The values are those of `arrays.similarities`, the order and the cut those of `arrays.ranked`.

    Args:
        queries: vectors (n, dim).
        places: rows of `stored` fetched for each query (n, fetched), -1 for none.
        stored: vectors (m, dim).
        squares: their `squares_of` (m,).
        keys: their keys (m,).
        k: how many are wanted.
    """
    most, fetched = most_ties(k), places.shape[1]
    size = max(1, _AT_ONCE // max(1, fetched))
    for start in range(0, len(queries), size):
        part, near = queries[start : start + size].astype(np.float64), places[start : start + size]
        products = (stored[near] * part[:, None, :]).sum(axis=2)
        norms = np.sqrt((part * part).sum(axis=1)[:, None] * squares[near])
        scores = np.where(near < 0, -np.inf, np.round(products / np.maximum(norms, 1e-12), 9))
        named = keys[near]
        order = np.lexsort((named, -scores), axis=1)
        scores, named = np.take_along_axis(scores, order, 1), np.take_along_axis(named, order, 1)
        counts = (near >= 0).sum(axis=1)
        if fetched > k:
            tied = (scores >= scores[:, [k - 1]]).sum(axis=1)
            counts = np.minimum(counts, np.where(counts > k, np.minimum(tied, most), counts))
        for row, count in enumerate(counts.tolist()):
            yield Neighbours(named[row, :count].copy(), scores[row, :count].copy())
