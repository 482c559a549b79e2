"""Titles as sets of character sequences."""

from collections.abc import Sequence

import numpy as np
from sklearn.feature_extraction.text import HashingVectorizer

from workers.index.arrays import Rows

FEATURES = 2**18
_vectorizer = HashingVectorizer(
    analyzer="char_wb",
    ngram_range=(3, 4),
    n_features=FEATURES,
    binary=True,
    norm=None,
    alternate_sign=False,
    dtype=np.float64,
)


def count_ngrams(titles: Sequence[str]) -> Rows:
    """Return a CSR matrix (n, FEATURES) of ones: the hashed 3- and 4-grams inside the words of each title.

    Hashing, because a vocabulary would have to be kept and would grow with the catalog.
    """
    rows = _vectorizer.transform(titles)
    # An empty title gives an empty row; sorted columns make sums run in the same order everywhere.
    rows.sort_indices()
    return rows
