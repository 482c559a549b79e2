"""The training photos, as folders and catalogs list them."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from workers.trainer.tower.errors import Refused
from workers.trainer.tower.tables import Columns, check_columns, open_table

ENDINGS: Final = frozenset({".jpg", ".jpeg", ".png", ".webp", ".bmp", ".gif"})
"""Files of a folder without a table that count as photos."""

PLACES: Final = ("images", "train_images", ".")
"""Where the photos of a catalog lie, seen from its table."""

SAMPLES: Final = "samples"
"""Collection of the sample shop; no folder's photos go by this name."""


@dataclass(frozen=True)
class Photo:
    """One photo of one collection.

    Attributes:
        collection: name of the folder or catalog that it came with.
        name: file name or path within it.
        path: where the file lies.
        product: the product shown, unique within its collection; None where none is known.
        family: products that look alike and are no negatives of each other; None where nothing is known.
    """

    collection: str
    name: str
    path: Path
    product: str | None
    family: str | None = None

    @property
    def key(self) -> str:
        """Name that is unique over all collections and the same on every machine."""
        return f"{self.collection}/{self.name}"

    @property
    def product_key(self) -> str | None:
        """Product, unique over all collections."""
        return None if self.product is None else f"{self.collection}/{self.product}"


def default_data() -> Path:
    """Give the data folder: ``DOPPEL_DATA``, or ``shared/data`` beside the checkout."""
    checkout = Path(__file__).resolve().parents[3]
    return Path(os.environ.get("DOPPEL_DATA") or checkout.parent / "shared" / "data")


def list_photos(data: Path) -> list[Photo]:
    """List the photos of the shipped tower: ``clothing_photos`` and ``grocery_photos`` of a data folder.

    Raises:
        Refused: a folder is missing.
    """
    return collect([data / "clothing_photos", data / "grocery_photos"])


def collect(folders: Sequence[Path], columns: Columns | None = None) -> list[Photo]:
    """List the photos of folders and catalogs.

    A catalog is a folder with a table (see `tables`); its photos come in the table's order. Of another folder
    all photos are listed, also in folders inside it, by path. Whether they can be read is not looked at.

    Args:
        folders: each becomes a collection, named after it (without ``_photos``).
        columns: columns of the tables, where they are not the usual ones.

    Raises:
        Refused: a folder is missing, or a table or a column of it.
    """
    columns = columns or Columns()
    for folder in folders:
        if not folder.is_dir():
            raise Refused(f"{folder} is no folder")
    tables = [open_table(folder) for folder in folders]
    check_columns([table for table in tables if table], columns)
    photos: list[Photo] = []
    for folder, table, collection in zip(folders, tables, _names(folders), strict=True):
        if table:
            products = table.products(columns)
            photos += [Photo(collection, name, _locate(folder, name), p) for name, p in products.items()]
        else:
            photos += [Photo(collection, name, folder / name, None) for name in _search(folder)]
    return photos


def _names(folders: Sequence[Path]) -> list[str]:
    """Name the collections; where folders share a name, the later ones get a number."""
    names: list[str] = [SAMPLES]
    for folder in folders:
        stem = folder.resolve().name.removesuffix("_photos") or "photos"
        choices = (stem, *(f"{stem}-{number}" for number in range(2, len(folders) + 3)))
        names.append(next(name for name in choices if name not in names))
    return names[1:]


def _search(folder: Path) -> list[str]:
    """Give the paths of all photos below a folder, seen from it, without hidden ones."""
    paths = (path.relative_to(folder) for path in folder.rglob("*") if path.suffix.lower() in ENDINGS)
    return sorted(path.as_posix() for path in paths if not any(part.startswith(".") for part in path.parts))


def _locate(folder: Path, name: str) -> Path:
    """Give the file of a table's photo; the first place where it could be, if it is nowhere."""
    places = [folder / place / name for place in PLACES]
    return next((path for path in places if path.is_file()), places[0])


def product_numbers(photos: Sequence[Photo]) -> list[int]:
    """Number the products of the photos from 0 in order of appearance; -1 where there is none."""
    numbers: dict[str, int] = {}
    keys = [photo.product_key for photo in photos]
    return [-1 if key is None else numbers.setdefault(key, len(numbers)) for key in keys]
