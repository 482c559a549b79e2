"""What the words that name a product have in common, and which of them the other title does not know."""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import scipy.sparse as sparse
from numpy.typing import NDArray
from rapidfuzz import fuzz, process

from workers.index.arrays import Rows, Scores
from workers.index.pairing import Combinations, Pairing, Places

# Beyond one in 100 listings a word says no more; without a bound, rarity would grow with the catalog.
_MOST_RARITY: Final = math.log(100) + 1
_ALIKE: Final = 80
_LEAST_LETTERS: Final = 3
# Rarities are multiples of this: their sums are then exact, in whatever order they are made.
_GRAIN: Final = 2.0**-30
# Words of two titles that are compared at a time.
_AT_ONCE: Final = 1_000_000

Rarity = Callable[[str], float]


@dataclass(frozen=True, slots=True)
class Bags:
    """Sets of words as rows: `rows` (sets, words) of ones, `words` what the columns are."""

    rows: Rows
    words: list[str]

    def rarities(self, rarity: Rarity, most: float = math.inf) -> Scores:
        """Return the rarity of each word, none above `most`, (words,)."""
        found = np.array([min(rarity(word), most) for word in self.words], np.float64)
        rounded: Scores = np.round(found / _GRAIN) * _GRAIN
        return rounded


def bags_of(sets: Sequence[frozenset[str]]) -> Bags:
    """Return the sets as rows, in their order."""
    known: dict[str, int] = {}
    columns = [known.setdefault(word, len(known)) for each in sets for word in each]
    ends = np.cumsum([0, *map(len, sets)])
    rows = sparse.csr_matrix((np.ones(len(columns)), columns, ends), shape=(len(sets), len(known)))
    rows.sort_indices()
    return Bags(rows, list(known))


def overlaps(pairing: Pairing, rarity: Rarity) -> tuple[Scores, Scores]:
    """Return the share of either title's weight that the other holds, words weighed by rarity, (n,) both."""
    titles = pairing.combinations(lambda facts: facts.words)
    bags = bags_of(titles.values)
    weights = bags.rarities(rarity)
    totals = bags.rows @ weights
    shared = bags.rows[titles.left].multiply(bags.rows[titles.right]).tocsr() @ weights
    left, right = (_share(shared, totals[side]) for side in (titles.left, titles.right))
    return left[titles.of_pair], right[titles.of_pair]


def name_features(pairing: Pairing, rarity: Rarity) -> dict[str, Scores]:
    """Return how far the names of n pairs agree, each 0 to 1 (n,), by bounded weights.

    `name_…` weighs the shared names by rarity, forgiving misspellings; `strange_…` is the rarity of the
    rarest name that the other side lacks: two lines of a brand differ in one such word on either side.
    `start_match` says that both titles begin with one word, which is often the maker; `codes_least` is the
    lesser share of models and numbers that the other side has.
    """
    names = pairing.combinations(lambda facts: facts.names)
    bags = bags_of(names.values)
    weights = bags.rarities(rarity, _MOST_RARITY)
    totals = bags.rows @ weights
    shares, strange = [], []
    for side, lacking in zip((names.left, names.right), _lacking(bags, names), strict=True):
        lost = lacking @ weights
        shares.append(_share(totals[side] - lost, totals[side]))
        rarest = np.zeros(len(side))
        np.maximum.at(rarest, _rows_of(lacking), lacking.data * weights[lacking.indices])
        strange.append(rarest / _MOST_RARITY)
    words, first, second = pairing.codes(lambda facts: facts.start)
    started = np.array([bool(word) for word in words], bool)
    codes = pairing.combinations(lambda facts: facts.codes)
    return {
        "name_least": np.minimum(*shares)[names.of_pair],
        "name_most": np.maximum(*shares)[names.of_pair],
        "strange_least": np.minimum(*strange)[names.of_pair],
        "strange_most": np.maximum(*strange)[names.of_pair],
        "start_match": ((first == second) & started[first]).astype(np.float64),
        "codes_least": np.array(codes.compared(_least_share), np.float64)[codes.of_pair],
    }


def _share(shared: Scores, totals: Scores) -> Scores:
    shares: Scores = np.minimum(shared / np.where(totals > 0, totals, 1.0), 1.0)
    return shares


def _least_share(a: frozenset[str], b: frozenset[str]) -> float:
    """Return the lesser share of the codes that the other side has; of no codes, all are shared."""
    return min((len(a & b) / len(side) if side else 1.0) for side in (a, b))


def _lacking(bags: Bags, names: Combinations[frozenset[str]]) -> tuple[Rows, Rows]:
    """Return the words of either side that the other has not, not even misspelt or cut short."""
    left, right = bags.rows[names.left], bags.rows[names.right]
    same = left.multiply(right)
    left, right = _without_zeros(left - same), _without_zeros(right - same)
    long = np.array([len(word) >= _LEAST_LETTERS for word in bags.words], bool)
    compared = (np.flatnonzero(long[side.indices]) for side in (left, right))
    for at_left, at_right in _crossed(left, right, *compared):
        alike = _alike(bags.words, left.indices[at_left], right.indices[at_right])
        left.data[at_left[alike]] = 0
        right.data[at_right[alike]] = 0
    return _without_zeros(left), _without_zeros(right)


def _without_zeros(rows: Rows) -> Rows:
    kept = rows.tocsr()
    kept.eliminate_zeros()
    return kept


def _crossed(left: Rows, right: Rows, of_left: Places, of_right: Places) -> Iterator[tuple[Places, Places]]:
    """Yield every entry of `of_left` with every one of `of_right` in the same row, as many as fit."""
    counts = [
        np.bincount(_rows_of(side)[chosen], minlength=side.shape[0])
        for side, chosen in ((left, of_left), (right, of_right))
    ]
    starts = [np.cumsum(count) - count for count in counts]
    ends = np.cumsum(counts[0] * counts[1])
    first = 0
    while first < len(ends):
        before = ends[first - 1] if first else 0
        last = max(first + 1, int(np.searchsorted(ends, before + _AT_ONCE, side="right")))
        sizes = (counts[0] * counts[1])[first:last]
        rows = np.repeat(np.arange(first, last), sizes)
        within = np.arange(len(rows)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
        yield (
            of_left[starts[0][rows] + within // counts[1][rows]],
            of_right[starts[1][rows] + within % counts[1][rows]],
        )
        first = last


def _alike(words: Sequence[str], left: NDArray[np.int32], right: NDArray[np.int32]) -> NDArray[np.bool_]:
    """Say of each pair of words whether one is the other misspelt or its beginning."""
    distinct, of_pair = np.unique(left.astype(np.int64) * len(words) + right, return_inverse=True)
    lengths = np.array([len(word) for word in words])
    known: dict[str, int] = {}
    starts = np.array([known.setdefault(word[:_LEAST_LETTERS], len(known)) for word in words])
    a, b = distinct // len(words), distinct % len(words)
    # What cannot be alike by its length or its first letters, nearly all, is not looked at.
    near = 200 * np.minimum(lengths[a], lengths[b]) >= _ALIKE * (lengths[a] + lengths[b])
    seen = np.flatnonzero(near | (starts[a] == starts[b]))
    firsts, seconds = [words[i] for i in a[seen].tolist()], [words[i] for i in b[seen].tolist()]
    ratios = process.cpdist(firsts, seconds, scorer=fuzz.ratio, score_cutoff=_ALIKE, dtype=np.float64)
    begun = [x.startswith(y) or y.startswith(x) for x, y in zip(firsts, seconds, strict=True)]
    alike = np.zeros(len(distinct), bool)
    alike[seen] = (ratios > 0) | np.array(begun, bool)
    return alike[of_pair]


def _rows_of(rows: Rows) -> Places:
    found: Places = np.repeat(np.arange(rows.shape[0]), np.diff(rows.indptr))
    return found
