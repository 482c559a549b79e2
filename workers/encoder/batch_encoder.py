"""The encoder around any model: prepare, embed in batches, project by a head if there is one."""

from collections.abc import Iterator, Sequence
from typing import Generic

import numpy as np

from workers.encoder.head import Head
from workers.encoder.ports import Floats, Item, Model, Prepared
from workers.encoder.vectors import unit_rows


def batches(costs: Sequence[int], most: int, call_cost: int) -> Iterator[list[int]]:
    """Yield the places of items to encode together, at most so many, from the least costly to the most.

    A batch ends where raising what is in it to the next item's cost would take longer than another call.
    """
    batch: list[int] = []
    for place in sorted(range(len(costs)), key=costs.__getitem__):
        if batch and (len(batch) == most or len(batch) * (costs[place] - costs[batch[-1]]) > call_cost):
            yield batch
            batch = []
        batch.append(place)
    if batch:
        yield batch


class BatchEncoder(Generic[Item, Prepared]):
    """Runs a model on at most `batch` items at once, items of like cost together."""

    def __init__(self, model: Model[Item, Prepared], batch: int, head: Head | None = None) -> None:
        self._model = model
        self._batch = batch
        self._head = head

    @property
    def model(self) -> str:
        """The name that travels with every vector; it tells the head, too, so that the two never meet."""
        return self._head.follow(self._model.name) if self._head else self._model.name

    @property
    def dim(self) -> int:
        """Length of a vector."""
        return self._head.dim if self._head else self._model.dim

    def prepare(self, item: Item) -> Prepared:
        """Do the part that needs no model, for one item; safe in any thread."""
        return self._model.prepare(item)

    def embed(self, prepared: Sequence[Prepared]) -> Floats:
        """Return float32 vectors, shape (n, dim), each of length 1.

        Raises:
            ArithmeticError: the model returned a vector without a direction, or of another dimension.
        """
        result = np.empty((len(prepared), self.dim), dtype=np.float32)
        costs = [self._model.cost(item) for item in prepared]
        for places in batches(costs, self._batch, self._model.call_cost):
            vectors = self._model.forward([prepared[i] for i in places])
            if vectors.shape != (len(places), self._model.dim):
                raise ArithmeticError(
                    f"{self._model.name} returned shape {vectors.shape}, not dimension {self._model.dim}"
                )
            rows = unit_rows(vectors)
            result[places] = self._head.apply(rows) if self._head else rows
        return result

    def encode(self, items: Sequence[Item]) -> Floats:
        """Prepare and embed; float32, shape (n, dim)."""
        return self.embed([self.prepare(item) for item in items])
