"""What is expensive to make of an index of cells: the centres, and in which cell each vector lies."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from workers.index.arrays import Halves, Keys, Vectors
from workers.index.halves import Sums, sums_of

CellNumbers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Layout:
    """Of an index that held n vectors; it says nothing about a vector that changed since.

    `centres` (cells, dim) were made for `size` vectors. `keys` (n,) are sorted, `sums` (n,) are `sums_of`
    their vectors, `cells` (n,) the numbers of their cells.
    """

    centres: Vectors
    size: int
    keys: Keys
    sums: Sums
    cells: NDArray[np.int32]

    def cells_of(self, keys: Keys, halves: Halves) -> CellNumbers:
        """Return the cell (n,) of each vector (n, dim), -1 for one that was another or not there."""
        if not len(self.keys):
            return np.full(len(keys), -1, np.int64)
        places = np.minimum(np.searchsorted(self.keys, keys), len(self.keys) - 1)
        same = (self.keys[places] == keys) & (self.sums[places] == sums_of(halves))
        cells: CellNumbers = np.where(same, self.cells[places], -1).astype(np.int64)
        return cells
