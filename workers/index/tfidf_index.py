"""Lexical index: cosine of what titles are made of, each part weighted by its rarity in the catalog."""

import os
from collections.abc import Iterable, Sequence

import numpy as np
import scipy.sparse as sparse
from sparse_dot_topn import sp_matmul_topn, zip_sp_matmul_topn

from workers.index.arrays import Keys, Neighbours, Rows, Scores, most_ties, ranked
from workers.index.lexical_block import LexicalBlock, joined, settled
from workers.index.ngrams import FEATURES

_DECIMALS = 9
_UNIT = 10.0**-_DECIMALS
_MARGIN = 8
# Making the columns of a block of this size takes half a second.
_LARGEST_BLOCK = 131_072
_EXACT = 131_072
"""Listings from which on a search does not follow every feature to all listings that hold it."""
# What it follows then, and how many of those that it comes to are compared as a whole.
# `benchmarks.lexical_recall` measures what is found.
_POSTINGS = 65_536
_COMPARED = 128
# Listings of a catalog that are compared with queries at a time.
_AT_ONCE = 8192
_EVEN: Scores = np.ones(FEATURES)


class TfidfIndex:
    """Blocks of rows, and for each feature the number of listings that hold it.

    Rarity is ln((1 + listings) / (1 + listings with it)) + 1, over the whole catalog at the time of the
    search, so that results follow from what the index holds, not from how it came there. A change touches the
    counts and the blocks of the listings concerned; the next search takes one pass over the rows for their
    lengths.

    Among more than `exact` listings a search follows the rarest features of a title alone, as far as
    `postings` entries go, and compares it with the `compared` listings that share most of their weight: its
    scores are exact, but it may miss a neighbour that shares common features only.
    """

    def __init__(
        self,
        largest_block: int = _LARGEST_BLOCK,
        exact: int = _EXACT,
        postings: int = _POSTINGS,
        compared: int = _COMPARED,
    ) -> None:
        self._largest_block = largest_block
        self._exact = exact
        self._postings = postings
        self._compared = compared
        self._blocks: list[LexicalBlock] = []
        self._holders = np.zeros(FEATURES, np.int64)
        self._rarity: Scores = np.ones(FEATURES)
        self._squares: Scores = np.ones(FEATURES)
        self._stale = False
        self._among: tuple[Keys, LexicalBlock] | None = None
        # OpenMP's own variable; sparse_dot_topn does not look at it, since it names a number with every call.
        self._threads = max(1, int(os.environ.get("OMP_NUM_THREADS", "1").split(",")[0]))

    def fill(self, parts: Iterable[tuple[Keys, Rows]]) -> None:
        """Add all rows of a store to an empty index, in order of their keys; no block is made twice."""
        waiting: list[LexicalBlock] = []
        for keys, rows in parts:
            if sum(map(len, waiting)) + len(keys) > self._largest_block:
                self._blocks.append(joined(waiting))
                waiting = []
            waiting.append(self._block_of(keys, rows))
        self._blocks.append(joined(waiting))
        self._settle()

    def upsert(self, keys: Keys, rows: Rows) -> None:
        """Add the rows (n, features) under distinct keys (n,), replacing those that are there."""
        self._strike(keys)
        self._blocks.append(self._block_of(keys, rows))
        self._settle()

    def delete(self, keys: Keys) -> None:
        """Remove the rows of those keys that are there."""
        self._strike(keys)
        self._settle()

    def search(self, rows: Rows, k: int, among: Keys | None = None) -> list[Neighbours]:
        """Return the k best of each row, more where several tie with the k-th, none that shares nothing."""
        blocks = self._blocks if among is None else [self._restricted(among)]
        if sum(block.live for block in blocks) > self._exact:
            return self._search_rarest(rows, k, blocks)
        queries = self._weigh(rows)
        queries.data *= self._rarity[queries.indices]
        keys = np.concatenate([np.empty(0, np.int64), *(block.keys for block in blocks)])
        if not len(keys):
            return [Neighbours(keys, np.empty(0)) for _ in range(rows.shape[0])]
        fetch = min(k + _MARGIN, len(keys))
        hits = self._hits(queries, blocks, self._squares, fetch, _UNIT / 2)
        found = []
        for i in range(rows.shape[0]):
            places, scores = _row(hits, i)
            if len(scores) == fetch < len(keys) and np.sort(scores)[-k] == scores.min():
                # More may tie with the k-th than were fetched: fetch all that are as good.
                places, scores = _row(
                    self._hits(queries[i], blocks, self._squares, len(keys), scores.min() - _UNIT), 0
                )
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

    def _block_of(self, keys: Keys, rows: Rows) -> LexicalBlock:
        self._holders += np.bincount(rows.indices, minlength=FEATURES)
        return LexicalBlock(keys, rows)

    def _strike(self, keys: Keys) -> None:
        for block in self._blocks:
            _, places = block.find(keys)
            if len(places):
                self._holders -= np.bincount(block.take(places).indices, minlength=FEATURES)
                block.strike(places)

    def _settle(self) -> None:
        self._blocks = settled(self._blocks, self._largest_block)
        self._stale, self._among = True, None

    def _search_rarest(self, rows: Rows, k: int, blocks: Sequence[LexicalBlock]) -> list[Neighbours]:
        keys, fetch = np.concatenate([block.keys for block in blocks]), max(self._compared, k + _MARGIN)
        # More than half of them are rarely in one block of several, and then the nearest are among that half.
        each = fetch if len(blocks) == 1 else max(fetch // 2, k + _MARGIN)
        found: list[Neighbours] = []
        for start in range(0, rows.shape[0], max(1, _AT_ONCE // fetch)):
            part = rows[start : start + max(1, _AT_ONCE // fetch)]
            hits = self._hits(self._rarest(part), blocks, _EVEN, fetch, 0.0, each)
            near, places = np.unique(hits.indices, return_inverse=True)
            asked = np.repeat(np.arange(part.shape[0]), np.diff(hits.indptr))
            scores = self.similarities(part[asked], _taken(blocks, near)[places])
            for i in range(part.shape[0]):
                own = slice(hits.indptr[i], hits.indptr[i + 1])
                found.append(ranked(keys[hits.indices[own]], scores[own], k, most_ties(k)))
        return found

    def _rarest(self, rows: Rows) -> Rows:
        """Return the squared weights of each row's rarest features, as far as the entries that it may see."""
        self._weigh_anew()
        holders = self._holders[rows.indices]
        row = np.repeat(np.arange(rows.shape[0]), np.diff(rows.indptr))
        order = np.lexsort((holders, row))
        seen = np.cumsum(holders[order])
        seen -= np.concatenate([[0], seen])[rows.indptr[:-1]][row]
        # The rarest that any listing holds is followed however many do.
        kept = order[(seen == holders[order]) | (seen <= self._postings)]
        features = rows.indices[kept]
        weights = self._squares[features]
        return sparse.csr_matrix((weights, (row[kept], features)), shape=rows.shape)

    def _hits(
        self,
        queries: Rows,
        blocks: Sequence[LexicalBlock],
        squares: Scores,
        fetch: int,
        above: float,
        each: int | None = None,
    ) -> Rows:
        """Return the best `fetch` of each query, no more than `each` of them from one block."""
        # `sp_matmul_topn` copies all that it is given, so it gets no more than these queries can meet.
        features, places = np.unique(queries.indices, return_inverse=True)
        narrow = sparse.csr_matrix(
            (queries.data, places, queries.indptr), shape=(queries.shape[0], len(features))
        )
        found = [
            sp_matmul_topn(
                narrow,
                block.columns(features, squares),
                top_n=each or fetch,
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

    def _weigh_anew(self) -> None:
        if self._stale:
            listings = sum(block.live for block in self._blocks)
            self._rarity = np.log((1 + listings) / (1 + self._holders)) + 1
            self._squares = self._rarity**2
            self._stale = False

    def _weigh(self, rows: Rows) -> Rows:
        self._weigh_anew()
        weighed = rows.astype(np.float64)
        lengths = np.sqrt(weighed @ self._squares)
        weighed.data = weighed.data * self._rarity[weighed.indices]
        weighed.data /= np.repeat(lengths, np.diff(weighed.indptr))
        return weighed


def _row(hits: Rows, i: int) -> tuple[Keys, Scores]:
    part = slice(hits.indptr[i], hits.indptr[i + 1])
    return hits.indices[part], np.round(hits.data[part], _DECIMALS)


def _taken(blocks: Sequence[LexicalBlock], places: Keys) -> Rows:
    """Return the rows at sorted places (n,), which count on from block to block."""
    ends = np.cumsum([len(block) for block in blocks])
    parts = np.split(places, np.searchsorted(places, ends[:-1]))
    starts = [0, *ends[:-1].tolist()]
    return sparse.vstack(
        [block.take(part - start) for block, part, start in zip(blocks, parts, starts, strict=True)],
        format="csr",
    )
