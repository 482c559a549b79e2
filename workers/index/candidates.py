"""Candidates: the union of what three channels find."""

from collections.abc import Iterable

import numpy as np

from workers.index.arrays import MODALITIES, Keys, Neighbours
from workers.index.catalog import Catalog
from workers.index.sides import Sides, stored_sides


def find_candidates(sides: Sides, catalog: Catalog, k: int, among: Keys | None = None) -> list[Keys]:
    """Return for each listing the keys of its k best in the catalog per channel, sorted, each once."""
    found: list[set[int]] = [set() for _ in sides.listings]
    for modality in MODALITIES:
        index = catalog.vectors.get(modality)
        here = np.flatnonzero(sides.present[modality])
        if index is not None and len(here):
            _collect(found, here, index.search(sides.vectors[modality][here], k, among))
    titled = np.flatnonzero(sides.present["text"])
    if len(titled):
        _collect(found, titled, catalog.lexical.search(sides.rows[titled], k, among))
    return [np.array(sorted(keys), np.int64) for keys in found]


def pairs_within(
    catalog: Catalog, keys: Keys, k: int, among: Keys | None = None
) -> tuple[Sides, list[tuple[int, int]]]:
    """Return the pairs of the listings with their candidates in the same catalog, as places in the sides.

    The smaller id is always first, so that a pair is the same from whichever side it was found.
    """
    # A listing finds itself first: one more makes k others.
    near = find_candidates(stored_sides(catalog, keys), catalog, k + 1, among)
    everyone = np.unique(np.concatenate([keys, *near]))
    sides = stored_sides(catalog, everyone)
    ids = [listing.id for listing in sides.listings]
    pairs = set()
    for key, others in zip(keys, near, strict=True):
        place = int(np.searchsorted(everyone, key))
        for other in np.searchsorted(everyone, others).tolist():
            if other != place:
                pairs.add((place, other) if ids[place] < ids[other] else (other, place))
    return sides, sorted(pairs, key=lambda pair: (ids[pair[0]], ids[pair[1]]))


def _collect(found: list[set[int]], places: Iterable[int], neighbours: Iterable[Neighbours]) -> None:
    for place, near in zip(places, neighbours, strict=True):
        found[place].update(near.keys.tolist())
