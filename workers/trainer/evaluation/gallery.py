"""Which photos are searched and asked about."""

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image

from workers.trainer.tower.cache import squash
from workers.trainer.tower.near_duplicates import cluster
from workers.trainer.tower.photos import Photo


@dataclass(frozen=True)
class Gallery:
    """What is searched, and which of it is asked about.

    Attributes:
        photos: held-out photos first, then training photos as distractors.
        held_out: how many of them are held out.
        queries: positions of the photos that are edited and looked up; all held out.
    """

    photos: tuple[Photo, ...]
    held_out: int
    queries: tuple[int, ...]


def shuffled(photos: Sequence[Photo]) -> list[Photo]:
    """Order photos by a hash of their names: mixed, and the same everywhere."""
    return sorted(photos, key=lambda photo: hashlib.sha256(f"gallery {photo.key}".encode()).digest())


def near_duplicates(photos: Sequence[Photo]) -> list[int]:
    """Read the photos and give each the number of its near-duplicate cluster."""
    pixels = []
    for photo in photos:
        with Image.open(photo.path) as image:
            pixels.append(squash(image))
    return cluster(np.stack(pixels))


def one_per_cluster(photos: Sequence[Photo], clusters: Sequence[int], held_out: set[str]) -> list[Photo]:
    """Keep one photo of each cluster, so that a query has exactly one right answer.

    Args:
        photos: any photos.
        clusters: the number of each one's cluster.
        held_out: keys of the photos that the tower has not seen.

    Raises:
        ValueError: a cluster holds both held-out and training photos, so the tower has seen what it is
            asked about.
    """
    kept: dict[int, Photo] = {}
    for photo, number in zip(photos, clusters, strict=True):
        first = kept.setdefault(number, photo)
        if (first.key in held_out) != (photo.key in held_out):
            raise ValueError(f"{first.key} and {photo.key} are near-duplicates on both sides of the split")
    return list(kept.values())


def make_gallery(
    photos: Sequence[Photo],
    held_out: set[str],
    size: int,
    queries: int,
    reserved: Collection[str] = (),
) -> Gallery:
    """Take all held-out clothing photos and fill up with clothing photos that were trained on.

    Args:
        photos: photos of any collection; near-duplicates should have been taken out.
        held_out: keys of those that the tower has not seen.
        size: photos in the gallery, unless there are fewer, or more held-out ones.
        queries: held-out photos to ask about, unless there are fewer.
        reserved: keys of photos that stay out: a photo of the background would be its own neighbour there.
    """
    clothing = [photo for photo in photos if photo.collection == "clothing"]
    unseen = shuffled([photo for photo in clothing if photo.key in held_out])
    seen = shuffled([p for p in clothing if p.key not in held_out and p.key not in reserved])
    distractors = seen[: max(0, size - len(unseen))]
    asked = range(min(queries, len(unseen)))
    return Gallery((*unseen, *distractors), len(unseen), tuple(asked))
