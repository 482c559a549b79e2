"""Which photos the tower never sees: decided by hashes, so it is the same on every machine."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from workers.trainer.tower.near_duplicates import cluster
from workers.trainer.tower.photos import Photo

HELD_OUT = 0.1
"""Share of the photos without a product, of the products, and of the photos of the remaining products."""

SPLIT_SEED = 17
"""Seed of the shipped split; apart from the training seed, so that every run is judged on the same photos."""

FILE = "held_out.json"


@dataclass(frozen=True)
class Split:
    """Positions of the photos of either side, and everyone's near-duplicate cluster.

    Attributes:
        train: positions that may be trained on.
        held_out: positions kept for evaluation.
        clusters: per photo, the number of its cluster.
    """

    train: tuple[int, ...]
    held_out: tuple[int, ...]
    clusters: tuple[int, ...]


def draw(name: str, seed: int) -> float:
    """Give a number in [0, 1) that depends on the name and the seed alone."""
    digest = hashlib.sha256(f"{seed}:{name}".encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64


def held_out_products(photos: Sequence[Photo], seed: int, share: float = HELD_OUT) -> set[str]:
    """Choose the products (`Photo.product_key`), the share rounded, all of whose photos are held out."""
    products = {
        p.product_key: draw(f"product {p.product}", seed) for p in photos if p.product_key is not None
    }
    ranked = sorted(products, key=lambda key: (products[key], key))
    return set(ranked[: round(len(products) * share)])


def make_split(
    photos: Sequence[Photo], pixels: npt.NDArray[np.uint8], seed: int, share: float = HELD_OUT
) -> Split:
    """Split photos into training and held-out ones; a near-duplicate cluster is never divided.

    Args:
        photos: all photos.
        pixels: their pixels, uint8 (n, 3, side, side), in the same order.
        seed: another seed gives another split.
        share: see HELD_OUT; with 0 nothing is held out.
    """
    clusters = cluster(pixels)
    products = held_out_products(photos, seed, share)
    chosen = {
        group
        for photo, group in zip(photos, clusters, strict=True)
        if photo.product_key in products or draw(photos[group].key, seed) < share
    }
    held_out = tuple(i for i, group in enumerate(clusters) if group in chosen)
    train = tuple(i for i, group in enumerate(clusters) if group not in chosen)
    return Split(train, held_out, tuple(clusters))


def write_held_out(file: Path, photos: Sequence[Photo], split: Split) -> None:
    """Record the names of the held-out photos beside the weights, so that an evaluation can rely on them."""
    names = sorted(photos[i].key for i in split.held_out)
    file.write_text(json.dumps({"photos": names}, indent=1) + "\n", encoding="utf-8")


def read_held_out(file: Path) -> set[str]:
    """Read the keys (``collection/name``) of the photos that these weights have not seen."""
    return set(json.loads(file.read_text(encoding="utf-8"))["photos"])
