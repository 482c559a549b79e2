"""What the use cases need of the indexes."""

from collections.abc import Callable, Iterable
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from workers.index.arrays import Halves, Keys, Neighbours, Rows, Scores, Vectors
from workers.index.layout import Layout

GiveWay = Callable[[], None]
"""Called in the midst of work that takes long: what is short and waits is done then."""


def nobody_waits() -> None:
    """Give way to nobody."""


class VectorIndex(Protocol):
    """Answers nearest-neighbour queries on L2-normalised vectors; a score is the inner product."""

    def fill(self, parts: Iterable[tuple[Keys, Halves]], plan: int | Layout) -> None:
        """Add all vectors of a store to an empty index, in order of their keys.

        `plan` is how many will come or, better, the layout of an index that held most of them.
        """

    def new_layout(self) -> Layout | None:
        """Return what was expensive to make, if a good part of it is newer than what was last returned."""

    def upsert(self, keys: Keys, vectors: Vectors | Halves) -> None:
        """Add the vectors (n, dim) under distinct keys (n,), replacing those that are there.

        Those in float16 are as the store has them, others of length 1.
        """

    def delete(self, keys: Keys) -> None:
        """Remove the vectors of those keys that are there."""

    def search(self, queries: Vectors, k: int, among: Keys | None = None) -> list[Neighbours]:
        """Return the k best of each query (n, dim), more where several tie with the k-th.

        Only keys in `among` are returned if it is given. Scores are exact to 9 decimals.
        """

    def vectors(self, keys: Keys) -> Vectors:
        """Return the vectors (n, dim) of keys that are there."""

    def has(self, keys: Keys) -> NDArray[np.bool_]:
        """Say of each key (n,) whether it is there."""

    def alike(self, keys: Keys) -> Keys:
        """Return keys (n,) that are there in an order in which those of near vectors are close."""


class LexicalIndex(Protocol):
    """Finds titles that share rare character sequences; rows come from `ngrams.count_ngrams`."""

    def fill(self, parts: Iterable[tuple[Keys, Rows]]) -> None:
        """Add all rows of a store to an empty index, in order of their keys."""

    def upsert(self, keys: Keys, rows: Rows) -> None:
        """Add the rows (n, features) under distinct keys (n,), replacing those that are there."""

    def delete(self, keys: Keys) -> None:
        """Remove the rows of those keys that are there."""

    def search(self, rows: Rows, k: int, among: Keys | None = None) -> list[Neighbours]:
        """Return the k best of each row, more where several tie with the k-th, none that shares nothing."""

    def rows(self, keys: Keys) -> Rows:
        """Return the rows of the keys, an empty row for a key that is not there."""

    def similarities(self, a: Rows, b: Rows) -> Scores:
        """Return the weighted cosine of each row of a with the same row of b, 0 to 1."""
