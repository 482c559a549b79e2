"""Turns what a coarse search fetches into neighbours: scored again exactly, ranked, cut."""

from collections.abc import Callable, Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

from workers.index.arrays import Keys, Neighbours, Scores, Vectors, cosines_of, most_ties

Fetch = Callable[[NDArray[np.int64], int], tuple[Vectors, NDArray[np.int64]]]
"""For some of the queries (n,), rough scores (n, count) and the best places, best first, -1 for none."""
Read = Callable[[NDArray[np.int64]], tuple[Vectors, Scores, Keys]]
"""The vectors (…, dim) at places (…), their `squares_of` and their keys; anything where there is none."""

_MARGIN: Final = 4
# More vectors than this may tie with the k-th only in a catalog that shows one photo thousands of times.
_MOST_FETCHED: Final = 1024
# Vectors that are compared at a time: a few MB that stay in the processor's cache.
_AT_ONCE: Final = 1024


def squares_of(vectors: NDArray[np.floating]) -> Scores:
    """Return the squared lengths (…) of the vectors (…, dim), summed up in float64."""
    doubles = vectors.astype(np.float64)
    squares: Scores = (doubles * doubles).sum(axis=-1)
    return squares


def nearest(
    queries: Vectors,
    k: int,
    fetch: Fetch,
    read: Read,
    *,
    size: int,
    noise: float,
) -> list[Neighbours]:
    """Return the k best of each query, and what ties with the k-th.

    Args:
        queries: vectors (n, dim).
        k: how many are wanted.
        fetch: the coarse search.
        read: gives the vectors that were fetched.
        size: how many vectors are searched.
        noise: what a rough score is off at most.
    """
    if not size:
        return [Neighbours(np.empty(0, np.int64), np.empty(0)) for _ in queries]
    found: dict[int, Neighbours] = {}
    waiting, count = np.arange(len(queries)), min(k + _MARGIN, size)
    while len(waiting):
        scores, near = fetch(waiting, count)
        ranked = _rescored(queries[waiting], near, read, k)
        found.update(zip(waiting.tolist(), ranked, strict=True))
        if count >= size or count >= _MOST_FETCHED:
            break
        # A score beyond the last one fetched may still tie with the k-th.
        kth = np.array([found[query].scores[k - 1] for query in waiting.tolist()])
        waiting, count = waiting[scores[:, -1] >= kth - noise], min(count * 4, size, _MOST_FETCHED)
    return [found[query] for query in range(len(queries))]


def _rescored(queries: Vectors, places: NDArray[np.int64], read: Read, k: int) -> Iterator[Neighbours]:
    """Yield the neighbours among the places (n, fetched).

    The values are those of `arrays.cosines_of`, the order and the cut those of `arrays.ranked`.
    """
    most, fetched = most_ties(k), places.shape[1]
    size = max(1, _AT_ONCE // max(1, fetched))
    for start in range(0, len(queries), size):
        part, near = queries[start : start + size].astype(np.float64), places[start : start + size]
        vectors, squares, named = read(near)
        products = (vectors * part[:, None, :]).sum(axis=2)
        cosines = cosines_of(products, (part * part).sum(axis=1)[:, None], squares)
        scores = np.where(near < 0, -np.inf, cosines)
        order = np.lexsort((named, -scores), axis=1)
        scores, named = np.take_along_axis(scores, order, 1), np.take_along_axis(named, order, 1)
        counts = (near >= 0).sum(axis=1)
        if fetched > k:
            tied = (scores >= scores[:, [k - 1]]).sum(axis=1)
            counts = np.minimum(counts, np.where(counts > k, np.minimum(tied, most), counts))
        for row, count in enumerate(counts.tolist()):
            yield Neighbours(named[row, :count].copy(), scores[row, :count].copy())
