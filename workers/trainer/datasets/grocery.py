"""Shop photos in the Shopee layout: a small stand-in for the competition's data."""

import csv
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import imagehash
from PIL import Image

from workers.trainer.datasets.errors import DatasetError
from workers.trainer.datasets.shopee import COLUMNS, IMAGES, TABLE
from workers.trainer.datasets.table import read_table

_COLUMNS: Final = ("image", "product_id", "product", "category")


def shopee_from_grocery(source: Path, target: Path, most: int | None = None) -> int:
    """Write `photos.csv` and `images/` of the grocery photos as a folder in the Shopee layout.

    The product is the group; the title is only its category, so that several products share one: real titles
    would make the photos superfluous.

    Args:
        source: folder with `photos.csv` (image, product_id, product, category) and `images/`.
        target: folder to write, made if needed.
        most: photos of each product to take; None: all.

    Returns:
        The number of listings.

    Raises:
        DatasetError: the source is not such a folder.
    """
    table = read_table(source / "photos.csv", "expected is the folder of the grocery photos")
    table.require(_COLUMNS)
    taken: dict[str, int] = {}
    rows: list[tuple[str, ...]] = []
    (target / IMAGES).mkdir(parents=True, exist_ok=True)
    for row in table.rows:
        name, product = row["image"], row["product_id"]
        taken[product] = taken.get(product, 0) + 1
        if most is not None and taken[product] > most:
            continue
        photo = source / "images" / name
        if not photo.is_file():
            raise DatasetError(f"{photo} is missing: the folder of the grocery photos is not complete")
        shutil.copyfile(photo, target / IMAGES / name)
        rows.append((f"grocery_{len(rows):05}", name, _phash(photo), row["category"], product))
    _write(target / TABLE, rows)
    return len(rows)


def _phash(photo: Path) -> str:
    with Image.open(photo) as image:
        return str(imagehash.phash(image))


def _write(path: Path, rows: Iterable[tuple[str, ...]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as text:
        writer = csv.writer(text)
        writer.writerow(COLUMNS)
        writer.writerows(rows)
