"""Photos of the sample shop: the white backgrounds and packaging that the real photos lack."""

import json
from pathlib import Path
from typing import Final

from samples import generate
from workers.trainer.tower.photos import SAMPLES, Photo

SEED: Final = 7001
"""A shop of its own: no other command of this project draws samples from this seed."""


def invented_photos(folder: Path, listings: int) -> list[Photo]:
    """Render a sample catalog, or find it rendered, and list its photos with their products.

    Args:
        folder: where the photos lie; some 15 kB each.
        listings: size of the catalog; a few listings have no photo.
    """
    index = folder / f"samples-{listings}.json"
    images = folder / f"samples-{listings}"
    if not index.exists():
        images.mkdir(parents=True, exist_ok=True)
        rows = []
        for listing in generate(listings, SEED):
            if listing.image:
                (images / f"{listing.id}.jpg").write_bytes(listing.image)
                rows.append(
                    [f"{listing.id}.jpg", listing.product_id, listing.family_id or listing.product_id]
                )
        index.write_text(json.dumps(rows), encoding="utf-8")
    return [
        Photo(SAMPLES, name, images / name, product, family)
        for name, product, family in json.loads(index.read_text(encoding="utf-8"))
    ]
