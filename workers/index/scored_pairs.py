"""Scored pairs in columns: a catalog may have millions, and tuples of Python's take ten times as much."""

from array import array
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import connected_components

from workers.index.arrays import Scores
from workers.index.pairing import Places
from workers.index.store.pairs import ScoredPair
from workers.index.verdicts import VERDICTS

_DUPLICATE: Final = VERDICTS.index("duplicate")
_FULL: Final = 10
"""As many duplicates, and nothing else, say that a listing's lists of candidates were full of them."""
_OVERFULL: Final = 30
"""As many say so whatever else was found."""


@dataclass(frozen=True, slots=True)
class ScoredPairs:
    """n pairs of m listings, sorted: `listings[a[i]]` with `listings[b[i]]`, a < b."""

    listings: list[str]
    """The ids (m,), sorted."""
    a: Places
    b: Places
    probabilities: Scores
    verdicts: NDArray[np.int8]
    """Places in VERDICTS (n,)."""

    @classmethod
    def of(cls, pairs: Iterable[ScoredPair]) -> "ScoredPairs":
        """Return distinct pairs, which may come in any order."""
        known: dict[str, int] = {}
        number = {verdict: place for place, verdict in enumerate(VERDICTS)}
        sides, chances, verdicts = (array("i"), array("i")), array("d"), array("b")
        for a, b, chance, verdict in pairs:
            sides[0].append(known.setdefault(a, len(known)))
            sides[1].append(known.setdefault(b, len(known)))
            chances.append(chance)
            verdicts.append(number[verdict])
        listings = sorted(known)
        rank = np.empty(len(known), np.int64)
        rank[[known[listing] for listing in listings]] = np.arange(len(known))
        left, right = (rank[np.array(side, np.int64)] for side in sides)
        order = np.lexsort((right, left))
        return cls(
            listings,
            left[order],
            right[order],
            np.array(chances, np.float64)[order],
            np.array(verdicts, np.int8)[order],
        )

    def with_full_lists(self) -> NDArray[np.bool_]:
        """Say which listings (m,) have so many duplicates that a pair which was not found says nothing."""
        same = self.verdicts == _DUPLICATE
        kept = self._counts(np.ones(len(same), bool))
        duplicates = self._counts(same)
        return duplicates >= np.where(kept == duplicates, _FULL, _OVERFULL)

    def clusters(self) -> Iterator[list[ScoredPair]]:
        """Yield the pairs among listings that duplicates connect, for each such set of listings."""
        same, count = self.verdicts == _DUPLICATE, len(self.listings)
        edges = csr_matrix((same[same], (self.a[same], self.b[same])), shape=(count, count))
        of_listing = connected_components(edges, directed=False)[1]
        inside = np.flatnonzero(of_listing[self.a] == of_listing[self.b])
        inside = inside[np.argsort(of_listing[self.a[inside]], kind="stable")]
        starts = np.flatnonzero(np.diff(of_listing[self.a[inside]])) + 1
        return (self._at(places) for places in np.split(inside, starts) if len(places))

    def best_within(self, place_of: Mapping[str, int]) -> dict[str, float]:
        """Return the probability of each listing's most probable pair inside its group.

        `place_of` names the group of each listing that is in one.
        """
        groups = np.array([place_of.get(listing, -1) for listing in self.listings], np.int64)
        here = np.flatnonzero((groups[self.a] == groups[self.b]) & (groups[self.a] >= 0))
        best = np.zeros(len(groups))
        for side in (self.a, self.b):
            np.maximum.at(best, side[here], self.probabilities[here])
        return {self.listings[place]: float(best[place]) for place in np.flatnonzero(groups >= 0).tolist()}

    def _counts(self, chosen: NDArray[np.bool_]) -> Places:
        sides = np.concatenate([self.a[chosen], self.b[chosen]])
        return np.bincount(sides, minlength=len(self.listings))

    def _at(self, places: Places) -> list[ScoredPair]:
        columns = (self.a, self.b, self.probabilities, self.verdicts)
        return [
            ScoredPair(self.listings[a], self.listings[b], chance, VERDICTS[verdict])
            for a, b, chance, verdict in zip(*(column[places].tolist() for column in columns), strict=True)
        ]
