"""Real photos through the whole service: does the nearest other photo show the same product?

`python -m benchmarks.photos [DATA]` makes a catalog of all grocery photos (a ZIP; titles are the category),
submits it over HTTP to a stack with the bundled profile, and prints image hit@1 of the stored embeddings
beside the perceptual hash and the same tower with random weights. DATA holds `grocery_photos/`.
"""

import csv
import sys
import tempfile
import time
import zipfile
from pathlib import Path

import numpy as np

from benchmarks.report import publish
from client import Doppel
from local.stack import Stack
from workers.index.halves import units_of
from workers.index.keys import key_of
from workers.index.store import ListingTable, open_database
from workers.trainer.evaluation.encoders import HashEncoder, TowerEncoder, encode_files
from workers.trainer.evaluation.metrics import hit_at_1
from workers.trainer.tower.photos import Photo, default_data, list_photos


def catalog_zip(photos: list[Photo], titles: dict[str, str], path: Path) -> None:
    """Write the photos and one table into a ZIP."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        lines = ["id,title,image"]
        for photo in photos:
            archive.write(photo.path, f"images/{photo.name}")
            lines.append(f'{photo.name},"{titles[photo.name]}",images/{photo.name}')
        archive.writestr("listings.csv", "\n".join(lines) + "\n")


def stored_vectors(catalog: Path, names: list[str]) -> "np.ndarray[tuple[int, int], np.dtype[np.float32]]":
    """Return the image embeddings that the index worker holds, (n, 512), in the order of `names`."""
    database = open_database(catalog / "catalog.db")
    found = {
        int(key): vector
        for keys, halves in ListingTable(database).vectors("image")
        for key, vector in zip(keys, units_of(halves), strict=True)
    }
    database.close()
    return np.stack([found[key_of(name)] for name in names])


def main() -> None:
    """Measure, print, write the report."""
    data = Path(sys.argv[1]) if len(sys.argv) > 1 else default_data()
    photos = [photo for photo in list_photos(data) if photo.collection == "grocery"]
    with (data / "grocery_photos" / "photos.csv").open(newline="", encoding="utf-8") as table:
        titles = {row["image"]: row["category"] for row in csv.DictReader(table)}
    products = [str(photo.product) for photo in photos]
    with (
        tempfile.TemporaryDirectory() as folder,
        Stack(run_dir=Path(folder) / "stack", profile="bundled") as stack,
    ):
        archive = Path(folder) / "grocery.zip"
        catalog_zip(photos, titles, archive)
        stack.up("redis", "gateway", "reconciler", "encoder", "index")
        stack.wait_ready()
        with Doppel(stack.url) as doppel:
            started = time.monotonic()
            job = doppel.wait(doppel.submit("grocery", archive).id, timeout_s=3600)
            seconds = time.monotonic() - started
        vectors = stored_vectors(stack.run_dir / "catalogs" / "grocery", [photo.name for photo in photos])
    files = [photo.path for photo in photos]
    random_tower = TowerEncoder(Path("artifacts/bundled/image"), random_weights=True)
    report = {
        "photos": len(photos),
        "job_status": job.status,
        "job_seconds": round(seconds, 1),
        "rejected": job.counts["rejected"],
        "hit_at_1_bundled": round(hit_at_1(vectors, products), 3),
        "hit_at_1_phash": round(hit_at_1(encode_files(HashEncoder(), files), products), 3),
        "hit_at_1_random_tower": round(hit_at_1(encode_files(random_tower, files), products), 3),
    }
    publish("photos", report)


if __name__ == "__main__":
    main()
