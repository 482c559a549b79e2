"""Exact vector index on FAISS: the only file that imports faiss."""

from collections.abc import Sequence
from typing import Any

import faiss
import numpy as np

from workers.index.arrays import Keys, Neighbours, Vectors, most_ties, ranked, similarities

# FAISS wraps its classes anew in Python; the types it ships are those of the C++ side.
_faiss: Any = faiss
# float32 sums of a thousand products are this far off at most; candidates within it are scored again exactly.
_NOISE = 1e-5
_MARGIN = 8
# More vectors than this may tie with the k-th only in a catalog that shows one photo thousands of times.
_MOST_FETCHED = 1024


class FaissIndex:
    """`IndexFlatIP` with keys of ours: FAISS's own id map neither checks for duplicates nor replaces."""

    def __init__(self, dim: int) -> None:
        self._dim = dim
        self._index = _faiss.IndexFlatIP(dim)
        self._keys: Keys = np.empty(0, np.int64)
        self._places: dict[int, int] = {}

    def upsert(self, keys: Keys, vectors: Vectors) -> None:
        """Add the vectors (n, dim) under distinct keys (n,), replacing those that are there."""
        if not len(keys):
            return
        known = np.array(self.has(keys))
        if known.any():
            places = [self._places[int(key)] for key in keys[known]]
            self._storage()[places] = vectors[known]
        fresh = keys[~known]
        if len(fresh):
            self._index.add(np.ascontiguousarray(vectors[~known], np.float32))
            start = len(self._keys)
            self._keys = np.concatenate([self._keys, fresh])
            self._places.update((int(key), start + i) for i, key in enumerate(fresh))

    def delete(self, keys: Keys) -> None:
        """Remove the vectors of those keys that are there; FAISS moves the others up, and so do our keys."""
        places = np.array([self._places[int(key)] for key in keys if int(key) in self._places], np.int64)
        if not len(places):
            return
        self._index.remove_ids(places)
        self._keys = np.delete(self._keys, places)
        self._places = {int(key): i for i, key in enumerate(self._keys)}

    def search(self, queries: Vectors, k: int, among: Keys | None = None) -> list[Neighbours]:
        """Return the k best of each query (n, dim), more where several tie with the k-th."""
        places = None if among is None else self._known_places(among)
        size = len(self._keys) if places is None else len(places)
        found: list[Neighbours | None] = [None] * len(queries)
        waiting, fetch = np.arange(len(queries)), min(k + _MARGIN, size)
        while len(waiting):
            scores, near = self._fetch(queries[waiting], fetch, places)
            final = fetch >= size or fetch >= _MOST_FETCHED
            unsure = []
            for i, query in enumerate(waiting):
                hit = near[i][near[i] >= 0]
                neighbours = self._exact(queries[query], hit, k)
                found[query] = neighbours
                # A score beyond the last one fetched may still tie with the k-th.
                if not final and scores[i][-1] >= neighbours.scores[k - 1] - _NOISE:
                    unsure.append(query)
            waiting, fetch = np.array(unsure, np.int64), min(fetch * 4, size, _MOST_FETCHED)
        return [neighbours for neighbours in found if neighbours is not None]

    def vectors(self, keys: Keys) -> Vectors:
        """Return the vectors (n, dim) of keys that are there."""
        places = [self._places[int(key)] for key in keys]
        if not places:
            return np.empty((0, self._dim), np.float32)
        copied: Vectors = self._storage()[places]
        return copied

    def has(self, keys: Keys) -> Sequence[bool]:
        """Say of each key whether it is there."""
        return [int(key) in self._places for key in keys]

    def _known_places(self, keys: Keys) -> Keys:
        return np.array(
            sorted(self._places[int(key)] for key in keys if int(key) in self._places), dtype=np.int64
        )

    def _fetch(self, queries: Vectors, count: int, places: Keys | None) -> tuple[Vectors, Keys]:
        if not count:
            empty = np.empty((len(queries), 0))
            return empty.astype(np.float32), empty.astype(np.int64)
        contiguous = np.ascontiguousarray(queries, np.float32)
        if places is None:
            scores, near = self._index.search(contiguous, count)
        else:
            # The selector refers to this bitmap without owning it: both live until the search is over.
            chosen = np.zeros(len(self._keys), bool)
            chosen[places] = True
            bitmap = np.packbits(chosen, bitorder="little")
            selector = _faiss.IDSelectorBitmap(bitmap)
            scores, near = self._index.search(contiguous, count, params=_faiss.SearchParameters(sel=selector))
        return scores, near

    def _exact(self, query: Vectors, places: Keys, k: int) -> Neighbours:
        stored = self._storage()[places] if len(places) else np.empty((0, self._dim), np.float32)
        scores = similarities(np.broadcast_to(query, stored.shape), stored)
        return ranked(self._keys[places], scores, k, most_ties(k))

    def _storage(self) -> Vectors:
        """Return FAISS's own memory; it moves when vectors are added, so no one may keep it."""
        memory: Vectors = _faiss.rev_swig_ptr(self._index.get_xb(), self._index.ntotal * self._dim)
        return memory.reshape(-1, self._dim)
