"""The vector index of the worker: exact while the catalog is small, in cells when it is large."""

import numpy as np
from numpy.typing import NDArray

from workers.index.arrays import Keys, Neighbours, Vectors
from workers.index.cell_index import LEAST, PROBES, CellIndex
from workers.index.faiss_index import FaissIndex

# Vectors that are handed over at a time: they are held twice until they are.
_AT_ONCE = 8192


class SizedIndex:
    """A `FaissIndex` until it has `least` vectors, from then on a `CellIndex`, also if it has fewer again."""

    def __init__(self, dim: int, least: int = LEAST, probes: int = PROBES) -> None:
        self._dim = dim
        self._least = least
        self._probes = probes
        self._index: FaissIndex | CellIndex = FaissIndex(dim)

    def upsert(self, keys: Keys, vectors: Vectors) -> None:
        """Add the vectors (n, dim) under distinct keys (n,), replacing those that are there."""
        self._index.upsert(keys, vectors)
        if isinstance(self._index, FaissIndex) and len(self._index) >= self._least:
            self._index = self._sorted(self._index)

    def delete(self, keys: Keys) -> None:
        """Remove the vectors of those keys that are there."""
        self._index.delete(keys)

    def search(self, queries: Vectors, k: int, among: Keys | None = None) -> list[Neighbours]:
        """Return the k best of each query (n, dim), more where several tie with the k-th."""
        return self._index.search(queries, k, among)

    def vectors(self, keys: Keys) -> Vectors:
        """Return the vectors (n, dim) of keys that are there."""
        return self._index.vectors(keys)

    def has(self, keys: Keys) -> NDArray[np.bool_]:
        """Say of each key (n,) whether it is there."""
        return self._index.has(keys)

    def _sorted(self, exact: FaissIndex) -> CellIndex:
        cells = CellIndex(self._dim, self._least, self._probes)
        for start in range(0, len(exact), _AT_ONCE):
            keys = exact.keys[start : start + _AT_ONCE]
            cells.upsert(keys, exact.vectors(keys))
        return cells
