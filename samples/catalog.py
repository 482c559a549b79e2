"""Writes a sample catalog into a folder: tables, photos, truth and a ZIP of it."""

import csv
import json
import zipfile
from dataclasses import dataclass
from pathlib import Path

from samples.listings import Planner, generate
from samples.plan import plan
from samples.truth import Truth

COLUMNS = ("id", "title", "image", "brand", "price", "currency", "seller")
# The oldest time a ZIP can hold, so that the archive does not depend on when it was made.
_EPOCH = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class CatalogSummary:
    """What a written catalog holds; pairs are counted once, not in both directions."""

    directory: Path
    seed: int
    listings: int
    images: int
    products: int
    duplicate_groups: int
    duplicate_pairs: int
    families: int
    variant_pairs: int
    same_photo_variants: int
    without_image: int
    without_title: int


def write_catalog(
    directory: Path, *, listings: int, seed: int, workers: int = 1, planner: Planner = plan
) -> CatalogSummary:
    """Write `listings` listings into `directory`, made if needed; an older catalog in it is replaced.

    Writes `listings.ndjson`, `listings.csv`, `images/*.jpg`, `truth.json` and `catalog.zip` (the CSV and the
    images).
    `planner` says what is in the catalog; by default the sample shop.
    The same arguments give the same bytes; `workers` only changes how long it takes.
    """
    images = directory / "images"
    images.mkdir(parents=True, exist_ok=True)
    for old in images.glob("*.jpg"):
        old.unlink()
    truth = Truth(seed)
    with (
        (directory / "listings.ndjson").open("w", encoding="utf-8", newline="\n") as lines,
        (directory / "listings.csv").open("w", encoding="utf-8", newline="") as sheet,
    ):
        table = csv.DictWriter(sheet, COLUMNS, lineterminator="\n")
        table.writeheader()
        for listing in generate(listings, seed, workers=workers, planner=planner):
            row = listing.row()
            table.writerow(row)
            lines.write(json.dumps(row, ensure_ascii=False) + "\n")
            truth.add(listing)
            if listing.image_name:
                (directory / listing.image_name).write_bytes(listing.image)
    document = json.dumps(truth.document(), ensure_ascii=False, indent=1)
    (directory / "truth.json").write_text(document + "\n", encoding="utf-8")
    _zip(directory)
    return CatalogSummary(
        directory=directory,
        seed=seed,
        listings=listings,
        images=listings - truth.without_image,
        products=truth.products,
        duplicate_groups=len(truth.groups()),
        duplicate_pairs=truth.duplicate_pairs(),
        families=len(truth.families()),
        variant_pairs=truth.variant_pairs(),
        same_photo_variants=len(truth.same_photo_variants()),
        without_image=truth.without_image,
        without_title=truth.without_title,
    )


def _zip(directory: Path) -> None:
    """Pack the table and the photos, sorted and with a fixed time."""
    paths = [directory / "listings.csv", *sorted((directory / "images").glob("*.jpg"))]
    with zipfile.ZipFile(directory / "catalog.zip", "w") as archive:
        for path in paths:
            entry = zipfile.ZipInfo(path.relative_to(directory).as_posix(), _EPOCH)
            # JPEG does not shrink any further.
            entry.compress_type = zipfile.ZIP_STORED if path.suffix == ".jpg" else zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, path.read_bytes())
