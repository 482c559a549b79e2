"""What is near to a listing in a catalog, channel by channel: its candidates, and its surroundings."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from shared.limits import Channel, Limits
from workers.index.arrays import CHANNELS, Keys, Modality, Neighbours, Scores
from workers.index.ports import LexicalIndex, VectorIndex

if TYPE_CHECKING:
    from workers.index.sides import Sides

DEPTH: Final = 10
"""Neighbours of a listing, besides the one it is compared with, that describe its surroundings."""

# A listing in the catalog finds itself, and its partner does not count among the others.
LEAST_SEARCHED: Final = DEPTH + 2
_NONE: Final = -1


@dataclass(frozen=True, slots=True)
class Near:
    """The nearest of n listings in one channel, best first.

    Keys (n, DEPTH + 1), -1 where there are no more, and scores (n, DEPTH + 1), 0 there.
    """

    keys: Keys
    scores: Scores

    def of(self, places: Keys) -> "Near":
        """Return the lists of some of the listings."""
        return Near(self.keys[places], self.scores[places])


Lists = dict[Channel, list[Neighbours]]
_NOTHING: Final = Neighbours(np.empty(0, np.int64), np.empty(0))


class Neighbourhood:
    """Searches a catalog as it is now; lists of stored listings are remembered.

    `limits` is how many candidates each channel gives, `among` what the search is limited to.
    """

    def __init__(
        self,
        vectors: dict[Modality, VectorIndex],
        lexical: LexicalIndex,
        limits: Limits,
        among: Keys | None,
    ) -> None:
        self._vectors = vectors
        self._lexical = lexical
        # One more than its limit: a stored listing finds itself first. A channel that gives no candidates
        # still describes the surroundings.
        self._depths = {channel: max(limits.of(channel) + 1, LEAST_SEARCHED) for channel in CHANNELS}
        self._among = among
        self._known: dict[Channel, dict[int, Neighbours]] = {channel: {} for channel in CHANNELS}

    def search(self, sides: "Sides") -> Lists:
        """Return what is near to each listing, whether it is stored or not; nothing where it has nothing."""
        return {channel: self._search(channel, sides, np.arange(len(sides.listings))) for channel in CHANNELS}

    def of_stored(self, sides: "Sides") -> Lists:
        """Return what is near to each of these listings of the catalog, themselves included."""
        lists: Lists = {}
        for channel, known in self._known.items():
            keys = [listing.key for listing in sides.listings]
            fresh = np.array([place for place, key in enumerate(keys) if key not in known], np.int64)
            for place, found in zip(fresh, self._search(channel, sides, fresh), strict=True):
                known[keys[place]] = found
            lists[channel] = [known[key] for key in keys]
        return lists

    def _search(self, channel: Channel, sides: "Sides", places: Keys) -> list[Neighbours]:
        found = [_NOTHING] * len(places)
        here = np.flatnonzero(sides.has(channel)[places])
        if not len(here):
            return found
        chosen, depth = places[here], self._depths[channel]
        if channel == "lexical":
            near = self._lexical.search(sides.rows[chosen], depth, self._among)
        elif channel in self._vectors:
            near = self._vectors[channel].search(sides.vectors[channel][chosen], depth, self._among)
        else:
            return found
        for place, neighbours in zip(here, near, strict=True):
            found[place] = neighbours
        return found


def candidates_of(lists: Lists, limits: Limits, itself: Sequence[int] | None = None) -> list[Keys]:
    """Return for each listing the keys of its best per channel, ties included, sorted, each once.

    `itself` are the listings' own keys, which are left out.
    """
    count = len(next(iter(lists.values())))
    found: list[set[int]] = [set() for _ in range(count)]
    for channel, near in lists.items():
        k = limits.of(channel)
        if not k:
            continue
        for place, neighbours in enumerate(near):
            keys, scores = _others(neighbours, itself, place)
            if len(keys) > k:
                keys = keys[scores >= scores[k - 1]]
            found[place].update(keys.tolist())
    return [np.array(sorted(keys), np.int64) for keys in found]


def near_of(lists: Lists, itself: Sequence[int] | None = None) -> dict[Channel, Near]:
    """Return the lists cut to one depth; `itself` are the listings' own keys, which are left out."""
    return {channel: _cut(near, itself) for channel, near in lists.items()}


def _cut(lists: list[Neighbours], itself: Sequence[int] | None) -> Near:
    width = DEPTH + 1
    keys, scores = np.full((len(lists), width), _NONE, np.int64), np.zeros((len(lists), width))
    for place, neighbours in enumerate(lists):
        own_keys, own_scores = _others(neighbours, itself, place)
        count = min(len(own_keys), width)
        keys[place, :count], scores[place, :count] = own_keys[:count], own_scores[:count]
    return Near(keys, scores)


def _others(neighbours: Neighbours, itself: Sequence[int] | None, place: int) -> tuple[Keys, Scores]:
    if itself is None:
        return neighbours.keys, neighbours.scores
    others = neighbours.keys != itself[place]
    return neighbours.keys[others], neighbours.scores[others]
