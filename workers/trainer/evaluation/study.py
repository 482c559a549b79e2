"""All photos of one evaluation, each encoded once, whatever it serves."""

from collections.abc import Sequence
from dataclasses import dataclass

from workers.index.background import NEAR, WEIGHT
from workers.trainer.evaluation.encoders import Vectors
from workers.trainer.evaluation.gallery import (
    Gallery,
    make_gallery,
    near_duplicates,
    one_per_cluster,
)
from workers.trainer.evaluation.grocery_run import take_grocery
from workers.trainer.tower.photos import Photo


@dataclass(frozen=True)
class Sizes:
    """How many photos are used.

    Attributes:
        gallery: clothing photos searched.
        queries: held-out clothing photos edited and looked up.
        grocery: grocery photos; 0: all.
    """

    gallery: int
    queries: int
    grocery: int


@dataclass(frozen=True)
class Study:
    """Photos by purpose.

    Attributes:
        held_out: keys of the photos that the tower has not seen.
        gallery: clothing photos searched, with the queries.
        grocery: grocery photos.
    """

    held_out: set[str]
    gallery: Gallery
    grocery: tuple[Photo, ...]

    @property
    def photos(self) -> list[Photo]:
        """Every photo once."""
        every = (*self.gallery.photos, *self.grocery)
        return list({photo.key: photo for photo in every}.values())

    def pick(self, vectors: Vectors, photos: Sequence[Photo]) -> Vectors:
        """Give the rows of some photos, where `vectors` has a row for each of `self.photos`."""
        places = {photo.key: row for row, photo in enumerate(self.photos)}
        return vectors[[places[photo.key] for photo in photos]]

    def describe(self) -> dict[str, str]:
        """Say what was measured."""
        trained = len(self.gallery.photos) - self.gallery.held_out
        searched = (
            f"{len(self.gallery.photos)} clothing photos ({self.gallery.held_out} held out, {trained} not)"
        )
        return {
            "edits": (
                f"{len(self.gallery.queries)} held-out clothing photos, edited in every way and looked up "
                f"among {searched}, one of each near-duplicate cluster; every query also as a stranger, "
                "with its photo taken out"
            ),
            "overall": "every edit but collage",
            "thresholds": (
                "one for all edits, chosen on one half of the photos and applied to the other, and the "
                "reverse; decision_f1: the best for F1; recall_fpr1: 1 % of the strangers accepted"
            ),
            "normalised": (
                f"scores of the tower are as in service: {WEIGHT} of the mean similarity to the {NEAR} "
                "nearest photos of its background taken off, for either side; no photo of the background is "
                "in the gallery; `tower, plain` without; the grid was measured on the queries themselves"
            ),
            "grocery": (
                "share of grocery photos whose nearest other photo shows the same product; heldout_hit1: "
                f"photos of products none of whose photos was trained on, among all {len(self.grocery)}"
            ),
            "speed": "one thread, float32; median of interleaved batches of 32; memory of a fresh process",
        }


def plan_study(photos: Sequence[Photo], held_out: set[str], background: set[str], sizes: Sizes) -> Study:
    """Choose the photos; the same ones everywhere.

    Args:
        photos: all photos.
        held_out: keys of those that the tower has not seen.
        background: keys of those that its scores are normalised with.
        sizes: how many to take.

    Raises:
        ValueError: see `one_per_cluster`.
    """
    clothing = [photo for photo in photos if photo.collection == "clothing"]
    grocery = [photo for photo in photos if photo.collection == "grocery"]
    distinct = one_per_cluster(clothing, near_duplicates(clothing), held_out)
    gallery = make_gallery(distinct, held_out, sizes.gallery, sizes.queries, background)
    return Study(held_out, gallery, tuple(take_grocery(grocery, held_out, sizes.grocery)))
