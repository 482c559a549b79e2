"""Text model without weights: hashed words and character n-grams. For tests, not for quality."""

import zlib
from collections import defaultdict
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

NGRAM_DIM = 256
_LENGTHS = (3, 4)
_WORD_WEIGHT = 2.0


def _features(title: str) -> Iterator[tuple[str, float]]:
    for word in title.casefold().split():
        yield word, _WORD_WEIGHT
        padded = f"<{word}>"
        for length in _LENGTHS:
            for start in range(max(1, len(padded) - length + 1)):
                yield padded[start : start + length], 1.0


class NgramModel:
    """Signed feature hashing of words and of character 3- and 4-grams, square roots of their weights.

    Each item is computed alone in float64, so that a vector does not depend on its batch.
    """

    def __init__(self, name: str) -> None:
        self.name = f"deterministic:{name}"
        self.call_cost = 0
        self.dim = NGRAM_DIM

    def prepare(self, item: str) -> NDArray[np.float64]:
        """Return the vector of a title, shape (256,)."""
        weights: dict[str, float] = defaultdict(float)
        for feature, weight in _features(item):
            weights[feature] += weight
        vector = np.zeros(NGRAM_DIM, dtype=np.float64)
        # Sorted, as a sum of floats depends on its order; the rest keeps the empty title from being zero.
        for feature in sorted(weights):
            place = zlib.crc32(feature.encode())
            vector[place % NGRAM_DIM] += (1 if place >> 31 else -1) * np.sqrt(weights[feature])
        vector[0] += 1e-3
        return vector

    def cost(self, prepared: NDArray[np.float64]) -> int:
        """All titles cost the same once hashed."""
        return prepared.size

    def forward(self, batch: Sequence[NDArray[np.float64]]) -> NDArray[np.float64]:
        """Return the prepared vectors, shape (n, 256)."""
        return np.stack(batch)
