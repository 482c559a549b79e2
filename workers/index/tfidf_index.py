"""Lexical index: cosine of character n-grams, each weighted by its rarity in the catalog."""

import numpy as np
import scipy.sparse as sparse
from sparse_dot_topn import sp_matmul_topn

from workers.index.arrays import Keys, Neighbours, Rows, Scores, most_ties, ranked
from workers.index.ngrams import FEATURES

_DECIMALS = 9
_MARGIN = 8
_MOST_FETCHED = 1024


class TfidfIndex:
    """Rows are kept as they came; weights are computed when first needed after a change.

    Rarity is ln((1 + listings) / (1 + listings with it)) + 1, computed over the whole catalog at the time of
    the search, so that results do not depend on the order in which listings came.
    """

    def __init__(self) -> None:
        self._parts: list[Rows] = []
        self._keys: Keys = np.empty(0, np.int64)
        self._places: dict[int, int] = {}
        self._matrix: Rows = sparse.csr_matrix((0, FEATURES), dtype=np.float64)
        self._weighted: Rows | None = None
        self._transposed: Rows | None = None
        self._rarity: Scores = np.ones(FEATURES)

    def upsert(self, keys: Keys, rows: Rows) -> None:
        """Add the rows (n, features) under distinct keys (n,), replacing those that are there."""
        self.delete(keys)
        start = len(self._keys)
        self._keys = np.concatenate([self._keys, keys])
        self._places.update((int(key), start + i) for i, key in enumerate(keys))
        self._parts.append(rows)
        self._weighted = None

    def delete(self, keys: Keys) -> None:
        """Remove the rows of those keys that are there."""
        gone = [self._places[int(key)] for key in keys if int(key) in self._places]
        if not gone:
            return
        keep = np.ones(len(self._keys), bool)
        keep[gone] = False
        self._matrix = self._stacked()[keep]
        self._keys = self._keys[keep]
        self._places = {int(key): i for i, key in enumerate(self._keys)}
        self._weighted = None

    def search(self, rows: Rows, k: int, among: Keys | None = None) -> list[Neighbours]:
        """Return the k best of each row, more where several tie with the k-th, none that shares nothing."""
        queries = self._weigh(rows)
        keys, transposed = self._target(among)
        found: list[Neighbours | None] = [None] * rows.shape[0]
        waiting, fetch = np.arange(rows.shape[0]), min(k + _MARGIN, len(keys))
        while len(waiting) and fetch:
            hits = sp_matmul_topn(queries[waiting], transposed, top_n=fetch, sort=True)
            final = fetch >= min(len(keys), _MOST_FETCHED)
            unsure = []
            for i, query in enumerate(waiting):
                part = slice(hits.indptr[i], hits.indptr[i + 1])
                scores = np.round(hits.data[part], _DECIMALS)
                found[query] = ranked(keys[hits.indices[part]], scores, k, most_ties(k))
                if not final and len(scores) == fetch and scores[-1] >= scores[k - 1]:
                    unsure.append(query)
            waiting, fetch = np.array(unsure, np.int64), min(fetch * 4, len(keys), _MOST_FETCHED)
        nothing = Neighbours(np.empty(0, np.int64), np.empty(0))
        return [neighbours or nothing for neighbours in found]

    def rows(self, keys: Keys) -> Rows:
        """Return the rows of the keys, an empty row for a key that is not there."""
        stacked = self._stacked()
        known = np.array([int(key) in self._places for key in keys], bool)
        places = np.array([self._places.get(int(key), 0) for key in keys], np.int64)
        if not known.any():
            return sparse.csr_matrix((len(keys), FEATURES), dtype=np.float64)
        rows = sparse.csr_matrix(sparse.diags(known.astype(np.float64)) @ stacked[places])
        rows.eliminate_zeros()
        return rows

    def similarities(self, a: Rows, b: Rows) -> Scores:
        """Return the weighted cosine of each row of a with the same row of b, 0 to 1."""
        products = self._weigh(a).multiply(self._weigh(b)).sum(axis=1)
        return np.round(np.asarray(products, np.float64).ravel(), _DECIMALS)

    def _stacked(self) -> Rows:
        if self._parts:
            self._matrix = sparse.vstack([self._matrix, *self._parts], format="csr")
            self._parts = []
        return self._matrix

    def _target(self, among: Keys | None) -> tuple[Keys, Rows]:
        self._refresh()
        if among is None:
            return self._keys, self._transposed
        places = sorted(self._places[int(key)] for key in among if int(key) in self._places)
        assert self._weighted is not None  # noqa: S101 - refreshed above
        return self._keys[places], self._weighted[places].T.tocsr()

    def _refresh(self) -> None:
        if self._weighted is not None:
            return
        matrix = self._stacked()
        holders = np.bincount(matrix.indices, minlength=FEATURES)
        self._rarity = np.log((1 + matrix.shape[0]) / (1 + holders)) + 1
        self._weighted = self._scaled(matrix)
        self._transposed = self._weighted.T.tocsr()

    def _weigh(self, rows: Rows) -> Rows:
        self._refresh()
        return self._scaled(rows)

    def _scaled(self, rows: Rows) -> Rows:
        scaled = rows.copy()
        scaled.data = scaled.data * self._rarity[scaled.indices]
        squares = (
            np.add.reduceat(np.append(scaled.data**2, 0.0), scaled.indptr[:-1])
            if rows.shape[0]
            else np.empty(0)
        )
        lengths = np.diff(scaled.indptr)
        norms = np.where(lengths > 0, np.sqrt(squares), 1.0)
        scaled.data = scaled.data / np.repeat(norms, lengths)
        return scaled
