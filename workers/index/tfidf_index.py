"""Lexical index: cosine of what titles are made of, each part weighted by its rarity in the catalog."""

import os

import numpy as np
import scipy.sparse as sparse
from sparse_dot_topn import sp_matmul_topn, zip_sp_matmul_topn

from workers.index.arrays import Keys, Neighbours, Rows, Scores, most_ties, ranked
from workers.index.lexical_block import LexicalBlock, joined, settled
from workers.index.ngrams import FEATURES

_DECIMALS = 9
_UNIT = 10.0**-_DECIMALS
_MARGIN = 8
# Making the columns of a block of this size takes a tenth of a second.
_LARGEST_BLOCK = 32_768


class TfidfIndex:
    """Blocks of rows, and for each feature the number of listings that hold it.

    Rarity is ln((1 + listings) / (1 + listings with it)) + 1, over the whole catalog at the time of the
    search, so that results follow from what the index holds, not from how it came there. A change touches the
    counts and the blocks of the listings concerned; the next search takes one pass over the rows for their
    lengths.
    """

    def __init__(self, largest_block: int = _LARGEST_BLOCK) -> None:
        self._largest_block = largest_block
        self._blocks: list[LexicalBlock] = []
        self._holders = np.zeros(FEATURES, np.int64)
        self._rarity: Scores = np.ones(FEATURES)
        self._squares: Scores = np.ones(FEATURES)
        self._stale = False
        self._among: tuple[Keys, LexicalBlock] | None = None
        # OpenMP's own variable; sparse_dot_topn does not look at it, since it names a number with every call.
        self._threads = max(1, int(os.environ.get("OMP_NUM_THREADS", "1").split(",")[0]))

    def upsert(self, keys: Keys, rows: Rows) -> None:
        """Add the rows (n, features) under distinct keys (n,), replacing those that are there."""
        self._strike(keys)
        self._blocks.append(LexicalBlock(keys, rows))
        self._holders += np.bincount(rows.indices, minlength=FEATURES)
        self._settle()

    def delete(self, keys: Keys) -> None:
        """Remove the rows of those keys that are there."""
        self._strike(keys)
        self._settle()

    def search(self, rows: Rows, k: int, among: Keys | None = None) -> list[Neighbours]:
        """Return the k best of each row, more where several tie with the k-th, none that shares nothing."""
        queries = self._weigh(rows)
        queries.data *= self._rarity[queries.indices]
        blocks = self._blocks if among is None else [self._restricted(among)]
        keys = np.concatenate([np.empty(0, np.int64), *(block.keys for block in blocks)])
        if not len(keys):
            return [Neighbours(keys, np.empty(0)) for _ in range(rows.shape[0])]
        fetch = min(k + _MARGIN, len(keys))
        hits = self._hits(queries, blocks, fetch, _UNIT / 2)
        found = []
        for i in range(rows.shape[0]):
            places, scores = _row(hits, i)
            if len(scores) == fetch < len(keys) and np.sort(scores)[-k] == scores.min():
                # More may tie with the k-th than were fetched: fetch all that are as good.
                places, scores = _row(self._hits(queries[i], blocks, len(keys), scores.min() - _UNIT), 0)
            found.append(ranked(keys[places], scores, k, most_ties(k)))
        return found

    def rows(self, keys: Keys) -> Rows:
        """Return the rows of the keys, an empty row for a key that is not there."""
        held = joined(self._blocks, np.unique(keys))
        here, places = held.find(keys)
        choice = sparse.csr_matrix((np.ones(len(here)), (here, places)), shape=(len(keys), len(held)))
        rows = choice @ held.take(np.arange(len(held)))
        rows.sort_indices()
        return rows

    def similarities(self, a: Rows, b: Rows) -> Scores:
        """Return the weighted cosine of each row of a with the same row of b, 0 to 1."""
        products = self._weigh(a).multiply(self._weigh(b)).sum(axis=1)
        return np.round(np.asarray(products, np.float64).ravel(), _DECIMALS)

    def _strike(self, keys: Keys) -> None:
        for block in self._blocks:
            _, places = block.find(keys)
            if len(places):
                self._holders -= np.bincount(block.take(places).indices, minlength=FEATURES)
                block.strike(places)

    def _settle(self) -> None:
        self._blocks = settled(self._blocks, self._largest_block)
        self._stale, self._among = True, None

    def _hits(self, queries: Rows, blocks: list[LexicalBlock], fetch: int, above: float) -> Rows:
        found = [
            sp_matmul_topn(
                queries,
                block.columns(self._squares),
                top_n=fetch,
                threshold=above,
                sort=True,
                n_threads=self._threads,
            )
            for block in blocks
        ]
        return found[0] if len(found) == 1 else zip_sp_matmul_topn(fetch, found)

    def _restricted(self, among: Keys) -> LexicalBlock:
        # The slices of a submission are searched one after the other among the same listings.
        if self._among is None or not np.array_equal(self._among[0], among):
            self._among = (among.copy(), joined(self._blocks, np.unique(among)))
        return self._among[1]

    def _weigh(self, rows: Rows) -> Rows:
        if self._stale:
            listings = sum(block.live for block in self._blocks)
            self._rarity = np.log((1 + listings) / (1 + self._holders)) + 1
            self._squares = self._rarity**2
            self._stale = False
        weighed = rows.astype(np.float64)
        lengths = np.sqrt(weighed @ self._squares)
        weighed.data = weighed.data * self._rarity[weighed.indices]
        weighed.data /= np.repeat(lengths, np.diff(weighed.indptr))
        return weighed


def _row(hits: Rows, i: int) -> tuple[Keys, Scores]:
    part = slice(hits.indptr[i], hits.indptr[i + 1])
    return hits.indices[part], np.round(hits.data[part], _DECIMALS)
