"""Encodes the titles of a chunk."""

import hashlib
from collections.abc import Mapping

from workers.encoder.entries import Found, Proceed
from workers.encoder.ports import TextEncoder, VectorCache
from workers.encoder.vectors import to_wire

# Titles between two looks at whether to go on.
_STEP = 512


class TextStage:
    """Encodes normalised titles, each different one once."""

    def __init__(self, encoder: TextEncoder, cache: VectorCache) -> None:
        self._encoder = encoder
        self._cache = cache

    def run(self, titles: Mapping[int, str], proceed: Proceed) -> Found:
        """Return the vectors of non-empty normalised titles by row; nothing is ever refused.

        Raises:
            LedgerUnavailable: the cache did not answer.
        """
        digests = {row: hashlib.sha256(title.encode()).hexdigest() for row, title in titles.items()}
        different = {digests[row]: title for row, title in titles.items()}
        known = dict(zip(different, self._cache.get(list(different)), strict=True))
        vectors = {digest: data for digest, data in known.items() if data is not None}
        missing = [digest for digest in different if digest not in vectors]
        for start in range(0, len(missing), _STEP):
            proceed()
            part = missing[start : start + _STEP]
            rows = to_wire(self._encoder.encode([different[digest] for digest in part]))
            fresh = dict(zip(part, rows, strict=True))
            self._cache.put(fresh)
            vectors |= fresh
        return Found({row: vectors[digest] for row, digest in digests.items()}, {})
