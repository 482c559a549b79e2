"""What surrounds a pair: how each side ranks the other among what else is near to it.

On real titles this says more than any similarity: the best of a listing's neighbours may be its duplicate,
the seventh hardly ever is. Rank, margin to the best other candidate and similarity relative to the tenth
neighbour ("local scaling", Jégou et al., "A contextual dissimilarity measure", 2007).
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from workers.index.arrays import Channel, Keys, Scores
from workers.index.neighbourhood import DEPTH, Near

ASPECTS: Final = (
    "rank_least", "rank_most", "lead_least", "lead_most", "density_least", "density_most", "common",
)  # fmt: skip
LEAD_LEAST: Final = ASPECTS.index("lead_least")


def surroundings_of(
    near_a: Near, near_b: Near, keys_a: Keys, keys_b: Keys, sims: Scores
) -> tuple[Scores, ...]:
    """Return the ASPECTS of n pairs in one channel, each (n,), in their order.

    `rank_…` is 1 / rank of the partner, as if it stood in the list of the other; `lead_…` its similarity less
    that of the best other neighbour; `density_…` less that of the tenth; `common` the share of neighbours
    that the two lists have in common. Of two sides, the lesser and the greater: a pair has no order.

    Args:
        near_a: neighbours of each first side (n, DEPTH + 1).
        near_b: neighbours of each second side.
        keys_a: keys of the first sides (n,).
        keys_b: keys of the second sides (n,).
        sims: similarities of the pairs (n,).
    """
    others_a, others_b = _without(near_a, keys_b), _without(near_b, keys_a)
    ranks, leads, densities = zip(*(_seen_from(others, sims) for others in (others_a, others_b)), strict=True)
    extremes = (extreme(*seen) for seen in (ranks, leads, densities) for extreme in (np.minimum, np.maximum))
    return (*extremes, _common(others_a, others_b))


def _without(near: Near, partners: Keys) -> Near:
    """Return the DEPTH nearest besides the partner."""
    kept = near.keys != partners[:, None]
    order = np.argsort(~kept, axis=1, kind="stable")[:, :DEPTH]
    return Near(np.take_along_axis(near.keys, order, 1), np.take_along_axis(near.scores, order, 1))


def _seen_from(others: Near, sims: Scores) -> tuple[Scores, Scores, Scores]:
    ranks = 1 / (1 + (others.scores > sims[:, None]).sum(axis=1))
    return ranks, np.round(sims - others.scores[:, 0], 9), np.round(sims - others.scores[:, -1], 9)


def _common(a: Near, b: Near) -> Scores:
    there: NDArray[np.bool_] = a.keys >= 0
    shared = ((a.keys[:, :, None] == b.keys[:, None, :]) & there[:, :, None]).any(axis=2).sum(axis=1)
    either = there.sum(axis=1) + (b.keys >= 0).sum(axis=1) - shared
    shares: Scores = shared / np.maximum(either, 1)
    return shares


def names_of(channel: Channel) -> tuple[str, ...]:
    """Return the names of the channel's features."""
    return tuple(f"{channel}_{aspect}" for aspect in ASPECTS)
