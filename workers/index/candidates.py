"""Candidates: the union of what three channels find, with what surrounds both sides."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from shared.limits import Limits
from workers.index.arrays import Keys
from workers.index.catalog import Catalog
from workers.index.keys import keys_of
from workers.index.neighbourhood import DEPTH, Neighbourhood, candidates_of, near_of
from workers.index.pairing import Places
from workers.index.recognition import recognised
from workers.index.sides import Sides
from workers.index.stored_sides import stored_sides

Ids = tuple[str, str]

_AT_ONCE: Final = 256
"""Stored listings whose surroundings are looked at again before others may use the catalog."""
_PAIRS_AT_ONCE: Final = 2048
"""Pairs of them that are made ready at once: of fewer, more listings would be made ready again."""


@dataclass(frozen=True, slots=True)
class Candidates:
    """Pairs (n, 2) of places: listing `pairs[i, 0]` of `a` with `pairs[i, 1]` of `b`.

    Both sides know what is near to them.
    """

    a: Sides
    b: Sides
    pairs: Places

    def ids(self) -> list[Ids]:
        """Return the ids of the pairs."""
        a, b = self.a.listings, self.b.listings
        return [(a[i].id, b[j].id) for i, j in self.pairs.tolist()]

    def parts(self, size: int) -> "Iterator[Candidates]":
        """Yield them in parts of so many pairs."""
        starts = range(0, len(self.pairs), size)
        return (Candidates(self.a, self.b, self.pairs[start : start + size]) for start in starts)


def pairs_within(catalog: Catalog, keys: Keys, limits: Limits, among: Keys | None = None) -> Candidates:
    """Return the pairs of the listings with their candidates in the same catalog, sorted by ids.

    The smaller id is always first, so that a pair is the same from whichever side it was found.
    """
    neighbourhood = catalog.neighbourhood(limits, among)
    lists = neighbourhood.of_stored(stored_sides(catalog, keys))
    listings, near = candidates_of(lists, limits, keys)
    everyone = np.union1d(keys, near)
    sides = known_sides(catalog, everyone, neighbourhood)
    by_id = np.array(
        sorted(range(len(everyone)), key=[listing.id for listing in sides.listings].__getitem__), np.int64
    )
    rank = np.empty_like(by_id)
    rank[by_id] = np.arange(len(by_id))
    one, other = (rank[np.searchsorted(everyone, each)] for each in (keys[listings], near))
    pairs = np.unique(np.minimum(one, other) * len(rank) + np.maximum(one, other))
    return Candidates(sides, sides, np.stack([by_id[pairs // len(rank)], by_id[pairs % len(rank)]], axis=1))


def pairs_touched(
    catalog: Catalog, keys: Keys, limits: Limits, known: Callable[[list[str]], Iterable[Ids]]
) -> Iterator[Candidates]:
    """Yield pairs of other listings that have one of these near to them: their surroundings changed.

    `known` names, for ids of listings, the pairs that are to be looked at again.
    """
    neighbourhood = catalog.neighbourhood(limits)
    lists = neighbourhood.of_stored(stored_sides(catalog, keys))
    others = np.setdiff1d(candidates_of(lists, limits, keys)[1], keys)
    touched: list[str] = []
    for start in range(0, len(others), _AT_ONCE):
        sides = known_sides(catalog, others[start : start + _AT_ONCE], neighbourhood)
        near = [np.isin(each.keys, keys).any(axis=1) for each in (sides.near or {}).values()]
        touched += [sides.listings[place].id for place in np.flatnonzero(np.any(near, axis=0))]
        catalog.give_way()
    pairs = sorted(known(touched))
    for start in range(0, len(pairs), _PAIRS_AT_ONCE):
        yield _stored(catalog, pairs[start : start + _PAIRS_AT_ONCE], neighbourhood)


def _stored(catalog: Catalog, pairs: list[Ids], neighbourhood: Neighbourhood) -> Candidates:
    ends = np.unique(keys_of(listing for pair in pairs for listing in pair))
    sides = known_sides(catalog, ends, neighbourhood)
    places = {listing.id: place for place, listing in enumerate(sides.listings)}
    return Candidates(sides, sides, pairs_at((places[a], places[b]) for a, b in pairs))


def pairs_across(catalog: Catalog, keys: Keys, limits: Limits, other: Catalog) -> Candidates:
    """Return the pairs of the listings with their candidates in another catalog."""
    own = stored_sides(catalog, keys)
    lists = other.neighbourhood(limits).search(own)
    listings, near = candidates_of(lists, limits)
    everyone = np.unique(near)
    theirs = stored_sides(other, everyone)
    back = catalog.neighbourhood(limits).search(theirs)
    return Candidates(
        replace(own, near=near_of(lists)),
        replace(theirs, near=near_of(back)),
        np.stack([listings, np.searchsorted(everyone, near)], axis=1),
    )


def pairs_of(sides: Sides, catalog: Catalog, limits: Limits) -> Candidates:
    """Return the pairs of listings of a request with their candidates in the catalog.

    One that the catalog holds is a candidate of its own, but does not count among what surrounds it.
    """
    neighbourhood = catalog.neighbourhood(limits, keep=False)
    lists = neighbourhood.search(sides)
    listings, near = candidates_of(lists, limits)
    everyone = np.unique(near)
    known = recognised(sides, lists, catalog)
    return Candidates(
        replace(known, near=near_of(lists, known.keys())),
        known_sides(catalog, everyone, neighbourhood),
        np.stack([listings, np.searchsorted(everyone, near)], axis=1),
    )


def pairs_at(places: Iterable[tuple[int, int]]) -> Places:
    """Return the places of pairs as an array (n, 2)."""
    return np.array(list(places), np.int64).reshape(-1, 2)


def known_sides(catalog: Catalog, keys: Keys, neighbourhood: Neighbourhood) -> Sides:
    """Return listings of the catalog that know what is near to them."""
    sides = stored_sides(catalog, keys, catalog.give_way)
    return replace(sides, near=near_of(neighbourhood.of_stored(sides), keys))


def surrounded_as_asked(sides: Sides, catalog: Catalog) -> Sides:
    """Let listings of a request know what is near to them in the catalog, which may hold them or not."""
    lists = catalog.neighbourhood(Limits.all(DEPTH), keep=False).search(sides)
    known = recognised(sides, lists, catalog)
    return replace(known, near=near_of(lists, known.keys()))


def surrounded(sides: Sides, catalog: Catalog, *, stored: bool = True) -> Sides:
    """Let listings know what is near to them in the catalog, which holds them if they are `stored`."""
    lists = catalog.neighbourhood(Limits.all(DEPTH), keep=False).search(sides)
    return replace(sides, near=near_of(lists, sides.keys() if stored else None))
