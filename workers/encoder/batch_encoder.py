"""The encoder around any model: prepare, embed in batches, finish."""

from collections.abc import Sequence
from typing import Any, Generic

import numpy as np
from numpy.typing import NDArray

from workers.encoder.ports import Floats, Item, Model, Prepared


def unit_rows(vectors: NDArray[Any]) -> Floats:
    """Return the rows scaled to length 1, float32, shape unchanged; computed per row in float64.

    Raises:
        ArithmeticError: a row has no direction, being zero or not finite.
    """
    exact = np.asarray(vectors, dtype=np.float64)
    lengths = np.sqrt(np.einsum("ij,ij->i", exact, exact))
    if not np.all(np.isfinite(lengths)) or np.any(lengths == 0):
        raise ArithmeticError("a model returned a vector that is zero or not finite")
    scaled: Floats = (exact / lengths[:, None]).astype(np.float32)
    return scaled


class BatchEncoder(Generic[Item, Prepared]):
    """Runs a model on at most `batch` items at once, items of like cost together."""

    def __init__(self, model: Model[Item, Prepared], batch: int) -> None:
        self._model = model
        self._batch = batch

    @property
    def model(self) -> str:
        """The name that travels with every vector."""
        return self._model.name

    @property
    def dim(self) -> int:
        """Length of a vector."""
        return self._model.dim

    def prepare(self, item: Item) -> Prepared:
        """Do the part that needs no model, for one item; safe in any thread."""
        return self._model.prepare(item)

    def embed(self, prepared: Sequence[Prepared]) -> Floats:
        """Return float32 vectors, shape (n, dim), each of length 1.

        Raises:
            ArithmeticError: the model returned a vector without a direction, or of another dimension.
        """
        result = np.empty((len(prepared), self.dim), dtype=np.float32)
        order = sorted(range(len(prepared)), key=lambda i: self._model.cost(prepared[i]))
        for start in range(0, len(order), self._batch):
            places = order[start : start + self._batch]
            vectors = self._model.forward([prepared[i] for i in places])
            if vectors.shape != (len(places), self.dim):
                raise ArithmeticError(
                    f"{self.model} returned shape {vectors.shape}, not dimension {self.dim}"
                )
            result[places] = unit_rows(vectors)
        return result

    def encode(self, items: Sequence[Item]) -> Floats:
        """Prepare and embed; float32, shape (n, dim)."""
        return self.embed([self.prepare(item) for item in items])
