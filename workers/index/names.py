"""What the words that name a product have in common, and which of them the other title does not know."""

import math
from collections.abc import Callable

from rapidfuzz import fuzz

from workers.index.tokens.facts import Facts

# Beyond one in 100 listings a word says no more; without a bound, rarity would grow with the catalog.
_MOST_RARITY = math.log(100) + 1
_ALIKE = 80.0
_LEAST_LETTERS = 3


class _Known(dict[str, float]):
    """Computes the value of a word when it is first asked for; a plain lookup afterwards."""

    def __init__(self, rarity: Callable[[str], float], most: float) -> None:
        super().__init__()
        self._rarity = rarity
        self._most = most

    def __missing__(self, word: str) -> float:
        self[word] = value = min(self._rarity(word), self._most)
        return value


class Weights:
    """Rarities of words and of sets of words, each computed once; for pairs measured at one time."""

    def __init__(self, rarity: Callable[[str], float], most: float = math.inf) -> None:
        # `of(word)` is asked a million times per thousand listings: it has to stay a dictionary lookup.
        self.of = _Known(rarity, most).__getitem__
        self._sets: dict[frozenset[str], float] = {}

    @classmethod
    def bounded(cls, rarity: Callable[[str], float]) -> "Weights":
        """Return weights that do not grow with the catalog."""
        return cls(rarity, _MOST_RARITY)

    def total(self, words: frozenset[str]) -> float:
        """Return the sum over the words."""
        known = self._sets.get(words)
        if known is None:
            # An exact sum: the order of a set changes from process to process.
            known = self._sets[words] = math.fsum(map(self.of, words))
        return known


def overlap(words: frozenset[str], shared: frozenset[str], weights: Weights) -> float:
    """Return the share of the words' rarity that is shared, 0 to 1."""
    return min(math.fsum(map(weights.of, shared)) / (weights.total(words) or 1.0), 1.0)


def name_features(a: Facts, b: Facts, weights: Weights) -> dict[str, float]:
    """Return how far the names agree, each 0 to 1, by bounded weights.

    `name_…` weighs the shared names by rarity, forgiving misspellings; `strange_…` is the rarity of the
    rarest name that the other side lacks: two lines of a brand differ in one such word on either side.
    `start_match` says that both titles begin with one word, which is often the maker; `codes_least` is the
    lesser share of models and numbers that the other side has.
    """
    shared_a, shared_b = _shared(a.names, b.names)
    shares = overlap(a.names, shared_a, weights), overlap(b.names, shared_b, weights)
    strange = [
        max(map(weights.of, names - shared), default=0.0) / _MOST_RARITY
        for names, shared in ((a.names, shared_a), (b.names, shared_b))
    ]
    return {
        "name_least": min(shares),
        "name_most": max(shares),
        "strange_least": min(strange),
        "strange_most": max(strange),
        "start_match": float(bool(a.start) and a.start == b.start),
        "codes_least": min(_share(a.codes, b.codes), _share(b.codes, a.codes)),
    }


def _share(codes: frozenset[str], others: frozenset[str]) -> float:
    """Return the share of the codes that the other side has; all, if there are none."""
    return len(codes & others) / len(codes) if codes else 1.0


def _shared(a: frozenset[str], b: frozenset[str]) -> tuple[frozenset[str], frozenset[str]]:
    """Return the words of either side that the other has too, perhaps misspelt or cut short."""
    same = a & b
    alike_a, alike_b = set(same), set(same)
    others = [word for word in b - same if len(word) >= _LEAST_LETTERS]
    for x in a - same:
        if len(x) < _LEAST_LETTERS:
            continue
        for y in others:
            if x.startswith(y) or y.startswith(x) or fuzz.ratio(x, y, score_cutoff=_ALIKE):
                alike_a.add(x)
                alike_b.add(y)
    return frozenset(alike_a), frozenset(alike_b)
