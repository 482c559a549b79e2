"""What the words that name a product have in common, and which of them the other title does not know."""

import math
from collections.abc import Callable

from rapidfuzz import fuzz

from workers.index.tokens.facts import Facts

# Beyond one in 100 listings a word says no more; without a bound, rarity would grow with the catalog.
_MOST_RARITY = math.log(100) + 1
_ALIKE = 80.0
_LEAST_LETTERS = 4


def overlap(
    a: frozenset[str], b: frozenset[str], shared: frozenset[str], rarity: Callable[[str], float]
) -> tuple[float, float]:
    """Return the share of either side's rarity that is shared, 0 to 1."""
    # Exact sums: the order of a set changes from process to process.
    common = math.fsum(rarity(word) for word in shared)
    first, second = (common / (math.fsum(rarity(word) for word in side) or 1.0) for side in (a, b))
    return min(first, 1.0), min(second, 1.0)


def name_features(a: Facts, b: Facts, rarity: Callable[[str], float]) -> dict[str, float]:
    """Return how far the names agree, each 0 to 1.

    `name_…` weighs the shared names by rarity, forgiving misspellings; `strange_…` is the rarity of the
    rarest name that the other side lacks: two lines of a brand differ in one such word on either side.
    """

    def bounded(word: str) -> float:
        return min(rarity(word), _MOST_RARITY)

    shared_a, shared_b = _shared(a.names, b.names)
    first, second = (
        overlap(a.names, b.names, shared_a, bounded)[0],
        overlap(a.names, b.names, shared_b, bounded)[1],
    )
    strange = [
        max((bounded(word) for word in names - shared), default=0.0) / _MOST_RARITY
        for names, shared in ((a.names, shared_a), (b.names, shared_b))
    ]
    return {
        "name_least": min(first, second),
        "name_most": max(first, second),
        "strange_least": min(strange),
        "strange_most": max(strange),
    }


def _shared(a: frozenset[str], b: frozenset[str]) -> tuple[frozenset[str], frozenset[str]]:
    """Return the words of either side that the other has too, perhaps misspelt."""
    same = a & b
    alike_a, alike_b = set(same), set(same)
    for x in a - same:
        for y in b - same:
            if min(len(x), len(y)) >= _LEAST_LETTERS and fuzz.ratio(x, y) >= _ALIKE:
                alike_a.add(x)
                alike_b.add(y)
    return frozenset(alike_a), frozenset(alike_b)
