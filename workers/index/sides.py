"""Listings made ready for comparison: their facts, vectors and character sequences, row by row."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from shared.messages import AttributeValue
from workers.index.arrays import MODALITIES, Keys, Modality, Rows, Vectors
from workers.index.catalog import Catalog
from workers.index.store import StoredListing
from workers.index.tokens.facts import Facts, read_facts


@dataclass(frozen=True, slots=True)
class Sides:
    """n listings; `vectors[m]` (n, dim) is zero where `present[m]` (n,) is false; `rows` (n, features)."""

    listings: list[StoredListing]
    facts: list[Facts]
    vectors: dict[Modality, Vectors]
    present: dict[Modality, NDArray[np.bool_]]
    rows: Rows


@lru_cache(maxsize=100_000)
def _cached_facts(title: str, attributes: str) -> Facts:
    return read_facts(title, json.loads(attributes))


def facts_of(title: str, attributes: dict[str, AttributeValue]) -> Facts:
    """Read the facts of a normalised title and attributes; the same ones are read once."""
    return _cached_facts(title, json.dumps(attributes, sort_keys=True))


def stored_sides(catalog: Catalog, keys: Keys) -> Sides:
    """Return the catalog's listings under these keys, all of which are there, in this order."""
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
    return make_sides(listings, vectors, present, catalog.lexical.rows(keys))


def make_sides(
    listings: Sequence[StoredListing],
    vectors: dict[Modality, Vectors],
    present: dict[Modality, NDArray[np.bool_]],
    rows: Rows,
) -> Sides:
    """Read the facts of listings whose vectors are at hand."""
    facts = [facts_of(listing.normalised, listing.attributes) for listing in listings]
    return Sides(list(listings), facts, vectors, present, rows)
