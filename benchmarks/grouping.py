"""What it takes to make the groups of a large catalog: `python -m benchmarks.grouping [LISTINGS]`.

100,000 listings unless told, four of each product, three pairs a listing: half of them inside a product, five
of six of those duplicates, the others with strangers. The pairs and listings are read from the catalog's
file, and the groups written to it, as when a job ends.
"""

import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any, Final

from benchmarks.large_catalog import NAME, apart, catalogs_in, grouped
from benchmarks.report import memory_mb, publish
from shared.messages import Listing
from workers.index.store.pairs import ScoredPair

OF_A_PRODUCT: Final = 4
STRANGERS: Final = 6
"""Pairs of the first listing of each product with listings of others."""
_AT_ONCE: Final = 20_000


def fill(folder: Path, listings: int) -> dict[str, Any]:
    """Write the listings and pairs; return how many listings there are."""
    catalogs = catalogs_in(folder)
    catalog, random = catalogs.get_or_create(NAME), Random(1)
    for start in range(0, listings, _AT_ONCE):
        numbers = range(start, min(start + _AT_ONCE, listings))
        with catalog.database.transaction():
            known = [Listing(id=_name(number), title=f"mug {number // OF_A_PRODUCT}") for number in numbers]
            catalog.listings.upsert(known, [listing.title for listing in known], 0)
            for number in numbers[::OF_A_PRODUCT]:
                catalog.pairs.put(_pairs(number, listings, random))
    catalogs.close()
    return {"listings": listings}


def _pairs(first: int, listings: int, random: Random) -> Iterator[ScoredPair]:
    own = range(first, min(first + OF_A_PRODUCT, listings))
    for a in own:
        for b in own[a - first + 1 :]:
            if b - a == OF_A_PRODUCT - 1:
                yield ScoredPair(_name(a), _name(b), 0.3, "different")
            else:
                yield ScoredPair(_name(a), _name(b), 0.95, "duplicate")
    for stranger in random.sample(range(listings), STRANGERS):
        if stranger not in own:
            one, other = sorted((_name(first), _name(stranger)))
            yield ScoredPair(one, other, 0.2, "different")


def _name(number: int) -> str:
    return f"listing-{number:08d}"


def measure(folder: Path) -> dict[str, Any]:
    """Make the groups."""
    catalog = catalogs_in(folder).get(NAME)
    before = memory_mb(os.getpid())
    return grouped(catalog) | {"group_mb": round(memory_mb(os.getpid(), peak=True) - before)}


def main() -> None:
    """Fill, measure in processes of their own, print, write the report."""
    listings = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    with tempfile.TemporaryDirectory() as name:
        publish("grouping", apart(fill, Path(name), listings) | apart(measure, Path(name)))


if __name__ == "__main__":
    main()
