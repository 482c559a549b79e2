"""What data sets are read into: a catalog whose groups are known, or two tables with labelled pairs."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from shared.messages import Listing

Split = Literal["train", "valid", "test"]
SPLITS: Final[tuple[Split, ...]] = ("train", "valid", "test")


@dataclass(frozen=True, slots=True)
class LabelledCatalog:
    """Listings of which it is known who belongs together.

    Attributes:
        name: what the data set calls itself, for people.
        listings: `image` of each is a file relative to `root`, or None.
        root: folder of the photos; None where there are none.
        groups: label of the true group by listing id, for every listing.
        dropped: rows of the source that were left out, by reason.
    """

    name: str
    listings: tuple[Listing, ...]
    root: Path | None
    groups: dict[str, str]
    dropped: dict[str, int]

    def same(self, a: str, b: str) -> bool:
        """Say whether two listings are one product."""
        return self.groups[a] == self.groups[b]

    def digest(self) -> str:
        """Return the sha256 of ids, titles, attributes, labels and photos, whatever the order of the rows."""
        return _digest(self.listings, self.root, self.groups)


@dataclass(frozen=True, slots=True)
class LabelledPair:
    """A listing of the left table and one of the right table, by id, and whether they are one product."""

    left: str
    right: str
    duplicate: bool


@dataclass(frozen=True, slots=True)
class PairBenchmark:
    """Two tables and their labelled pairs in the benchmark's own splits; ids differ between the tables."""

    name: str
    left: tuple[Listing, ...]
    right: tuple[Listing, ...]
    splits: Mapping[Split, tuple[LabelledPair, ...]]
    dropped: dict[str, int]

    @property
    def listings(self) -> tuple[Listing, ...]:
        """Those of both tables."""
        return (*self.left, *self.right)

    def matches(self, splits: Iterable[Split] = SPLITS) -> dict[str, set[str]]:
        """Return, per listing of the left table that has any, its duplicates in the right table."""
        found: dict[str, set[str]] = {}
        for split in splits:
            for pair in self.splits[split]:
                if pair.duplicate:
                    found.setdefault(pair.left, set()).add(pair.right)
        return found

    def digest(self) -> str:
        """Return the sha256 of both tables and all labels."""
        labels = {
            f"{pair.left} {pair.right}": f"{split} {pair.duplicate}"
            for split in SPLITS
            for pair in self.splits[split]
        }
        return _digest(self.listings, None, labels)


def _digest(listings: Iterable[Listing], root: Path | None, labels: Mapping[str, str]) -> str:
    digest = hashlib.sha256()
    for listing in sorted(listings, key=lambda listing: listing.id):
        about = [listing.id, listing.title, sorted(listing.attributes.items())]
        digest.update(json.dumps(about).encode())
        if root is not None and listing.image:
            digest.update(hashlib.sha256((root / listing.image).read_bytes()).digest())
    digest.update(json.dumps(sorted(labels.items())).encode())
    return digest.hexdigest()
