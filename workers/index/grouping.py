"""Groups: which listings are one product. Deterministic, independent of order, and without chains."""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np

from shared.messages import ReviewReason
from workers.index.average_link import AverageLink
from workers.index.scored_pairs import ScoredPairs
from workers.index.store.pairs import ScoredPair

# The smaller, the better a listing can stand for its group; see `canonical_of`.
Rank = Callable[[str], tuple[object, ...]]

WEAK: Final = 0.8
"""Mean probability between two parts of a group below which a person should look at it."""


@dataclass(frozen=True, slots=True)
class FoundGroup:
    """Members, sorted, and the log-odds with which the two parts that agree least hold together."""

    members: tuple[str, ...]
    hold: float

    def review_reason(self, max_group: int) -> ReviewReason | None:
        """Say why a person should look at the group first, None if nobody needs to."""
        if len(self.members) > max_group:
            return "too_large"
        return "weak_link" if self.hold < math.log(WEAK / (1 - WEAK)) else None


def find_groups(pairs: ScoredPairs) -> list[FoundGroup]:
    """Return the groups of at least two listings, sorted by members.

    Groups are merged two at a time, from the best on, while the mean log-odds between the two are positive
    and no pair between them is a variant. A pair that was not found counts against it, unless the lists of
    both listings were full of their duplicates.
    Connected components would join hundreds of listings through one wrong pair after another; but no group
    reaches beyond one, so that they are looked at one by one.
    """
    full = {pairs.listings[place] for place in np.flatnonzero(pairs.with_full_lists()).tolist()}
    found = []
    for cluster in pairs.clusters():
        link = AverageLink(cluster, full)
        link.run()
        found += [
            FoundGroup(tuple(sorted(group)), link.hold[name])
            for name, group in link.members.items()
            if len(group) > 1
        ]
    return sorted(found, key=lambda group: group.members)


def group_pairs(pairs: Iterable[ScoredPair]) -> list[tuple[str, ...]]:
    """Return the members of `find_groups`."""
    return [group.members for group in find_groups(ScoredPairs.of(pairs))]


def canonical_of(members: Iterable[str], rank: Rank) -> str:
    """Return the member that stands for the group."""
    return min(members, key=rank)
