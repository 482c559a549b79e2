"""The training photos, as the data folder lists them."""

import csv
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Photo:
    """One photo of the data folder.

    Attributes:
        collection: ``clothing`` or ``grocery``.
        name: file name, unique within its collection.
        path: where the file lies.
        product: the product shown (grocery), or None where no product is labelled (clothing).
    """

    collection: str
    name: str
    path: Path
    product: str | None

    @property
    def key(self) -> str:
        """Name that is unique over both collections and the same on every machine."""
        return f"{self.collection}/{self.name}"


def default_data() -> Path:
    """Give the data folder: ``DOPPEL_DATA``, or ``shared/data`` beside the checkout."""
    checkout = Path(__file__).resolve().parents[3]
    return Path(os.environ.get("DOPPEL_DATA") or checkout.parent / "shared" / "data")


def list_photos(data: Path) -> list[Photo]:
    """List all clothing and grocery photos, in the order of their tables.

    Args:
        data: folder with ``clothing_photos/`` and ``grocery_photos/``, each with a table and ``images/``.

    Raises:
        FileNotFoundError: a table is missing.
    """
    photos: list[Photo] = []
    for collection in ("clothing", "grocery"):
        folder = data / f"{collection}_photos"
        with (folder / "photos.csv").open(newline="", encoding="utf-8") as table:
            for row in csv.DictReader(table):
                product = row.get("product_id")
                photos.append(Photo(collection, row["image"], folder / "images" / row["image"], product))
    return photos


def product_numbers(photos: Sequence[Photo]) -> list[int]:
    """Number the products of the photos from 0 in order of appearance; -1 where there is none."""
    numbers: dict[str, int] = {}
    return [-1 if p.product is None else numbers.setdefault(p.product, len(numbers)) for p in photos]
