"""Types of the arrays that the index worker passes around."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from shared.limits import Channel as Channel

Keys = NDArray[np.int64]
Scores = NDArray[np.float64]
Vectors = NDArray[np.float32]
Halves = NDArray[np.float16]
# A scipy CSR matrix; scipy ships no types.
Rows = Any
Modality = Literal["image", "text"]
MODALITIES: tuple[Modality, Modality] = ("image", "text")
CHANNELS: tuple[Channel, ...] = (*MODALITIES, "lexical")


@dataclass(frozen=True, slots=True)
class Neighbours:
    """What a search found for one query: keys (n,) with their scores (n,), best first, ties by key."""

    keys: Keys
    scores: Scores


@dataclass(frozen=True, slots=True)
class Lists:
    """What was found for n queries, one after the other: that of the i-th ends before `ends[i]` (n,)."""

    ends: Keys
    keys: Keys
    scores: Scores

    def __len__(self) -> int:
        return len(self.ends)

    def __getitem__(self, place: int) -> Neighbours:
        found = slice(self.ends[place - 1] if place else 0, self.ends[place])
        return Neighbours(self.keys[found], self.scores[found])


def lists_of(found: Sequence[Neighbours]) -> Lists:
    """Return what was found for each query, one after the other."""
    return Lists(
        np.cumsum([len(near.keys) for near in found], dtype=np.int64),
        np.concatenate([np.empty(0, np.int64), *(near.keys for near in found)]),
        np.concatenate([np.empty(0), *(near.scores for near in found)]),
    )


def ranked(keys: Keys, scores: Scores, k: int, most: int) -> Neighbours:
    """Return the best k, and all that tie with the k-th, but no more than `most`.

    Ties are broken by key, so that no result depends on the order in which listings came.
    """
    order = np.lexsort((keys, -scores))
    keys, scores = keys[order], scores[order]
    if len(keys) > k:
        end = min(int(np.searchsorted(-scores, -scores[k - 1], side="right")), most)
        keys, scores = keys[:end], scores[:end]
    return Neighbours(keys, scores)


def most_ties(k: int) -> int:
    """Return how many neighbours a search for k may return when many tie with the k-th."""
    return 3 * k + 20


def in_parts(keys: Keys, size: int) -> Iterator[Keys]:
    """Yield the keys (n,) in parts of `size`."""
    return (keys[start : start + size] for start in range(0, len(keys), size))


def distinct(numbers: Keys) -> Keys:
    """Return the numbers (n,), none below 0, sorted and each once; `np.unique` takes ten times as long."""
    ordered = np.sort(numbers)
    return ordered[np.diff(ordered, prepend=-1) > 0]


def cosines_of(products: Scores, squares_a: Scores, squares_b: Scores) -> Scores:
    """Return cosines from the products of vectors and their squared lengths, float64 of shapes that fit.

    Rounded: the same two vectors give the same value in every batch, and equal vectors give 1.
    """
    cosines: Scores = np.round(products / np.maximum(np.sqrt(squares_a * squares_b), 1e-12), 9)
    return cosines
