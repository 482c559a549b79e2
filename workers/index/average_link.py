"""Average-link clustering of scored pairs, in which a pair that was not found counts against a merge.

As a heap of gains that are brought up to date when their turn comes (Dhulipala and others: Hierarchical
Agglomerative Graph Clustering in Nearly-Linear Time, 2021). Why this one: docs/decisions/0012-groups.md.
"""

import math
from collections import defaultdict
from collections.abc import Collection
from heapq import heapify, heappop, heappush
from typing import Final

from workers.index.store.pairs import ScoredPair

NOT_FOUND: Final = -6.0
"""Log-odds of a pair that no channel returned. With `_SURE` it lets a chain have three members at most."""
_SURE: Final = 0.999
"""No pair counts for more: a classifier is not that sure, and one pair should not outweigh several."""
_SLACK: Final = 1.1
"""Gains within this factor are as good as equal, or the whole heap would change at every step."""
_LEAST: Final = 1e-6


class AverageLink:
    """Groups under way, each named by one of its members: `members`, and in `hold` its weakest merge.

    `_ties[a][b]` is the sum of log-odds between two groups beyond what the same pairs would count if they had
    not been found, and how many of them lie between two listings with full lists.
    """

    def __init__(self, pairs: list[ScoredPair], full: Collection[str]) -> None:
        """Begin with every listing alone; equal pairs in the same order give equal groups.

        Of listings in `full`, whose lists were full of duplicates, a pair that was not found says nothing.
        """
        self.members = {listing: [listing] for pair in pairs for listing in (pair.a, pair.b)}
        self.hold = dict.fromkeys(self.members, math.inf)
        self._group_of = {listing: listing for listing in self.members}
        self._full = {listing: int(listing in full) for listing in self.members}
        self._ties: dict[str, dict[str, tuple[float, int]]] = defaultdict(dict)
        for pair in pairs:
            both = pair.a in full and pair.b in full
            tie = (_log_odds(pair) - (0.0 if both else NOT_FOUND), int(both))
            self._ties[pair.a][pair.b] = self._ties[pair.b][pair.a] = tie
        self._waiting = [(-self._gain(p.a, p.b), p.a, p.b) for p in pairs if p.verdict == "duplicate"]
        heapify(self._waiting)

    def run(self) -> None:
        """Merge the two groups with the highest mean log-odds while it is positive."""
        while self._waiting:
            before, one, other = heappop(self._waiting)
            a, b = self._group_of[one], self._group_of[other]
            gain = 0.0 if a == b else self._gain(a, b)
            if gain > 0 and gain * _SLACK >= -before:
                self._merge(a, b, gain)
            elif gain > 0:
                # A mean never rises above the means it is made of, so nothing better was overlooked.
                heappush(self._waiting, (-gain, one, other))

    def _gain(self, a: str, b: str) -> float:
        """Return the mean log-odds of those pairs between two groups of which anything is known."""
        total, found = self._ties[a][b]
        unlisted = len(self.members[a]) * len(self.members[b]) - self._full[a] * self._full[b]
        return (total + NOT_FOUND * unlisted) / (unlisted + found)

    def _merge(self, a: str, b: str, gain: float) -> None:
        # The one with fewer ties moves, so that a large group is not copied at every step.
        if (len(self._ties[a]), b) < (len(self._ties[b]), a):
            a, b = b, a
        for listing in self.members[b]:
            self._group_of[listing] = a
        self.members[a] += self.members.pop(b)
        self.hold[a] = min(self.hold[a], self.hold.pop(b), gain)
        self._full[a] += self._full.pop(b)
        del self._ties[a][b]
        for other, (total, found) in self._ties.pop(b).items():
            if other != a:
                del self._ties[other][b]
                mine = self._ties[a].get(other, (0.0, 0))
                self._ties[a][other] = self._ties[other][a] = (mine[0] + total, mine[1] + found)


def _log_odds(pair: ScoredPair) -> float:
    """Return log-odds with the sign of the verdict: thresholds differ by what a pair has to compare."""
    if pair.verdict == "variant":
        return -math.inf
    chance = min(max(pair.probability, 1 - _SURE), _SURE)
    odds = math.log(chance / (1 - chance))
    return max(odds, _LEAST) if pair.verdict == "duplicate" else min(odds, -_LEAST)
