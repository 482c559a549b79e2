"""Candidates: the union of what three channels find, with what surrounds both sides."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

import numpy as np

from shared.limits import Limits
from workers.index.arrays import Keys
from workers.index.catalog import Catalog
from workers.index.keys import keys_of
from workers.index.neighbourhood import DEPTH, Neighbourhood, candidates_of, near_of
from workers.index.recognition import recognised
from workers.index.sides import Sides
from workers.index.stored_sides import stored_sides

Ids = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Candidates:
    """Pairs (i, j) of places: listing i of `a` with listing j of `b`; both know what is near to them."""

    a: Sides
    b: Sides
    pairs: list[tuple[int, int]]


def pairs_within(catalog: Catalog, keys: Keys, limits: Limits, among: Keys | None = None) -> Candidates:
    """Return the pairs of the listings with their candidates in the same catalog.

    The smaller id is always first, so that a pair is the same from whichever side it was found.
    """
    neighbourhood = catalog.neighbourhood(limits, among)
    lists = neighbourhood.of_stored(stored_sides(catalog, keys))
    near = candidates_of(lists, limits, keys.tolist())
    sides = known_sides(catalog, _all(keys, near), neighbourhood)
    places = {listing.key: place for place, listing in enumerate(sides.listings)}
    ids = [listing.id for listing in sides.listings]
    pairs = set()
    for key, others in zip(keys.tolist(), near, strict=True):
        for other in others.tolist():
            place, partner = places[key], places[other]
            pairs.add((place, partner) if ids[place] < ids[partner] else (partner, place))
    return Candidates(sides, sides, sorted(pairs, key=lambda pair: (ids[pair[0]], ids[pair[1]])))


def pairs_touched(
    catalog: Catalog, keys: Keys, limits: Limits, known: Callable[[list[str]], Iterable[Ids]]
) -> Candidates:
    """Return pairs of other listings that have one of these near to them: their surroundings changed.

    `known` names, for ids of listings, the pairs that are to be looked at again.
    """
    neighbourhood = catalog.neighbourhood(limits)
    lists = neighbourhood.of_stored(stored_sides(catalog, keys))
    others = np.setdiff1d(_all(keys, candidates_of(lists, limits, keys.tolist())), keys)
    sides = known_sides(catalog, others, neighbourhood)
    touched = np.zeros(len(others), bool)
    for near in (sides.near or {}).values():
        touched |= np.isin(near.keys, keys).any(axis=1)
    pairs = sorted(known([sides.listings[place].id for place in np.flatnonzero(touched)]))
    ends = np.unique(keys_of(listing for pair in pairs for listing in pair))
    sides = known_sides(catalog, ends, neighbourhood)
    places = {listing.id: place for place, listing in enumerate(sides.listings)}
    return Candidates(sides, sides, [(places[a], places[b]) for a, b in pairs])


def pairs_across(catalog: Catalog, keys: Keys, limits: Limits, other: Catalog) -> Candidates:
    """Return the pairs of the listings with their candidates in another catalog."""
    own = stored_sides(catalog, keys)
    lists = other.neighbourhood(limits).search(own)
    near = candidates_of(lists, limits)
    theirs = stored_sides(other, _all((), near))
    back = catalog.neighbourhood(limits).search(theirs)
    return Candidates(
        replace(own, near=near_of(lists)), replace(theirs, near=near_of(back)), _places(near, theirs)
    )


def pairs_of(sides: Sides, catalog: Catalog, limits: Limits) -> Candidates:
    """Return the pairs of listings of a request with their candidates in the catalog.

    One that the catalog holds is a candidate of its own, but does not count among what surrounds it.
    """
    neighbourhood = catalog.neighbourhood(limits)
    lists = neighbourhood.search(sides)
    near = candidates_of(lists, limits)
    known = recognised(sides, lists, catalog)
    theirs = known_sides(catalog, _all((), near), neighbourhood)
    return Candidates(
        replace(known, near=near_of(lists, known.keys().tolist())), theirs, _places(near, theirs)
    )


def known_sides(catalog: Catalog, keys: Keys, neighbourhood: Neighbourhood) -> Sides:
    """Return listings of the catalog that know what is near to them."""
    sides = stored_sides(catalog, keys)
    return replace(sides, near=near_of(neighbourhood.of_stored(sides), keys.tolist()))


def surrounded_as_asked(sides: Sides, catalog: Catalog) -> Sides:
    """Let listings of a request know what is near to them in the catalog, which may hold them or not."""
    lists = catalog.neighbourhood(Limits.all(DEPTH)).search(sides)
    known = recognised(sides, lists, catalog)
    return replace(known, near=near_of(lists, known.keys().tolist()))


def surrounded(sides: Sides, catalog: Catalog, *, stored: bool = True) -> Sides:
    """Let listings know what is near to them in the catalog, which holds them if they are `stored`."""
    lists = catalog.neighbourhood(Limits.all(DEPTH)).search(sides)
    return replace(sides, near=near_of(lists, sides.keys().tolist() if stored else None))


def _all(keys: Keys | tuple[()], near: Iterable[Keys]) -> Keys:
    return np.unique(np.concatenate([np.asarray(keys, np.int64), *near]))


def _places(near: Iterable[Keys], theirs: Sides) -> list[tuple[int, int]]:
    """Return each listing with each of its candidates, by their places."""
    places = {listing.key: place for place, listing in enumerate(theirs.listings)}
    return [(place, places[key]) for place, found in enumerate(near) for key in found.tolist()]
