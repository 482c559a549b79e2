"""The grocery photos as a catalog with weak titles, split by product."""

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from shared.messages import Listing
from shared.profile import load_profile
from shared.settings import EncoderSettings
from workers.encoder.models import build_encoders
from workers.index.arrays import Keys, Modality, Vectors
from workers.trainer.embedding import Embeddings, embed
from workers.trainer.tower.split import FILE, read_held_out

FOLDER: Final = "grocery_photos"
_IMAGES: Final = "images"
_COLLECTION: Final = "grocery"


@dataclass(frozen=True, slots=True)
class Photos:
    """The photos in the order of their table.

    Attributes:
        image: float32 (n, dim), unit length.
        text: float32 (n, dim), of the title, which is only the category.
        products: int64 (n,).
        strange: bool (n,), whether the image tower was trained without the photo.
    """

    image: Vectors
    text: Vectors
    products: Keys
    strange: NDArray[np.bool_]

    def never_seen(self) -> Keys:
        """Return the products no photo of which the tower was trained on."""
        return np.setdiff1d(self.products, self.products[~self.strange])


def read_photos(data: Path, cache: Path) -> Photos:
    """Encode the photos and their titles with the bundled profile; a minute, the next time seconds.

    Raises:
        ArtifactError: the profile cannot be had.
        OSError: the photos cannot be read.
    """
    root = data / FOLDER
    with (root / "photos.csv").open(encoding="utf-8", newline="") as table:
        rows = list(csv.DictReader(table))
    listings = [
        Listing(id=row["image"], title=row["category"], image=f"{_IMAGES}/{row['image']}") for row in rows
    ]
    settings = EncoderSettings()
    profile, folder = load_profile("bundled", settings.artifacts_dir)
    embeddings = embed(listings, root, build_encoders(profile, folder, settings), cache)
    unseen = read_held_out(folder / "image" / FILE)
    return Photos(
        image=_matrix(embeddings, listings, "image"),
        text=_matrix(embeddings, listings, "text"),
        products=np.array([int(row["product_id"]) for row in rows], np.int64),
        strange=np.array([f"{_COLLECTION}/{row['image']}" in unseen for row in rows]),
    )


def held_out_rows(photos: Photos, seed: int) -> NDArray[np.bool_]:
    """Choose half of the products, bool (n,): first those that the tower never saw, the others by seed."""
    products, never = np.unique(photos.products), photos.never_seen()
    others = np.random.default_rng(seed).permutation(np.setdiff1d(products, never))
    chosen = np.concatenate([never, others])[: len(products) // 2]
    held: NDArray[np.bool_] = np.isin(photos.products, chosen)
    return held


def known_halves(photos: Photos, seed: int) -> tuple[Keys, Keys]:
    """Part the products that `held_out_rows` leaves for training; return the rows of either part."""
    known = np.unique(photos.products[~held_out_rows(photos, seed)])
    one, two = np.array_split(np.random.default_rng(seed).permutation(known), 2)
    return np.flatnonzero(np.isin(photos.products, one)), np.flatnonzero(np.isin(photos.products, two))


def _matrix(embeddings: Embeddings, listings: list[Listing], modality: Modality) -> Vectors:
    held = embeddings.vectors[modality]
    rows = np.stack([np.frombuffer(held[listing.id], "<f2").astype(np.float32) for listing in listings])
    unit: Vectors = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return unit
