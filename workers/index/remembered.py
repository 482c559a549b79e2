"""Lists of neighbours that were found before, in few arrays: a job remembers those of a whole catalog."""

import numpy as np
from numpy.typing import NDArray

from workers.index.arrays import Keys, Neighbours
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

    def add(self, keys: Keys, lists: list[Neighbours]) -> None:
        """Remember the lists of distinct keys (n,) that have none."""
        if not len(keys):
            return
        self._places.append(keys)
        self._ends.append(self._ends.values[-1] + np.cumsum([len(found.keys) for found in lists]))
        self._keys.append(np.concatenate([found.keys for found in lists]))
        self._scores.append(np.concatenate([found.scores for found in lists]))

    def lists(self, keys: Keys) -> list[Neighbours]:
        """Return the lists of keys (n,) that have one."""
        places = self._places.find(keys)
        starts, ends = self._ends.values[places].tolist(), self._ends.values[places + 1].tolist()
        # What these arrays hold never changes, so parts of them stay right when others are added.
        near, scores = self._keys.values, self._scores.values
        return [
            Neighbours(near[start:end], scores[start:end]) for start, end in zip(starts, ends, strict=True)
        ]
