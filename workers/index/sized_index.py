"""The vector index of the worker: exact while the catalog is small, in cells when it is large."""

from collections.abc import Iterable, Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

from workers.index.arrays import Halves, Keys, Neighbours, Vectors, in_parts
from workers.index.cell_index import CellIndex, centres_of
from workers.index.faiss_index import FaissIndex
from workers.index.layout import CellNumbers, Layout

LEAST: Final = 65_536
"""Vectors from which on they are sorted into cells."""

# Of 65,536 vectors 896 cells. Twice as many vectors get half as many more: a query is compared with the
# centres, too.
_CELLS_PER_ROOT: Final = 3.5
_SAMPLE_PER_CELL: Final = 24
# Vectors that are handed over at a time: they are held twice until they are.
_AT_ONCE: Final = 8192
# A layout is worth returning when one in so many vectors is new in it: at a million, assigning those takes a
# few seconds when the catalog is opened, and returning it half a second.
_NEWS_SHARE: Final = 16


class SizedIndex:
    """A `FaissIndex` until it has `least` vectors, from then on a `CellIndex`, also if it has fewer again.

    Cells are made anew whenever there are twice as many vectors as when they were made. The sample that they
    are made of is that of the smallest keys, which are hashes: an index that is filled again in the same
    order gives the same answers. `probes` is how many cells a search looks into.
    """

    def __init__(self, dim: int, least: int = LEAST, probes: int | None = None) -> None:
        self._dim = dim
        self._least = self._next = self._size = least
        self._probes = probes
        self._expected = 0
        # Vectors whose cell is in no layout that was returned.
        self._news = 0
        self._index: FaissIndex | CellIndex = FaissIndex(dim)
        self._among: tuple[Keys, SizedIndex] | None = None

    def fill(self, parts: Iterable[tuple[Keys, Halves]], plan: int | Layout) -> None:
        """Add all vectors of a store to an empty index, in order of their keys.

        Cells are made once, as soon as the sample is there, and not at every doubling on the way; those of a
        layout are taken over, unless most of the vectors turn out to be others.
        """
        if isinstance(plan, int):
            if plan >= self._least:
                self._expected, self._next = plan, min(plan, _cells_for(plan) * _SAMPLE_PER_CELL)
            for keys, vectors in parts:
                self.upsert(keys, vectors)
            return
        cells = CellIndex(plan.centres, self._probes)
        self._index, self._size, self._next = cells, plan.size, 2 * plan.size
        cells.fill(self._placed(parts, plan))
        if self._news > len(cells) // 2 or len(cells) >= self._next:
            self._make_cells()

    def new_layout(self) -> Layout | None:
        """Return what was expensive to make, if a good part of it is newer than what was last returned."""
        few = not self._news or self._news * _NEWS_SHARE < len(self._index)
        if few or isinstance(self._index, FaissIndex):
            return None
        self._news = 0
        return self._index.layout(self._size)

    def upsert(self, keys: Keys, vectors: Vectors | Halves) -> None:
        """Add the vectors (n, dim) under distinct keys (n,), replacing those that are there."""
        self._among = None
        self._news += len(keys)
        self._index.upsert(keys, vectors)
        if len(self._index) >= self._next:
            self._make_cells()

    def delete(self, keys: Keys) -> None:
        """Remove the vectors of those keys that are there."""
        self._among = None
        self._index.delete(keys)

    def search(self, queries: Vectors, k: int, among: Keys | None = None) -> list[Neighbours]:
        """Return the k best of each query (n, dim), more where several tie with the k-th."""
        if isinstance(self._index, FaissIndex):
            return self._index.search(queries, k, among)
        return self._index.search(queries, k) if among is None else self._restricted(among).search(queries, k)

    def vectors(self, keys: Keys) -> Vectors:
        """Return the vectors (n, dim) of keys that are there."""
        return self._index.vectors(keys)

    def has(self, keys: Keys) -> NDArray[np.bool_]:
        """Say of each key (n,) whether it is there."""
        return self._index.has(keys)

    def alike(self, keys: Keys) -> Keys:
        """Return keys (n,) that are there in an order in which those of near vectors are close."""
        return self._index.alike(keys)

    def _placed(
        self, parts: Iterable[tuple[Keys, Halves]], plan: Layout
    ) -> Iterator[tuple[Keys, Halves, CellNumbers]]:
        """Yield the parts with the numbers of their cells, and count those that are not known."""
        for keys, halves in parts:
            cells = plan.cells_of(keys, halves)
            self._news += int((cells < 0).sum())
            yield keys, halves, cells

    def _make_cells(self) -> None:
        size = self._size = max(len(self._index), self._expected)
        self._next, count = 2 * size, _cells_for(size)
        sample = np.sort(self._index.keys)[: count * _SAMPLE_PER_CELL]
        cells = CellIndex(centres_of(self._index.vectors(sample), min(count, len(sample))), self._probes)
        for keys in in_parts(self._index.keys, _AT_ONCE):
            cells.upsert(keys, self._index.vectors(keys))
        self._index, self._news = cells, len(cells)

    def _restricted(self, among: Keys) -> "SizedIndex":
        """Return an index of some of the listings: the slices of a job are searched among the same ones."""
        if self._among is None or not np.array_equal(self._among[0], among):
            restricted = SizedIndex(self._dim, self._least, self._probes)
            for keys in in_parts(among[self.has(among)], _AT_ONCE):
                restricted.upsert(keys, self.vectors(keys))
            self._among = among.copy(), restricted
        return self._among[1]


def _cells_for(vectors: int) -> int:
    return int(_CELLS_PER_ROOT * vectors**0.5)
