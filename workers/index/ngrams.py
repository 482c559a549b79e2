"""Titles as sets of character sequences and words."""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np
import scipy.sparse as sparse
from sklearn.feature_extraction.text import HashingVectorizer

from workers.index.arrays import Rows

FEATURES = 2**18
# To Python's \w a vowel sign of Thai or Hindi is no part of a word; it would cut the word in two.
_MARKS = "".join(mark for mark in map(chr, range(0x10000)) if unicodedata.category(mark)[0] == "M")
_WORD = re.compile(rf"[^\W_{_MARKS}][\w{_MARKS}]*")
_DIGIT = re.compile(r"\d")


def parts_of(title: str) -> Iterator[str]:
    """Yield what a title is compared by, in lower case.

    These are the trigrams of each word and its edges; whole words that hold a digit, because trigrams of
    numbers and model codes are found in many others; neighbouring words glued together, because one seller
    writes "MX 510" and the other "MX510". `benchmarks.lexical` measures this choice beside others.
    """
    words = _WORD.findall(title.lower().replace("_", " "))
    for word in words:
        edged = f" {word} "
        for start in range(len(edged) - 2):
            yield edged[start : start + 3]
        if _DIGIT.search(word):
            yield f"={word}"
    for first, second in pairwise(words):
        yield f"={first}{second}"


_vectorizer = HashingVectorizer(
    analyzer=parts_of, n_features=FEATURES, binary=True, norm=None, alternate_sign=False, dtype=np.float64
)


def count_ngrams(titles: Sequence[str]) -> Rows:
    """Return a CSR matrix (n, FEATURES) of ones: the hashed `parts_of` each title.

    Hashing, because a vocabulary would have to be kept and would grow with the catalog.
    """
    if not titles:
        return sparse.csr_matrix((0, FEATURES), dtype=np.float64)
    rows = _vectorizer.transform(titles)
    # An empty title gives an empty row; sorted columns make sums run in the same order everywhere.
    rows.sort_indices()
    return rows
