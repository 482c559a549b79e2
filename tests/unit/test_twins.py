"""The catalogs that the index worker is measured with: twins are nearest, and every run makes the same."""

import numpy as np

from benchmarks.twins import MODELS, parts, products_of
from workers.index.store.listings import unit_vectors

LISTINGS = 120


def test_twins_are_nearer_than_anything_else_and_parts_do_not_matter() -> None:
    for modality in MODELS:
        held = {
            row: data for part in parts(LISTINGS, 50) for row, data in part.arrival.vectors[modality].items()
        }
        whole = next(parts(LISTINGS, LISTINGS)).arrival
        assert held == whole.vectors[modality]
        products = products_of(LISTINGS)
        names = np.array([products[whole.listings[row].id] for row in held])
        vectors = unit_vectors(list(held.values()))
        cosines, twins = vectors @ vectors.T, names[:, None] == names
        np.fill_diagonal(twins, val=False)
        assert twins.any()
        assert cosines[twins].min() > cosines[names[:, None] != names].max()
