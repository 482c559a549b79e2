"""Shop photos: is the nearest other photo one of the same product?"""

from collections.abc import Callable, Sequence

from workers.trainer.evaluation.encoders import PhotoEncoder, encode_files
from workers.trainer.evaluation.metrics import hit_at_1
from workers.trainer.tower.photos import Photo


def measure_grocery(
    photos: Sequence[Photo],
    held_out: set[str],
    encoders: Sequence[PhotoEncoder],
    report: Callable[[str], None],
) -> dict[str, dict[str, float]]:
    """Measure hit@1 on all grocery photos, and among those that the tower has not seen.

    Args:
        photos: photos of the data folder; those without a product are passed over.
        held_out: keys of the photos that the tower has not seen.
        encoders: what is compared.
        report: receives progress lines.

    Returns:
        encoder name → `all_photos` (queries and gallery: all), `unseen_photos` (queries and gallery: unseen
        ones), `unseen_products` (the same, products none of whose photos were trained on).
    """
    grocery = [photo for photo in photos if photo.product is not None]
    products = [str(photo.product) for photo in grocery]
    trained = {photo.product for photo in grocery if photo.key not in held_out}
    unseen = [i for i, photo in enumerate(grocery) if photo.key in held_out]
    new = [i for i in unseen if grocery[i].product not in trained]
    figures: dict[str, dict[str, float]] = {}
    for encoder in encoders:
        vectors = encode_files(encoder, [photo.path for photo in grocery])
        figures[encoder.name] = {
            name: round(hit_at_1(vectors[rows], [products[i] for i in rows]), 4)
            for name, rows in (
                ("all_photos", list(range(len(grocery)))),
                ("unseen_photos", unseen),
                ("unseen_products", new),
            )
        }
        report(f"{encoder.name}: {figures[encoder.name]}")
    return figures
