"""An array that grows at its end."""

from typing import Any, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

Item = TypeVar("Item", bound=np.generic)


class Growing(Generic[Item]):
    """Rows of any shape; the memory grows by a quarter, so that adding a row does not copy all of them."""

    def __init__(self, values: NDArray[Item]) -> None:
        self._held = values
        self._count = len(values)

    def __len__(self) -> int:
        return self._count

    @property
    def values(self) -> NDArray[Item]:
        """The rows (n, …); a view that no one may keep, since the next change may move them."""
        return self._held[: self._count]

    def append(self, values: NDArray[Any]) -> None:
        """Add rows (m, …) at the end."""
        end = self._count + len(values)
        if end > len(self._held):
            room = np.empty((max(end, len(self._held) * 5 // 4), *self._held.shape[1:]), self._held.dtype)
            room[: self._count] = self.values
            self._held = room
        self._held[self._count : end] = values
        self._count = end
