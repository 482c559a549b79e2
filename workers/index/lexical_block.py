"""A block of the lexical index: rows that are searched as one matrix."""

from collections.abc import Sequence

import numpy as np
import scipy.sparse as sparse
from numpy.typing import NDArray

from workers.index.arrays import Keys, Rows, Scores
from workers.index.ngrams import FEATURES

Places = NDArray[np.int64]
_NO_PLACES: Places = np.empty(0, np.int64)


class LexicalBlock:
    """Rows of ones (n, FEATURES), in the order of their keys (n,). A row can be struck out, none be added."""

    def __init__(self, keys: Keys, rows: Rows) -> None:
        order = np.argsort(keys)
        self.keys: Keys = keys[order]
        # A byte per value: all are 1.
        self._rows: Rows = rows[order].astype(np.int8)
        self._living = np.ones(len(keys), bool)
        self._columns: Rows | None = None
        self._factors: Scores = np.zeros(len(keys))
        self._weighed_by: Scores | None = None
        self.live = len(keys)
        """How many rows are not struck out."""

    def __len__(self) -> int:
        return len(self.keys)

    def find(self, keys: Keys) -> tuple[Places, Places]:
        """Return which of the keys are here, as places in `keys` (m,), and where, as places of rows (m,)."""
        if not len(self):
            return _NO_PLACES, _NO_PLACES
        places = np.minimum(np.searchsorted(self.keys, keys), len(self) - 1)
        here = np.flatnonzero((self.keys[places] == keys) & self._living[places])
        return here, places[here]

    def take(self, places: Places) -> Rows:
        """Return the rows at the places (m,) as a matrix of int8 (m, FEATURES)."""
        return self._rows[places]

    def strike(self, places: Places) -> None:
        """Take out the rows at the places (m,), which are not struck yet."""
        self._living[places] = False
        self.live -= len(places)
        self._weighed_by = None

    def columns(self, features: Places, squares: Scores) -> Rows:
        """Return features (m,) of the rows as columns (m, n), each multiplied by 1 / its weighted length.

        `squares` (FEATURES,) are the squared weights. The queries have to be multiplied by them: the product
        of a query and a column is then a sum over the features of both, and when weights change, one factor
        per row is all that changes here. It is 0 for a row that was struck out.
        """
        if self._columns is None:
            self._columns = self._rows.T.tocsr()
        if self._weighed_by is not squares:
            lengths = np.sqrt(self._rows @ squares)
            self._factors = np.zeros(len(self))
            np.divide(1.0, lengths, out=self._factors, where=self._living & (lengths > 0))
            self._weighed_by = squares
        chosen = self._columns[features]
        return sparse.csr_matrix(
            (self._factors[chosen.indices], chosen.indices, chosen.indptr), shape=chosen.shape
        )


def joined(blocks: Sequence[LexicalBlock], keys: Keys | None = None) -> LexicalBlock:
    """Return one block of the rows that the blocks hold, all or those under the distinct keys (n,)."""
    places = [block.find(block.keys if keys is None else keys)[1] for block in blocks]
    rows = [block.take(here) for block, here in zip(blocks, places, strict=True)]
    nothing = sparse.csr_matrix((0, FEATURES), dtype=np.int8)
    return LexicalBlock(
        np.concatenate([_NO_PLACES, *(block.keys[here] for block, here in zip(blocks, places, strict=True))]),
        sparse.vstack([nothing, *rows], format="csr"),
    )


def settled(blocks: Sequence[LexicalBlock], largest: int) -> list[LexicalBlock]:
    """Return the blocks with small ones joined and struck rows dropped where there are many.

    Each is then more than twice as large as the one before, or both together have more than `largest` rows:
    few blocks, and a row is copied no more often than the logarithm of that size.
    """
    waiting = sorted((block for block in blocks if block.live), key=lambda block: block.live)
    done: list[LexicalBlock] = []
    while waiting:
        block = waiting.pop(0)
        if waiting and waiting[0].live <= 2 * block.live and waiting[0].live + block.live <= largest:
            waiting.append(joined([block, waiting.pop(0)]))
            waiting.sort(key=lambda block: block.live)
        else:
            done.append(joined([block]) if 2 * block.live < len(block) else block)
    return done
