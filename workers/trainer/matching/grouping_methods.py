"""Ways to make groups from scored pairs, to be compared with the index worker's."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from heapq import heapify, heappop, heappush
from math import log

from workers.index.store.pairs import ScoredPair

Groups = list[tuple[str, ...]]
_EDGE = 1e-6


def connected(pairs: Sequence[ScoredPair]) -> Groups:
    """Connected components of the duplicates: the bad baseline."""
    group_of: dict[str, set[str]] = {}
    for pair in pairs:
        if pair.verdict == "duplicate":
            merged = group_of.get(pair.a, {pair.a}) | group_of.get(pair.b, {pair.b})
            group_of |= dict.fromkeys(merged, merged)
    return _groups(group_of.values())


def star(pairs: Sequence[ScoredPair]) -> Groups:
    """Centres with their free duplicates; next comes the listing with the most probability around it.

    Aslam, Pelekhov, Rus: The star clustering algorithm, 2004, with weights.
    """
    friends: dict[str, dict[str, float]] = defaultdict(dict)
    apart: dict[str, set[str]] = defaultdict(set)
    for pair in pairs:
        if pair.verdict == "duplicate":
            friends[pair.a][pair.b] = friends[pair.b][pair.a] = pair.probability
        elif pair.verdict == "variant":
            apart[pair.a].add(pair.b)
            apart[pair.b].add(pair.a)
    weight = {listing: round(sum(near.values()), 9) for listing, near in friends.items()}
    free, found = set(friends), []
    for centre in sorted(friends, key=lambda listing: (-weight[listing], listing)):
        if centre not in free:
            continue
        group = {centre}
        for other in sorted(friends[centre], key=lambda name: (-friends[centre][name], name)):
            if other in free and not apart[other] & group:
                group.add(other)
        free -= group
        found.append(group)
    return _groups(found)


def greedy(pairs: Sequence[ScoredPair]) -> Groups:
    """Merge from the most probable pair down while each member agrees with the first or with most others."""
    friends: dict[str, set[str]] = defaultdict(set)
    apart: dict[str, set[str]] = defaultdict(set)
    for pair in pairs:
        if pair.verdict != "different":
            known = friends if pair.verdict == "duplicate" else apart
            known[pair.a].add(pair.b)
            known[pair.b].add(pair.a)
    group_of = {listing: {listing} for listing in friends}
    for pair in sorted(pairs, key=lambda pair: (-pair.probability, pair.a, pair.b)):
        if pair.verdict != "duplicate" or group_of[pair.a] is group_of[pair.b]:
            continue
        merged = group_of[pair.a] | group_of[pair.b]
        first, most = min(merged), (len(merged) - 1) / 2
        if not any(apart[listing] & merged for listing in merged) and all(
            listing == first or first in friends[listing] or len(friends[listing] & merged) > most
            for listing in merged
        ):
            group_of |= dict.fromkeys(merged, merged)
    return _groups(group_of.values())


def complete_link(pairs: Sequence[ScoredPair]) -> Groups:
    """Merge while every pair between two groups was found and is a duplicate."""
    return _agglomerate(pairs, lambda tie: tie.least if tie.count == tie.possible else -1.0)


def average_link(pairs: Sequence[ScoredPair]) -> Groups:
    """Merge while the mean log-odds between two groups are positive; a pair that was not found counts 0."""
    return _agglomerate(pairs, lambda tie: tie.total / tie.possible)


def correlation(pairs: Sequence[ScoredPair]) -> Groups:
    """Merge the two groups whose joining gains most agreement, while any does.

    Correlation clustering (Bansal, Blum, Chawla 2004) by greedy additive edge contraction (Keuper and others,
    2015): the deterministic start of all local searches for it.
    """
    return _agglomerate(pairs, lambda tie: tie.total)


class _Tie:
    """What is between two groups: pairs that were found, and that there could be."""

    __slots__ = ("count", "least", "possible", "total")

    def __init__(self, total: float, least: float, count: int, possible: int) -> None:
        self.total, self.least, self.count, self.possible = total, least, count, possible

    def joined(self, other: "_Tie | None", possible: int) -> "_Tie":
        if other is None:
            return _Tie(self.total, self.least, self.count, possible)
        least = min(self.least, other.least)
        return _Tie(self.total + other.total, least, self.count + other.count, possible)


def _weight(pair: ScoredPair) -> float:
    """Log-odds, with the sign of the verdict: thresholds differ by what a pair has to compare."""
    if pair.verdict == "variant":
        return -1e6
    chance = min(max(pair.probability, 1e-4), 1 - 1e-4)
    odds = log(chance / (1 - chance))
    return max(odds, _EDGE) if pair.verdict == "duplicate" else min(odds, -_EDGE)


def _agglomerate(pairs: Sequence[ScoredPair], gain: Callable[[_Tie], float]) -> Groups:
    ties: dict[str, dict[str, _Tie]] = defaultdict(dict)
    for pair in sorted(pairs, key=lambda pair: (pair.a, pair.b)):
        ties[pair.a][pair.b] = ties[pair.b][pair.a] = _Tie(_weight(pair), _weight(pair), 1, 1)
    members = {listing: [listing] for listing in ties}
    waiting = [(-gain(tie), a, b) for a, near in ties.items() for b, tie in near.items() if a < b]
    heapify(waiting)
    while waiting and waiting[0][0] < 0:
        value, a, b = heappop(waiting)
        tie = ties.get(a, {}).get(b)
        # Groups that were merged since left their old gains in the heap.
        if tie is None or -gain(tie) != value:
            continue
        members[a] += members.pop(b)
        del ties[a][b]
        for other, there in ties.pop(b).items():
            if other == a:
                continue
            del ties[other][b]
            ties[a][other] = there.joined(ties[a].get(other), 0)
        for other, here in ties[a].items():
            here = here.joined(None, len(members[a]) * len(members[other]))
            ties[a][other] = ties[other][a] = here
            first, second = sorted((a, other))
            heappush(waiting, (-gain(here), first, second))
    return _groups(members.values())


def _groups(found: Iterable[Collection[str]]) -> Groups:
    return sorted({tuple(sorted(group)) for group in found if len(group) > 1})
