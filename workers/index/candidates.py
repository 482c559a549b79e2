"""Candidates: the union of what three channels find."""

from collections.abc import Iterable

import numpy as np

from workers.index.arrays import MODALITIES, Keys, Neighbours
from workers.index.catalog import Catalog
from workers.index.sides import Sides


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


def _collect(found: list[set[int]], places: Iterable[int], neighbours: Iterable[Neighbours]) -> None:
    for place, near in zip(places, neighbours, strict=True):
        found[place].update(near.keys.tolist())
