"""Vector index of a large catalog: searches the cells that a query is nearest to, and no others."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from workers.index.arrays import Keys, Neighbours, Scores, Vectors
from workers.index.cells import Cells, Rows, by_value
from workers.index.faiss_index import directions_of
from workers.index.growing import Growing
from workers.index.places import Places
from workers.index.rescoring import nearest, squares_of

Halves = NDArray[np.float16]

LEAST: Final = 65_536
"""Vectors from which on they are sorted into cells."""
PROBES: Final = 32
"""Cells that are searched for each query; `benchmarks.index_scale` measures what is found."""

# Of 65,536 vectors 1,024 cells. Twice as many vectors get half as many more: a query is compared with the
# centres, too.
_CELLS_PER_ROOT: Final = 4
_SAMPLE_PER_CELL: Final = 32
# float32 sums of a thousand products are this far off at most.
_NOISE: Final = 1e-5
# Numbers in the largest arrays that a search makes.
_AT_ONCE: Final = 2**22
_NONE: Final = -1
# Rounding changes the length by less than 1 in 2,048.
_SHIFTS: Final = (2e-4, -2e-4, 4e-4, -4e-4)


class CellIndex:
    """Cells, trained when the index has `least` vectors and again whenever it has twice as many as then.

    The sample that the cells are trained with is that of the smallest keys, which are hashes: an index that
    is filled again in the same order gives the same answers. Scores are exact; a neighbour is missed where
    its cell is not searched. A search among some listings compares with all of them and misses none.
    """

    def __init__(self, dim: int, least: int = LEAST, probes: int = PROBES) -> None:
        self._dim = dim
        self._next = least
        self._probes = probes
        self._places = Places()
        self._halves = Growing(np.empty((0, dim), np.float16))
        self._lengths = Growing(np.empty(0, np.float64))
        self._squares = Growing(np.empty(0, np.float64))
        self._centres: Vectors = np.zeros((1, dim), np.float32)
        self._cells = Cells(1)

    def __len__(self) -> int:
        return len(self._places)

    def upsert(self, keys: Keys, vectors: Vectors) -> None:
        """Add the vectors (n, dim) under distinct keys (n,), replacing those that are there."""
        places = self._places.find(keys)
        known, start = places >= 0, len(self)
        fresh = np.count_nonzero(~known)
        places[~known] = np.arange(start, start + fresh)
        self._places.append(keys[~known])
        halves = halved(vectors)
        lengths = np.sqrt(squares_of(halves))
        squares = squares_of(_units(halves, lengths))
        cells = self._cells_of(halves)
        for column, values in ((self._halves, halves), (self._lengths, lengths), (self._squares, squares)):
            column.append(values[~known])
            column.values[places[known]] = values[known]
        self._cells.append(cells[~known])
        self._cells.move(places[known], cells[known])
        if len(self) >= self._next:
            self._train()

    def delete(self, keys: Keys) -> None:
        """Remove the vectors of those keys that are there, in one pass over all vectors."""
        gone = self._known_places(keys)
        if not len(gone):
            return
        self._places = Places(np.delete(self._places.keys, gone))
        self._halves = Growing(np.delete(self._halves.values, gone, axis=0))
        self._lengths = Growing(np.delete(self._lengths.values, gone))
        self._squares = Growing(np.delete(self._squares.values, gone))
        self._cells = self._cells.without(gone)

    def search(self, queries: Vectors, k: int, among: Keys | None = None) -> list[Neighbours]:
        """Return the k best of each query (n, dim) in its cells, more where several tie with the k-th."""
        chosen = None if among is None else self._known_places(among)

        def fetch(wanted: Vectors, count: int) -> tuple[Vectors, Rows]:
            return self._fetch(wanted, count) if chosen is None else self._compare(wanted, count, chosen)

        size = len(self) if chosen is None else len(chosen)
        return nearest(
            queries, k, fetch, self._read, self._squares.values, self._places.keys, size=size, noise=_NOISE
        )

    def vectors(self, keys: Keys) -> Vectors:
        """Return the vectors (n, dim) of keys that are there."""
        return self._read(self._places.find(keys))

    def has(self, keys: Keys) -> NDArray[np.bool_]:
        """Say of each key (n,) whether it is there."""
        return self._places.find(keys) >= 0

    def _known_places(self, keys: Keys) -> Rows:
        places = self._places.find(keys)
        return np.unique(places[places >= 0])

    def _read(self, places: Rows) -> Vectors:
        return _units(self._halves.values[places], self._lengths.values[places])

    def _cells_of(self, halves: Halves) -> NDArray[np.int32]:
        """Return the cells (n,) whose centres the vectors (n, dim) are nearest to."""
        cells = np.empty(len(halves), np.int32)
        size = max(1, _AT_ONCE // len(self._cells))
        for start in range(0, len(halves), size):
            part = slice(start, start + size)
            cells[part] = np.argmax(halves[part].astype(np.float32) @ self._centres.T, axis=1)
        return cells

    def _train(self) -> None:
        self._next = 2 * len(self)
        count = int(_CELLS_PER_ROOT * len(self) ** 0.5)
        sample = np.argsort(self._places.keys)[: count * _SAMPLE_PER_CELL]
        self._centres = directions_of(self._read(sample), min(count, len(sample)))
        self._cells = Cells(len(self._centres))
        self._cells.append(self._cells_of(self._halves.values))

    def _fetch(self, queries: Vectors, count: int) -> tuple[Vectors, Rows]:
        probes = min(self._probes, len(self._cells))
        size = max(1, _AT_ONCE // max(len(self._cells), probes * count))
        parts = [
            self._probe(queries[start : start + size], count, probes)
            for start in range(0, len(queries), size)
        ]
        scores = np.concatenate([np.empty((0, count), np.float32), *(scores for scores, _ in parts)])
        near = np.concatenate([np.empty((0, count), np.int64), *(near for _, near in parts)])
        # Large cells beside small ones: what a query's cells lack is looked for everywhere.
        short = np.flatnonzero(near[:, -1:].ravel() == _NONE)
        if len(short):
            scores[short], near[short] = self._compare(queries[short], count, np.arange(len(self)))
        return scores, near

    def _probe(self, queries: Vectors, count: int, probes: int) -> tuple[Vectors, Rows]:
        """Return the best places (n, count) in the nearest cells of each query, with their rough scores."""
        nearness = queries @ self._centres.T
        probed = np.argpartition(-nearness, probes - 1, axis=1)[:, :probes]
        scores = np.full((len(queries), probes, count), -np.inf, np.float32)
        near = np.full((len(queries), probes, count), _NONE, np.int64)
        for cell, visits in by_value(probed.ravel()):
            rows, slots, places = visits // probes, visits % probes, self._cells.members(cell)
            best = min(count, len(places))
            if best:
                products = self._products(queries[rows], places)
                top = np.argpartition(products, len(places) - best, axis=1)[:, len(places) - best :]
                scores[rows, slots, :best] = np.take_along_axis(products, top, 1)
                near[rows, slots, :best] = places[top]
        return _best(scores.reshape(len(queries), -1), near.reshape(len(queries), -1), count)

    def _compare(self, queries: Vectors, count: int, places: Rows) -> tuple[Vectors, Rows]:
        """Return the best of some places, by comparing each query with all of them."""
        scores = np.full((len(queries), count), -np.inf, np.float32)
        near = np.full((len(queries), count), _NONE, np.int64)
        size = max(1, _AT_ONCE // self._dim)
        for start in range(0, len(places), size):
            part = places[start : start + size]
            products = self._products(queries, part)
            named = np.broadcast_to(part, products.shape)
            scores, near = _best(np.hstack([scores, products]), np.hstack([near, named]), count)
        return scores, near

    def _products(self, queries: Vectors, places: Rows) -> Vectors:
        lengths = self._lengths.values[places].astype(np.float32)
        products: Vectors = queries @ self._halves.values[places].astype(np.float32).T / lengths
        return products


def _best(scores: Vectors, near: Rows, count: int) -> tuple[Vectors, Rows]:
    """Return the best columns (n, count) of each row, best first."""
    if count < scores.shape[1]:
        top = np.argpartition(-scores, count, axis=1)[:, :count]
        scores, near = np.take_along_axis(scores, top, 1), np.take_along_axis(near, top, 1)
    order = np.argsort(-scores, axis=1)
    return np.take_along_axis(scores, order, 1), np.take_along_axis(near, order, 1)


def halved(vectors: Vectors) -> Halves:
    """Return float16 vectors (n, dim) that give these again when they are scaled to length 1.

    They exist for what was read from the store, which holds float16; others are rounded. Scaling may have
    moved a value by more than half of what float16 tells apart; undoing it by some amount hits it again.
    """
    halves = vectors.astype(np.float16)
    for shift in _SHIFTS:
        off = np.flatnonzero((_units(halves, np.sqrt(squares_of(halves))) != vectors).any(axis=1))
        if not len(off):
            break
        tried = (vectors[off] * np.float32(1 + shift)).astype(np.float16)
        hit = (_units(tried, np.sqrt(squares_of(tried))) == vectors[off]).all(axis=1)
        halves[off[hit]] = tried[hit]
    return halves


def _units(halves: Halves, lengths: Scores) -> Vectors:
    """Return float16 vectors (…, dim) scaled to length 1, as they are when they are read from the store."""
    units: Vectors = (halves.astype(np.float64) / lengths[..., None]).astype(np.float32)
    return units
