"""What is near to a listing in a catalog, channel by channel: its candidates, and its surroundings."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from shared.limits import Channel, Limits
from workers.index.arrays import CHANNELS, Keys, Lists, Modality, Neighbours, Scores, lists_of
from workers.index.pace import Pace
from workers.index.ports import GiveWay, LexicalIndex, VectorIndex, nobody_waits
from workers.index.remembered import Remembered

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


Found = dict[Channel, Lists]
_NOTHING: Final = Neighbours(np.empty(0, np.int64), np.empty(0))


class Neighbourhood:
    """Searches a catalog as it is now; lists of stored listings are remembered.

    `limits` is how many candidates each channel gives, `among` what the search is limited to; `give_way` is
    called now and then in a search for many, and may search here, too.
    """

    def __init__(
        self,
        vectors: dict[Modality, VectorIndex],
        lexical: LexicalIndex,
        limits: Limits,
        among: Keys | None,
        give_way: GiveWay = nobody_waits,
    ) -> None:
        self._vectors = vectors
        self._lexical = lexical
        # One more than its limit: a stored listing finds itself first. A channel that gives no candidates
        # still describes the surroundings.
        self._depths = {channel: max(limits.of(channel) + 1, LEAST_SEARCHED) for channel in CHANNELS}
        self._among = among
        self._give_way = give_way
        self._paces = {channel: Pace() for channel in CHANNELS}
        self._known = {channel: Remembered() for channel in CHANNELS}

    def search(self, sides: "Sides") -> Found:
        """Return what is near to each listing, whether it is stored or not; nothing where it has nothing."""
        return {channel: self._search(channel, sides, np.arange(len(sides.listings))) for channel in CHANNELS}

    def of_stored(self, sides: "Sides") -> Found:
        """Return what is near to each of these listings of the catalog, themselves included."""
        lists: Found = {}
        keys = sides.keys()
        for channel, known in self._known.items():
            pace, waiting = self._paces[channel], known.unknown(keys)
            while len(waiting):
                part, waiting = np.split(waiting, [pace.size])
                # While others had their turn they may have searched for the same listings.
                fresh = part[known.unknown(keys[part])]
                with pace.timed(len(fresh)):
                    known.add(keys[fresh], self._search(channel, sides, fresh))
                self._give_way()
            lists[channel] = known.lists(keys)
        return lists

    def _search(self, channel: Channel, sides: "Sides", places: Keys) -> Lists:
        found = [_NOTHING] * len(places)
        here = np.flatnonzero(sides.has(channel)[places])
        if not len(here):
            return lists_of(found)
        chosen, depth = places[here], self._depths[channel]
        if channel == "lexical":
            near = self._lexical.search(sides.rows[chosen], depth, self._among)
        elif channel in self._vectors:
            near = self._vectors[channel].search(sides.vectors[channel][chosen], depth, self._among)
        else:
            return lists_of(found)
        for place, neighbours in zip(here, near, strict=True):
            found[place] = neighbours
        return lists_of(found)


@dataclass(frozen=True, slots=True)
class _Flat:
    """The neighbours of n listings one after the other: whose each is, which in its list, key and score."""

    listings: Keys
    ranks: Keys
    keys: Keys
    scores: Scores


def candidates_of(lists: Found, limits: Limits, itself: Keys | None = None) -> tuple[Keys, Keys]:
    """Return the best of each listing per channel, ties with the last included: whose each is, and its key.

    Sorted by listing and key, each once. `itself` are the listings' own keys (n,), which are left out.
    """
    found = [_best(_flat(near, itself), k) for channel, near in lists.items() if (k := limits.of(channel))]
    listings, keys = (np.concatenate([np.empty(0, np.int64), *parts]) for parts in zip(*found, strict=True))
    order = np.lexsort((keys, listings))
    listings, keys = listings[order], keys[order]
    first = np.ones(len(keys), bool)
    first[1:] = (listings[1:] != listings[:-1]) | (keys[1:] != keys[:-1])
    return listings[first], keys[first]


def near_of(lists: Found, itself: Keys | None = None) -> dict[Channel, Near]:
    """Return the lists cut to one depth; `itself` are the listings' own keys (n,), which are left out."""
    near = {}
    for channel, found in lists.items():
        flat, shape = _flat(found, itself), (len(found), DEPTH + 1)
        keys, scores = np.full(shape, _NONE, np.int64), np.zeros(shape)
        kept = flat.ranks <= DEPTH
        keys[flat.listings[kept], flat.ranks[kept]] = flat.keys[kept]
        scores[flat.listings[kept], flat.ranks[kept]] = flat.scores[kept]
        near[channel] = Near(keys, scores)
    return near


def _best(flat: _Flat, k: int) -> tuple[Keys, Keys]:
    count = int(flat.listings[-1]) + 1 if len(flat.listings) else 0
    last, scores = np.full(count, -np.inf), flat.scores
    at_end = flat.ranks == k - 1
    last[flat.listings[at_end]] = scores[at_end]
    kept = scores >= last[flat.listings]
    return flat.listings[kept], flat.keys[kept]


def _flat(lists: Lists, itself: Keys | None) -> _Flat:
    listings = np.repeat(np.arange(len(lists)), np.diff(lists.ends, prepend=0))
    keys, scores = lists.keys, lists.scores
    if itself is not None:
        others = keys != itself[listings]
        listings, keys, scores = listings[others], keys[others], scores[others]
    starts = np.searchsorted(listings, listings)
    return _Flat(listings, np.arange(len(listings)) - starts, keys, scores)
