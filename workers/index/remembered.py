"""Lists of neighbours that were found before, in few arrays: a job remembers those of a whole catalog."""

import numpy as np
from numpy.typing import NDArray

from workers.index.arrays import Keys, Lists
from workers.index.growing import Growing
from workers.index.places import Places


class Remembered:
    """A list for each listing: 16 bytes per neighbour, where a list of arrays of its own would take 600."""

    def __init__(self) -> None:
        self._places = Places()
        self._ends = Growing(np.zeros(1, np.int64))
        self._keys = Growing(np.empty(0, np.int64))
        self._scores = Growing(np.empty(0, np.float64))

    def unknown(self, keys: Keys) -> NDArray[np.int64]:
        """Return which of the keys (n,) have no list, as places in `keys`."""
        return np.flatnonzero(self._places.find(keys) < 0)

    def add(self, keys: Keys, lists: Lists) -> None:
        """Remember the lists of distinct keys (n,) that have none."""
        self._places.append(keys)
        self._ends.append(self._ends.values[-1] + lists.ends)
        self._keys.append(lists.keys)
        self._scores.append(lists.scores)

    def lists(self, keys: Keys) -> Lists:
        """Return the lists of keys (n,) that have one."""
        places = self._places.find(keys)
        starts = self._ends.values[places]
        counts = self._ends.values[places + 1] - starts
        ends = np.cumsum(counts)
        chosen = np.arange(counts.sum()) + np.repeat(starts - ends + counts, counts)
        return Lists(ends, self._keys.values[chosen], self._scores.values[chosen])
