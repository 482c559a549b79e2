"""Titles as sets of character sequences and words.

A title is compared by what it is made of, in lower case: the trigrams of each word and its edges; whole words
that hold a digit, because trigrams of numbers and model codes are found in many others; neighbouring words
glued together, because one seller writes "MX 510" and the other "MX510". Words that stand whole begin with
a `=`. `benchmarks.lexical` measures this choice beside others.
"""

import unicodedata
from collections.abc import Sequence
from typing import Final

import numpy as np
import scipy.sparse as sparse
from numpy.typing import NDArray

from workers.index.arrays import Rows, distinct

FEATURES: Final = 2**18
# As many as the processor's cache holds the arrays of.
_AT_ONCE: Final = 500
_BLANK: Final = ord(" ")
_EQUALS: Final = ord("=")
_UNKNOWN, _SIGN, _MARK, _LETTER, _DIGIT = range(5)
# What each code point is; all of them would take seconds to look up.
_KINDS: NDArray[np.uint8] = np.full(0x110000, _UNKNOWN, np.uint8)
_MARKS_END: Final = 0x10000
_UTF8_GROWS: Final = (0x80, 0x800, 0x10000)
# Of four bytes read as one number, the first 0 to 4.
_FIRST_BYTES: Final = np.array([0, 0xFF, 0xFFFF, 0xFFFFFF, 0xFFFFFFFF], np.uint32)

Codes = NDArray[np.uint32]
Numbers = NDArray[np.int64]


def count_ngrams(titles: Sequence[str]) -> Rows:
    """Return a CSR matrix (n, FEATURES) of ones: the hashed parts of each title, columns sorted.

    Hashing, because a vocabulary would have to be kept and would grow with the catalog: MurmurHash3 of each
    part in UTF-8, the absolute value modulo FEATURES.
    """
    cells = [
        start * FEATURES + _cells_of(titles[start : start + _AT_ONCE])
        for start in range(0, len(titles), _AT_ONCE)
    ]
    held = np.concatenate([np.empty(0, np.int64), *cells])
    ends = np.searchsorted(held, np.arange(len(titles) + 1) * FEATURES)
    return sparse.csr_matrix((np.ones(len(held)), held % FEATURES, ends), shape=(len(titles), FEATURES))


def _cells_of(titles: Sequence[str]) -> Numbers:
    """Return, sorted, row * FEATURES + column of all parts of the titles."""
    lowered = [title.lower() for title in titles]
    row = np.repeat(np.arange(len(titles)), [len(title) + 1 for title in lowered])
    # A lone half of a surrogate pair is a sign like others.
    joined = " ".join(["", *lowered, ""]).encode("utf-32-le", "surrogatepass")
    codes = np.frombuffer(joined, np.uint32)
    kinds = _kinds_of(codes)
    # A mark belongs to the word before it; where there is none, it is a sign.
    decisive = np.where(kinds == _MARK, 0, np.arange(len(codes)))
    inside = kinds[np.maximum.accumulate(decisive)] >= _LETTER
    edges = np.flatnonzero(inside[1:] != inside[:-1]) + 1
    starts, ends = edges[::2], edges[1::2]
    spaced = np.where(inside, codes, np.uint32(_BLANK))
    text, offsets = _in_utf8(spaced)

    letters = np.flatnonzero(inside)
    digits = np.cumsum(kinds == _DIGIT)
    whole = np.flatnonzero(digits[ends - 1] > digits[starts - 1])
    word_row = row[starts - 1]
    glued = np.flatnonzero(word_row[1:] == word_row[:-1])
    first, last = np.concatenate([whole, glued]), np.concatenate([whole, glued + 1])
    # Behind the text lie its words without blanks, so that neighbours are one.
    lengths = offsets[ends] - offsets[starts]
    gapless = len(text) + 1 + np.cumsum(lengths)
    columns = _columns_of(
        text + b"=" + text.replace(b" ", b""),
        np.concatenate([offsets[letters - 1], (gapless - lengths)[first] - 1]),
        np.concatenate([offsets[letters + 2], gapless[last]]),
        len(letters),
    )
    rows: Numbers = np.concatenate([row[letters - 1], word_row[first]])
    return distinct(rows * FEATURES + columns)


def _kinds_of(codes: Codes) -> NDArray[np.uint8]:
    kinds = _KINDS[codes]
    unknown = codes[kinds == _UNKNOWN]
    if len(unknown):
        for code in set(unknown.tolist()):
            _KINDS[code] = _kind_of(code)
        kinds = _KINDS[codes]
    return kinds


def _kind_of(code: int) -> int:
    category = unicodedata.category(chr(code))
    if category == "Nd":
        return _DIGIT
    if chr(code).isalnum():
        return _LETTER
    # A vowel sign of Thai or Hindi is no letter, and would cut the word in two.
    return _MARK if category.startswith("M") and code < _MARKS_END else _SIGN


def _in_utf8(codes: Codes) -> tuple[bytes, Numbers]:
    """Return the text and where each of its n characters begins (n + 1,), the last being the end."""
    offsets = np.arange(len(codes) + 1)
    text = codes.tobytes().decode("utf-32-le").encode()
    if len(text) > len(codes):
        for least in _UTF8_GROWS:
            offsets[1:] += np.cumsum(codes >= least)
    return text, offsets


def _columns_of(text: bytes, starts: Numbers, ends: Numbers, signed: int) -> NDArray[np.int32]:
    """Return the columns (n,) of parts of a text; from the one numbered `signed` on, they begin with a `=`.

    That stands for the byte that is there. All are hashed together, four bytes at a time, as long as there
    are any.
    """
    data = np.frombuffer(text + bytes(4), np.uint8).astype(np.uint32)
    fours = data[:-3] | data[1:-2] << 8 | data[2:-1] << 16 | data[3:] << 24
    lengths = ends - starts
    hashed, longer, left = np.zeros(len(starts), np.uint32), np.arange(len(starts)), lengths
    block = fours[starts]
    block[signed:] = block[signed:] & ~np.uint32(0xFF) | np.uint32(_EQUALS)
    while len(longer):
        block &= _FIRST_BYTES[np.minimum(left, 4)]
        block *= 0xCC9E2D51
        block = (block << 15 | block >> 17) * 0x1B873593
        hashed[longer] ^= block
        full = left >= 4
        longer, left = longer[full], left[full] - 4
        mixed = hashed[longer]
        hashed[longer] = (mixed << 13 | mixed >> 19) * 5 + 0xE6546B64
        block = fours[ends[longer] - left]
    hashed ^= lengths.astype(np.uint32)
    for shift, factor in ((16, 0x85EBCA6B), (13, 0xC2B2AE35)):
        hashed ^= hashed >> shift
        hashed *= factor
    hashed ^= hashed >> 16
    return np.abs(hashed.view(np.int32)) % FEATURES
