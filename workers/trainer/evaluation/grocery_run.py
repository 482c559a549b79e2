"""Shop photos: is the nearest other photo one of the same product?"""

from collections.abc import Sequence

import numpy as np

from workers.trainer.evaluation.encoders import Vectors
from workers.trainer.evaluation.metrics import hit_at_1_of_scores
from workers.trainer.tower.photos import Photo


def unseen_products(photos: Sequence[Photo], held_out: set[str]) -> set[str]:
    """List the products none of whose photos were trained on."""
    trained = {photo.product for photo in photos if photo.key not in held_out}
    return {photo.product for photo in photos if photo.product is not None} - trained


def take_grocery(photos: Sequence[Photo], held_out: set[str], size: int) -> list[Photo]:
    """List grocery photos: those of the unseen products first, then others up to `size`; 0: all."""
    grocery = [photo for photo in photos if photo.collection == "grocery"]
    new = unseen_products(grocery, held_out)
    ordered = sorted(grocery, key=lambda photo: photo.product not in new)
    return ordered[: size or len(ordered)]


def measure_grocery(photos: Sequence[Photo], held_out: set[str], scores: Vectors) -> dict[str, float]:
    """Measure hit@1 for one encoder.

    Args:
        photos: grocery photos.
        held_out: keys of the photos that the tower has not seen.
        scores: (n, n), how near they are to each other, in the same order.

    Returns:
        `heldout_hit1` (queries: products none of whose photos were trained on; gallery: all photos),
        `all_photos` (queries and gallery: all), `unseen_photos` (queries and gallery: unseen ones),
        `unseen_products` (queries and gallery: those of the first figure).
    """
    products = [str(photo.product) for photo in photos]
    unseen = [i for i, photo in enumerate(photos) if photo.key in held_out]
    names = unseen_products(photos, held_out)
    new = [i for i, photo in enumerate(photos) if photo.product in names]
    figures = {"heldout_hit1": hit_at_1_of_scores(scores, products, new)}
    for name, rows in (
        ("all_photos", list(range(len(photos)))),
        ("unseen_photos", unseen),
        ("unseen_products", new),
    ):
        figures[name] = hit_at_1_of_scores(scores[np.ix_(rows, rows)], [products[i] for i in rows])
    return {name: round(value, 4) for name, value in figures.items()}
