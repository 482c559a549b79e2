"""Groups: which listings are one product. Deterministic, independent of order, and without chains."""

from collections import defaultdict
from collections.abc import Callable, Iterable

from workers.index.store.pairs import ScoredPair

# The smaller, the better a listing can stand for its group; see `canonical.py`.
Rank = Callable[[str], tuple[object, ...]]


def group_pairs(pairs: Iterable[ScoredPair], rank: Rank) -> list[tuple[str, ...]]:
    """Return the groups of at least two listings, members sorted, groups sorted.

    Groups are merged from the most probable pair down, two at a time, and only when every member of the
    result is a duplicate of its canonical or of more than half of the others, and no pair in it is a variant.
    Connected components would join hundreds of listings through one wrong pair after another.
    """
    duplicates: list[ScoredPair] = []
    friends: dict[str, set[str]] = defaultdict(set)
    apart: dict[str, set[str]] = defaultdict(set)
    for pair in pairs:
        if pair.verdict == "duplicate":
            duplicates.append(pair)
            friends[pair.a].add(pair.b)
            friends[pair.b].add(pair.a)
        elif pair.verdict == "variant":
            apart[pair.a].add(pair.b)
            apart[pair.b].add(pair.a)
    group_of: dict[str, set[str]] = {listing: {listing} for listing in friends}
    for pair in sorted(duplicates, key=lambda pair: (-pair.probability, pair.a, pair.b)):
        small, large = sorted((group_of[pair.a], group_of[pair.b]), key=len)
        if small is large or any(apart[listing] & large for listing in small if listing in apart):
            continue
        merged = small | large
        if _holds_together(merged, friends, rank):
            for listing in merged:
                group_of[listing] = merged
    groups = {tuple(sorted(group)) for group in group_of.values() if len(group) > 1}
    return sorted(groups)


def canonical_of(members: Iterable[str], rank: Rank) -> str:
    """Return the member that stands for the group."""
    return min(members, key=rank)


def _holds_together(members: set[str], friends: dict[str, set[str]], rank: Rank) -> bool:
    canonical = canonical_of(members, rank)
    most = (len(members) - 1) / 2
    return all(
        listing == canonical or canonical in friends[listing] or len(friends[listing] & members) > most
        for listing in members
    )
