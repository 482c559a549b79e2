"""Where the listings of an index lie: keys to places and back, in arrays."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from workers.index.arrays import Keys
from workers.index.growing import Growing

_NOWHERE: Final = -1
# The latest keys are in a dictionary of up to this many, or this share of all: sorting them in one by one
# would take a pass over the others each time.
_LEAST_LATEST: Final = 4096
_LATEST_SHARE: Final = 16


class Places:
    """Distinct keys at places 0 to n - 1. Some 25 bytes each; a dictionary of Python's would take 130."""

    def __init__(self, keys: Keys | None = None) -> None:
        self._keys = Growing(np.empty(0, np.int64) if keys is None else keys)
        self._sort()

    def __len__(self) -> int:
        return len(self._keys)

    @property
    def keys(self) -> Keys:
        """The keys (n,) in the order of their places; a view that no one may keep."""
        return self._keys.values

    def append(self, keys: Keys) -> None:
        """Give keys that are not there the next places."""
        start = len(self)
        self._keys.append(keys)
        self._latest.update(zip(keys.tolist(), range(start, len(self)), strict=True))
        if len(self._latest) > max(_LEAST_LATEST, len(self) // _LATEST_SHARE):
            self._sort()

    def find(self, keys: Keys) -> NDArray[np.int64]:
        """Return the place of each key (n,), -1 for one that is not there."""
        found = np.full(len(keys), _NOWHERE, np.int64)
        if len(self._order):
            near = np.minimum(np.searchsorted(self._sorted, keys), len(self._sorted) - 1)
            here = self._sorted[near] == keys
            found[here] = self._order[near[here]]
        if self._latest:
            latest = [self._latest.get(key, _NOWHERE) for key in keys.tolist()]
            found = np.maximum(found, np.array(latest, np.int64))
        return found

    def _sort(self) -> None:
        self._order = np.argsort(self.keys)
        self._sorted = self.keys[self._order]
        self._latest: dict[int, int] = {}
