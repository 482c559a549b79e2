"""Which places belong to which cell."""

import numpy as np
from numpy.typing import NDArray

from workers.index.growing import Growing

Rows = NDArray[np.int64]


class Cells:
    """Places 0 to n - 1, each in one of `count` cells."""

    def __init__(self, count: int) -> None:
        self._members = [Growing(np.empty(0, np.int64)) for _ in range(count)]
        # For each place its cell, and where it stands among the members.
        self._cell_of = Growing(np.empty(0, np.int32))
        self._rank_of = Growing(np.empty(0, np.int32))

    def __len__(self) -> int:
        return len(self._members)

    def members(self, cell: int) -> Rows:
        """Return the places in a cell, in no order; a view that no one may keep."""
        return self._members[cell].values

    def append(self, cells: NDArray[np.int32]) -> None:
        """Give the next places their cells (n,)."""
        start = len(self._cell_of)
        self._cell_of.append(cells)
        self._rank_of.append(np.zeros(len(cells)))
        for cell, here in by_value(cells):
            self._join(cell, start + here)

    def move(self, places: Rows, cells: NDArray[np.int32]) -> None:
        """Put distinct places (n,) into other cells (n,)."""
        for place, cell in zip(places.tolist(), cells.tolist(), strict=True):
            members, rank = self._members[self._cell_of.values[place]], self._rank_of.values[place]
            last = members.values[-1]
            members.values[rank], self._rank_of.values[last] = last, rank
            members.shorten()
            self._cell_of.values[place] = cell
            self._join(cell, np.array([place]))

    def without(self, places: Rows) -> "Cells":
        """Return the cells after some places are gone and those behind them moved up."""
        left = Cells(len(self))
        left.append(np.delete(self._cell_of.values, places))
        return left

    def _join(self, cell: int, places: Rows) -> None:
        members = self._members[cell]
        self._rank_of.values[places] = np.arange(len(members), len(members) + len(places))
        members.append(places)


def by_value(values: NDArray[np.signedinteger]) -> list[tuple[int, Rows]]:
    """Return each value that occurs in the array (n,), in order, with where it does."""
    order = np.argsort(values, kind="stable")
    named, starts = np.unique(values[order], return_index=True)
    return list(zip(named.tolist(), np.split(order, starts[1:]), strict=True)) if len(named) else []
