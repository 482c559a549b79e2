"""Vector index of a large catalog: FAISS's inverted lists, with keys of ours and exact scores."""

from collections.abc import Iterable
from typing import Any, Final

import faiss
import numpy as np
from numpy.typing import NDArray
from threadpoolctl import ThreadpoolController

from workers.index.arrays import Halves, Keys, Neighbours, Scores, Vectors
from workers.index.faiss_index import by_matrices
from workers.index.halves import halves_of, sums_of, units_of, widened
from workers.index.halving import halved
from workers.index.layout import CellNumbers, Layout
from workers.index.places import Places
from workers.index.rescoring import nearest, squares_of

# FAISS wraps its classes anew in Python; the types it ships are those of the C++ side.
_faiss: Any = faiss

# More cells are searched where there are more, but a smaller share: the work for one query grows with the
# catalog to the power of 3/4. `benchmarks.self_join` and `benchmarks.index_scale` measure what is found.
_PROBES_PER_ROOT: Final = 1.1
# What is stored is as long as 1 within the rounding of float16 and the largest of the shifts.
_NOISE: Final = 1e-3
# Vectors in a cell, and queries that look into it, from which on they are compared as matrices: FAISS goes
# from query to query, and what one has read is no longer in the cache for the next.
_LARGE: Final = 64
_SHARED: Final = 4
# Those of NumPy and SciPy: few queries times a cell are too little for several threads, which wait for each
# other longer than they work. FAISS's threads take whole queries.
_BLAS: Final = ThreadpoolController().select(prefix="libscipy_openblas")
_NONE: Final = -1
_SEED: Final = 20
_ROUNDS: Final = 2


class CellIndex:
    """`IndexIVFScalarQuantizer` with float16 values: a vector lies in the cell whose centre it is nearest to.

    A search looks into the cells that a query is nearest to, and misses what lies elsewhere; the scores of
    what it finds are exact. `centres` (cells, dim) come from `centres_of`; `probes` is how many cells a
    search looks into, by default as many as suit their number.
    """

    def __init__(self, centres: Vectors, probes: int | None = None) -> None:
        count, dim = centres.shape
        self.centres = centres
        self._probes = min(count, probes or int(_PROBES_PER_ROOT * count**0.5))
        self._quantizer = _faiss.IndexFlatIP(dim)
        self._quantizer.add(centres)
        self._index = _faiss.IndexIVFScalarQuantizer(
            self._quantizer, dim, count, _faiss.ScalarQuantizer.QT_fp16, _faiss.METRIC_INNER_PRODUCT
        )
        # Differences from the centre, rounded, would not give the values back.
        self._index.by_residual = False
        self._index.is_trained = True
        self._index.set_direct_map_type(_faiss.DirectMap.Hashtable)
        self._places = Places()

    def __len__(self) -> int:
        return len(self._places)

    @property
    def keys(self) -> Keys:
        """The keys (n,) that are there; a view that no one may keep."""
        return self._places.keys

    def fill(self, parts: Iterable[tuple[Keys, Halves, CellNumbers]]) -> None:
        """Add all vectors of a store to an empty index: keys (n,), vectors (n, dim), numbers of cells (n,).

        A cell's number is -1 if it is not known.
        """
        added = [self.keys]
        for keys, halves, cells in parts:
            self._add(keys, halves, cells)
            added.append(keys)
        self._places = Places(np.concatenate(added))

    def upsert(self, keys: Keys, vectors: Vectors | Halves) -> None:
        """Add the vectors (n, dim) under distinct keys (n,), replacing those that are there."""
        if not len(keys):
            return
        known = self.has(keys)
        self._remove(keys[known])
        self._add(keys, halves_of(vectors), np.full(len(keys), _NONE, np.int64))
        self._places.append(keys[~known])

    def delete(self, keys: Keys) -> None:
        """Remove the vectors of those keys that are there."""
        places = np.unique(self._places.find(keys))
        places = places[places >= 0]
        if len(places):
            self._remove(self.keys[places])
            self._places = Places(np.delete(self.keys, places))

    def search(self, queries: Vectors, k: int) -> list[Neighbours]:
        """Return the k best of each query (n, dim) in its cells, more where several tie with the k-th."""
        contiguous = np.ascontiguousarray(queries, np.float32)
        with by_matrices():
            cells: CellNumbers = self._quantizer.search(contiguous, self._probes)[1]
        # Those that look into the same cells follow each other, so that the cells stay in the cache.
        order = np.argsort(cells[:, 0], kind="stable")
        contiguous, cells = contiguous[order], cells[order]

        def fetch(wanted: NDArray[np.int64], count: int) -> tuple[Vectors, Keys]:
            return self._fetch(contiguous[wanted], cells[wanted], count)

        found = nearest(contiguous, k, fetch, self._read, size=len(self), noise=_NOISE)
        return [found[place] for place in np.argsort(order)]

    def vectors(self, keys: Keys) -> Vectors:
        """Return the vectors (n, dim) of keys that are there."""
        return units_of(self._index.reconstruct_batch(np.ascontiguousarray(keys, np.int64)))

    def has(self, keys: Keys) -> NDArray[np.bool_]:
        """Say of each key (n,) whether it is there."""
        return self._places.find(keys) >= 0

    def alike(self, keys: Keys) -> Keys:
        """Return keys (n,) that are there in an order in which those of near vectors are close."""
        cells = halved(self.centres).tolist()
        everyone = np.concatenate([np.sort(self._keys_in(cell)) for cell in cells])
        return everyone[np.isin(everyone, keys)]

    def layout(self, size: int) -> Layout:
        """Return which vector lies in which cell, of cells made for `size` vectors."""
        cells = range(len(self.centres))
        keys = np.concatenate([self._keys_in(cell) for cell in cells])
        sums = np.concatenate([sums_of(self._halves_in(cell)) for cell in cells])
        sizes = [self._index.invlists.list_size(cell) for cell in cells]
        numbers, order = np.repeat(np.array(cells, np.int32), sizes), np.argsort(keys)
        return Layout(self.centres, size, keys[order], sums[order], numbers[order])

    def _keys_in(self, cell: int) -> Keys:
        """Return the keys (n,) in a cell; a view that no one may keep."""
        lists = self._index.invlists
        held = _faiss.rev_swig_ptr(lists.get_ids(cell), lists.list_size(cell))
        # Of a cell that never held anything FAISS gives float32; joined with it, keys would be rounded.
        keys: Keys = held.astype(np.int64, copy=False)
        return keys

    def _halves_in(self, cell: int) -> Halves:
        """Return the vectors (n, dim) in a cell; a view that no one may keep."""
        lists = self._index.invlists
        codes = _faiss.rev_swig_ptr(lists.get_codes(cell), lists.list_size(cell) * self._index.code_size)
        held: Halves = codes.view(np.float16).reshape(-1, self._index.d)
        return held

    def _add(self, keys: Keys, halves: Halves, cells: CellNumbers) -> None:
        """Put vectors (n, dim) into their cells (n,), one that has none into the nearest."""
        unknown = np.flatnonzero(cells == _NONE)
        if len(unknown):
            asked = np.ascontiguousarray(halves[unknown], np.float32)
            cells[unknown] = self._quantizer.search(asked, 1)[1].ravel()
        # FAISS's form of a vector outside of its lists: the number of the cell, and what the list will hold.
        codes = np.empty((len(keys), self._index.sa_code_size()), np.uint8)
        width = codes.shape[1] - self._index.code_size
        codes[:, :width] = cells.astype("<i8").view(np.uint8).reshape(len(keys), -1)[:, :width]
        codes[:, width:] = np.ascontiguousarray(halves).view(np.uint8)
        self._index.add_sa_codes(codes, keys)

    def _remove(self, keys: Keys) -> None:
        if len(keys):
            self._index.remove_ids(_faiss.IDSelectorArray(np.ascontiguousarray(keys)))

    def _fetch(self, queries: Vectors, cells: CellNumbers, count: int) -> tuple[Vectors, Keys]:
        scores, near = self._probe(queries, cells, count)
        # Large cells beside small ones: what a query's cells lack is looked for everywhere.
        short = np.flatnonzero(near[:, -1:].ravel() == _NONE)
        if len(short):
            everywhere = np.tile(np.arange(len(self.centres)), (len(short), 1))
            scores[short], near[short] = self._probe(queries[short], everywhere, count)
        return scores, near

    def _probe(self, queries: Vectors, cells: CellNumbers, count: int) -> tuple[Vectors, Keys]:
        """Return the best of each query (n, dim) in its cells (n, probes)."""
        visits = np.bincount(cells.ravel(), minlength=len(self.centres))
        shared = visits >= _SHARED
        sizes = {cell: self._index.invlists.list_size(cell) for cell in np.flatnonzero(shared).tolist()}
        shared[[cell for cell, size in sizes.items() if size < _LARGE]] = False
        best = _faiss.ResultHeap(len(queries), count, keep_max=True)
        best.add_result(*self._scan(queries, np.where(shared[cells], _NONE, cells), count))
        visitors = np.argsort(cells, axis=None, kind="stable") // cells.shape[1]
        ends = np.cumsum(visits)
        room = np.empty((max(sizes.values(), default=0), self._index.d), np.float32)
        with _BLAS.limit(limits=1):
            for cell in np.flatnonzero(shared).tolist():
                rows = visitors[ends[cell] - visits[cell] : ends[cell]]
                scores = queries[rows] @ widened(self._halves_in(cell), room).T
                best.add_result_subset(rows, scores, self._keys_in(cell))
        best.finalize()
        return best.D, best.I

    def _scan(self, queries: Vectors, cells: CellNumbers, count: int) -> tuple[Vectors, Keys]:
        self._index.nprobe = cells.shape[1]
        # How near the centres are matters only where vectors are stored as differences from them.
        nearness = np.zeros(cells.shape, np.float32)
        found: tuple[Vectors, Keys] = self._index.search_preassigned(queries, count, cells, nearness)
        return found

    def _read(self, near: Keys) -> tuple[Vectors, Scores, Keys]:
        keys, places = np.unique(near, return_inverse=True)
        there = keys != _NONE
        vectors = np.zeros((len(keys), self._index.d), np.float32)
        vectors[there] = self.vectors(keys[there])
        return vectors[places], squares_of(vectors)[places], near


def centres_of(sample: Vectors, count: int) -> Vectors:
    """Return the centres (count, dim) of as many cells of a sample (n, dim); the same for the same sample."""
    clustering = _faiss.Kmeans(
        sample.shape[1], count, niter=_ROUNDS, seed=_SEED, spherical=True,
        min_points_per_centroid=1, max_points_per_centroid=len(sample),
    )  # fmt: skip
    clustering.train(np.ascontiguousarray(sample, np.float32))
    centres: Vectors = clustering.centroids
    return centres
