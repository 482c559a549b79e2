"""Listings made ready for comparison: their facts, vectors and character sequences, row by row."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from workers.index.arrays import Channel, Keys, Modality, Rows, Vectors
from workers.index.neighbourhood import Near
from workers.index.ports import GiveWay, nobody_waits
from workers.index.store import StoredListing
from workers.index.tokens.facts import Facts, read_facts

# Some 2.5 kB each, for all catalogs together. Reading one anew takes 50 microseconds. What a job compares
# for a while is of one kind: at a million listings, 50,000 may be.
_KEPT: Final = 65_536
_AT_ONCE: Final = 256
"""Listings whose facts are read before others have their turn."""
# In characters: the memory of what is kept must not depend on what somebody writes into listings.
_LONGEST_KEPT: Final = 2_000


@dataclass(frozen=True, slots=True)
class Sides:
    """n listings; `vectors[m]` (n, dim) is zero where `present[m]` (n,) is false; `rows` (n, features)."""

    listings: list[StoredListing]
    facts: list[Facts]
    vectors: dict[Modality, Vectors]
    present: dict[Modality, NDArray[np.bool_]]
    rows: Rows
    near: dict[Channel, Near] | None = None
    """What surrounds each listing where it is compared; None outside of any catalog."""

    def keys(self) -> Keys:
        """Return the keys (n,) of the listings."""
        return np.array([listing.key for listing in self.listings], np.int64)

    def has(self, channel: Channel) -> NDArray[np.bool_]:
        """Say of each listing whether the channel can look for it; words and their vector come together."""
        return self.present["text" if channel == "lexical" else channel]


@lru_cache(maxsize=_KEPT)
def _kept_facts(title: str, details: str) -> Facts:
    return read_facts(title, json.loads(details))


def facts_of(title: str, details: str) -> Facts:
    """Read the facts of a normalised title and attributes (`store.listings.details_of`).

    Those read last are kept, long ones not.
    """
    if len(title) + len(details) > _LONGEST_KEPT:
        return read_facts(title, json.loads(details))
    return _kept_facts(title, details)


def make_sides(
    listings: Sequence[StoredListing],
    vectors: dict[Modality, Vectors],
    present: dict[Modality, NDArray[np.bool_]],
    rows: Rows,
    give_way: GiveWay = nobody_waits,
) -> Sides:
    """Read the facts of listings whose vectors are at hand; `give_way` is called now and then."""
    facts: list[Facts] = []
    for start in range(0, len(listings), _AT_ONCE):
        part = listings[start : start + _AT_ONCE]
        facts += [facts_of(listing.normalised, listing.details) for listing in part]
        give_way()
    return Sides(list(listings), facts, vectors, present, rows)
