"""Which rows a step sees: some rows of each of many groups."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from workers.index.arrays import Keys

ROWS = 240
PER_GROUP = 6


def members(groups: Keys) -> list[Keys]:
    """Return the rows of each group (n,) that has two at least, by group number."""
    order = np.argsort(groups, kind="stable")
    edges = np.flatnonzero(np.diff(groups[order])) + 1
    return [rows for rows in np.split(order, edges) if len(rows) > 1]


def batches(groups: Keys, draw: np.random.Generator, per_group: int = PER_GROUP) -> Iterator[Keys]:
    """Yield rows without end: whole groups, of each at most `per_group`, until there are ROWS of them.

    Args:
        groups: int64 (n,), of each row; rows that are alone in their group never come.
        draw: decides all that is random.
        per_group: the most rows of a group.
    """
    pairs = members(groups)
    while True:
        chosen: list[NDArray[np.int64]] = []
        for place in draw.permutation(len(pairs)):
            chosen.append(draw.permutation(pairs[place])[:per_group])
            if sum(map(len, chosen)) >= ROWS:
                break
        yield np.concatenate(chosen)
