"""Exact vector index on FAISS."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import faiss
import numpy as np
from numpy.typing import NDArray

from workers.index.arrays import Halves, Keys, Neighbours, Vectors
from workers.index.growing import Growing
from workers.index.halves import units_of
from workers.index.halving import halved
from workers.index.layout import Layout
from workers.index.places import Places
from workers.index.rescoring import nearest, squares_of

# FAISS wraps its classes anew in Python; the types it ships are those of the C++ side.
_faiss: Any = faiss
# Queries times dimension from which on FAISS multiplies matrices. With its own 128,000 it goes vector by
# vector for 250 queries of 512 values; from four on, matrices take less time, from two dozen on a fifth.
# It is changed for a search alone.
_MATRICES_FROM = 2048
# float32 sums of a thousand products are this far off at most; candidates within it are scored again exactly.
_NOISE = 1e-5


@contextmanager
def by_matrices() -> Iterator[None]:
    """Let FAISS's flat indexes multiply matrices for few queries, too."""
    usual = _faiss.cvar.distance_compute_blas_threshold
    _faiss.cvar.distance_compute_blas_threshold = _MATRICES_FROM
    try:
        yield
    finally:
        _faiss.cvar.distance_compute_blas_threshold = usual


class FaissIndex:
    """`IndexFlatIP` with keys of ours: FAISS's own id map neither checks for duplicates nor replaces."""

    def __init__(self, dim: int) -> None:
        self._dim = dim
        self._index = _faiss.IndexFlatIP(dim)
        self._places = Places()
        self._squares = Growing(np.empty(0, np.float64))

    def __len__(self) -> int:
        return len(self._places)

    @property
    def keys(self) -> Keys:
        """The keys (n,) that are there; a view that no one may keep."""
        return self._places.keys

    def fill(self, parts: Iterable[tuple[Keys, Halves]], plan: int | Layout) -> None:
        """Add what comes; nothing here depends on the plan."""
        del plan
        for keys, vectors in parts:
            self.upsert(keys, vectors)

    def new_layout(self) -> Layout | None:
        """Return None: nothing here is expensive to make."""
        return None

    def upsert(self, keys: Keys, vectors: Vectors | Halves) -> None:
        """Add the vectors (n, dim) under distinct keys (n,), replacing those that are there."""
        if not len(keys):
            return
        vectors = units_of(vectors) if vectors.dtype == np.float16 else vectors
        places, squares = self._places.find(keys), squares_of(vectors)
        known = places >= 0
        self._storage()[places[known]] = vectors[known]
        self._squares.values[places[known]] = squares[known]
        if not known.all():
            self._index.add(np.ascontiguousarray(vectors[~known], np.float32))
            self._places.append(keys[~known])
            self._squares.append(squares[~known])

    def delete(self, keys: Keys) -> None:
        """Remove the vectors of those keys that are there; FAISS moves the others up, and so do our keys."""
        places = self._known_places(keys)
        if not len(places):
            return
        self._index.remove_ids(places)
        self._places = Places(np.delete(self._places.keys, places))
        self._squares = Growing(np.delete(self._squares.values, places))

    def search(self, queries: Vectors, k: int, among: Keys | None = None) -> list[Neighbours]:
        """Return the k best of each query (n, dim), more where several tie with the k-th."""
        places = None if among is None else self._known_places(among)
        storage = self._storage()
        return nearest(
            queries,
            k,
            lambda wanted, count: self._fetch(queries[wanted], count, places),
            lambda near: (storage[near], self._squares.values[near], self.keys[near]),
            size=len(self) if places is None else len(places),
            noise=_NOISE,
        )

    def vectors(self, keys: Keys) -> Vectors:
        """Return the vectors (n, dim) of keys that are there."""
        copied: Vectors = self._storage()[self._places.find(keys)]
        return copied

    def has(self, keys: Keys) -> NDArray[np.bool_]:
        """Say of each key (n,) whether it is there."""
        return self._places.find(keys) >= 0

    def alike(self, keys: Keys) -> Keys:
        """Return keys (n,) that are there in an order in which those of near vectors are close."""
        ordered = np.sort(keys)
        return ordered[halved(self.vectors(ordered))]

    def _known_places(self, keys: Keys) -> Keys:
        places = self._places.find(keys)
        return np.unique(places[places >= 0])

    def _fetch(self, queries: Vectors, count: int, places: Keys | None) -> tuple[Vectors, Keys]:
        contiguous = np.ascontiguousarray(queries, np.float32)
        if places is None:
            with by_matrices():
                scores, near = self._index.search(contiguous, count)
        else:
            # The selector refers to this bitmap without owning it: both live until the search is over.
            chosen = np.zeros(len(self._places), bool)
            chosen[places] = True
            bitmap = np.packbits(chosen, bitorder="little")
            selector = _faiss.IDSelectorBitmap(bitmap)
            scores, near = self._index.search(contiguous, count, params=_faiss.SearchParameters(sel=selector))
        return scores, near

    def _storage(self) -> Vectors:
        """Return FAISS's own memory; it moves when vectors are added, so no one may keep it."""
        memory: Vectors = _faiss.rev_swig_ptr(self._index.get_xb(), self._index.ntotal * self._dim)
        return memory.reshape(-1, self._dim)
