"""Pairs as notebooks draw them: duplicates from the groups, and as many random pairs of other groups."""

from collections.abc import Collection, Mapping
from itertools import combinations
from typing import Final

import numpy as np
from numpy.typing import NDArray

from workers.trainer.datasets.labelled import SPLITS, LabelledCatalog, PairBenchmark, Split
from workers.trainer.train.candidates import Ids

MOST: Final = 50_000
"""Duplicate pairs that are drawn at most."""


def random_pairs(
    data: LabelledCatalog | PairBenchmark,
    seed: int,
    among: Collection[str] | None = None,
    splits: Collection[Split] = SPLITS,
) -> tuple[list[Ids], NDArray[np.bool_]]:
    """Return pairs and labels (n,): first the duplicates, then as many others, none twice.

    Of a catalog, only listings in `among` are drawn if it is given. Of a benchmark, duplicates are those of
    the `splits`; the first of a pair is of the left table, the second of the right one.
    """
    rng = np.random.default_rng(seed)
    if isinstance(data, PairBenchmark):
        duplicates = sorted((a, b) for a, found in data.matches(splits).items() for b in found)
        known = {(a, b) for a, found in data.matches().items() for b in found}
        left, right = [listing.id for listing in data.left], [listing.id for listing in data.right]
    else:
        left = right = sorted(data.groups if among is None else among)
        duplicates = _within(left, data.groups)
        known = set(duplicates)
    if len(duplicates) > MOST:
        duplicates = [duplicates[i] for i in np.sort(rng.choice(len(duplicates), MOST, replace=False))]
    others: dict[Ids, None] = {}
    # Where nearly all listings are of one group there may be too few others: a bounded number of draws.
    for _ in range(20 * len(duplicates)):
        if len(others) == len(duplicates):
            break
        a, b = left[rng.integers(len(left))], right[rng.integers(len(right))]
        pair = (b, a) if left is right and b < a else (a, b)
        if a != b and pair not in known:
            others[pair] = None
    return duplicates + list(others), np.arange(len(duplicates) + len(others)) < len(duplicates)


def _within(listings: list[str], groups: Mapping[str, str]) -> list[Ids]:
    members: dict[str, list[str]] = {}
    for listing in listings:
        members.setdefault(groups[listing], []).append(listing)
    return sorted(pair for found in members.values() for pair in combinations(found, 2))
