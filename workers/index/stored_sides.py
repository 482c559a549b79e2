"""The listings of a catalog, made ready for comparison."""

import numpy as np
from numpy.typing import NDArray

from workers.index.arrays import MODALITIES, Keys, Modality, Vectors
from workers.index.catalog import Catalog
from workers.index.ports import GiveWay, nobody_waits
from workers.index.sides import Sides, make_sides


def stored_sides(catalog: Catalog, keys: Keys, give_way: GiveWay = nobody_waits) -> Sides:
    """Return the catalog's listings under these keys, all of which are there, in this order.

    `give_way` is called now and then: to read the facts of a thousand takes a quarter of a second.
    """
    found = catalog.listings.get(int(key) for key in keys)
    listings = [found[int(key)] for key in keys]
    vectors: dict[Modality, Vectors] = {}
    present: dict[Modality, NDArray[np.bool_]] = {}
    for modality in MODALITIES:
        present[modality] = catalog.has(modality, keys)
        if present[modality].any():
            held = catalog.vectors[modality].vectors(keys[present[modality]])
            vectors[modality] = np.zeros((len(keys), held.shape[1]), np.float32)
            vectors[modality][present[modality]] = held
    return make_sides(listings, vectors, present, catalog.lexical.rows(keys), give_way)
