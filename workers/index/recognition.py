"""Recognises listings of a request that the catalog holds already.

Otherwise such a listing would stand among its own neighbours, nearer than any duplicate, and two listings of
a catalog would be compared in other surroundings than when the catalog was matched.
"""

from dataclasses import replace
from typing import Final

import numpy as np

from workers.index.arrays import MODALITIES
from workers.index.catalog import Catalog
from workers.index.neighbourhood import Found
from workers.index.sides import Sides

# What is encoded again in another batch differs in the last digits.
_EQUAL: Final = 0.9999


def recognised(sides: Sides, lists: Found, catalog: Catalog) -> Sides:
    """Give each listing the key of one in the catalog with the same title and image, if there is one.

    `lists` is what is near to the listings there. No two listings get the same key.
    """
    taken: set[int] = set()
    listings = list(sides.listings)
    for place, listing in enumerate(listings):
        for key in _equals(sides, place, lists, catalog):
            if key not in taken:
                taken.add(key)
                listings[place] = replace(listing, key=key)
                break
    return replace(sides, listings=listings)


def _equals(sides: Sides, place: int, lists: Found, catalog: Catalog) -> list[int]:
    has = {modality: bool(sides.present[modality][place]) for modality in MODALITIES}
    near = [lists[modality][place] for modality in MODALITIES if has[modality]]
    if not near:
        return []
    keys = sorted(set.intersection(*(set(found.keys[found.scores >= _EQUAL].tolist()) for found in near)))
    held = {modality: catalog.has(modality, np.array(keys, np.int64)) for modality in MODALITIES}
    stored = catalog.listings.get(keys)
    return [
        key
        for i, key in enumerate(keys)
        if stored[key].normalised == sides.listings[place].normalised
        and all(bool(held[modality][i]) == has[modality] for modality in MODALITIES)
    ]
