"""What image and text together, and a head, are worth: grocery photos, half of the products held out.

Run it alone with ``python -m workers.trainer.matching.grocery``. The title is only the category, and the
bundled image tower was trained on photos of most of these products: only eight are new to it.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Final

import numpy as np

from workers.encoder.head import Head
from workers.index.arrays import Keys, Vectors
from workers.trainer.head.losses import LOSSES, Loss
from workers.trainer.head.training import train_head
from workers.trainer.matching.dense import best_cut, blended, hit_at_1, row_f1, similarities_of
from workers.trainer.matching.grocery_data import Photos, held_out_rows, known_halves, read_photos
from workers.trainer.tower.photos import default_data

SEEDS: Final = (0, 1, 2, 3, 4)
FEW: Final = 3
_DRAWS: Final = 20
_NEIGHBOURS: Final = 5
_SHIPPED: Final[Loss] = "infonce"

Draws = list[Keys]


def run(data: Path, work: Path) -> dict[str, float]:
    """Return the means over five splits; `data` holds `grocery_photos`, `work` keeps embeddings.

    Galleries hold three photos of each product, as groups in catalogs are small, and are drawn twenty times.
    `grocery_hit1_…` and `grocery_row_f1_…` of: image, text, union (both, fused as the service does); with a
    head, image_head and head (union with it), `_triplet` for the other loss; `_inb` with neighbours blended.
    `grocery_new_hit1_…`: asked about the eight products that the tower never saw.
    `grocery_full_…`: the same where the gallery holds every photo, 33 of a product on average.
    """
    return {name: round(float(np.mean(values)), 4) for name, values in measure(data, work).items()}


def measure(data: Path, work: Path) -> dict[str, list[float]]:
    """Return every figure of every split."""
    photos = read_photos(data, work)
    figures: dict[str, list[float]] = {}
    for seed in SEEDS:
        for name, value in _split(photos, seed).items():
            figures.setdefault(f"grocery_{name}", []).append(value)
    return figures


def _split(photos: Photos, seed: int) -> dict[str, float]:
    parts = [*known_halves(photos, seed), np.flatnonzero(held_out_rows(photos, seed))]
    groups = [photos.products[part] for part in parts]
    sizes = {
        "": [draws_of(part, seed) for part in groups],
        "full_": [[np.arange(len(part))] for part in groups],
    }
    never = photos.never_seen()
    figures: dict[str, float] = {}
    for name, galleries in _cases(photos, parts, seed):
        for size, draws in sizes.items():
            measured, cut = _judge(galleries, groups, draws, never)
            figures |= {f"{size}{figure}_{name}": value for figure, value in measured.items()}
            if name in ("union", "head"):
                blend = partial(blended, cut=cut, neighbours=_NEIGHBOURS)
                measured, _ = _judge(galleries, groups, draws, never, blend)
                figures |= {f"{size}{figure}_{name}_inb": value for figure, value in measured.items()}
    return figures


def draws_of(groups: Keys, seed: int) -> Draws:
    """Return the rows of several galleries with few rows of each group (n,)."""
    return [draw_few(groups, np.random.default_rng((seed, draw))) for draw in range(_DRAWS)]


def _cases(photos: Photos, parts: list[Keys], seed: int) -> Iterator[tuple[str, list[Vectors]]]:
    """Yield the vectors of both halves of the training products and of the held-out ones, for each case."""
    images, texts = [photos.image[part] for part in parts], [photos.text[part] for part in parts]
    yield "image", images
    yield "text", texts
    yield "union", fused(images, texts)
    one, two, _ = parts
    for loss in LOSSES:
        # Each is applied to products that it was not trained on, so that cuts are as honest as figures.
        learned = (two, one, np.concatenate([one, two]))
        heads = [_head(photos, rows, loss, seed) for rows in learned]
        projected = [head.apply(image) for head, image in zip(heads, images, strict=True)]
        suffix = "" if loss == _SHIPPED else f"_{loss}"
        yield f"image_head{suffix}", projected
        yield f"head{suffix}", fused(projected, texts)


def _head(photos: Photos, rows: Keys, loss: Loss, seed: int) -> Head:
    labels = [str(product) for product in photos.products[rows]]
    return train_head(photos.image[rows], labels, loss=loss, seed=seed).head


def fused(images: list[Vectors], texts: list[Vectors]) -> list[Vectors]:
    """Return vectors whose cosine is the mean of both cosines: the fused similarity of the service."""
    return [
        (np.hstack([image, text]) / np.sqrt(2)).astype(np.float32)
        for image, text in zip(images, texts, strict=True)
    ]


def _judge(
    galleries: Sequence[Vectors],
    groups: Sequence[Keys],
    draws: Sequence[Draws],
    never: Keys,
    blend: Callable[[Vectors], Vectors] = np.asarray,
) -> tuple[dict[str, float], float]:
    """Return the means over the draws of the last gallery, and the cut, chosen on draws of the others."""
    *known, held = [
        [(similarities_of(blend(vectors[rows])), true[rows]) for rows in drawn]
        for vectors, true, drawn in zip(galleries, groups, draws, strict=True)
    ]
    cut = best_cut([gallery for part in known for gallery in part])
    measured = {
        "hit1": [hit_at_1(*gallery) for gallery in held],
        "row_f1": [row_f1(*gallery, cut) for gallery in held],
        "new_hit1": [hit_at_1(scores, true, np.isin(true, never)) for scores, true in held],
    }
    return {figure: float(np.mean(values)) for figure, values in measured.items()}, cut


def draw_few(groups: Keys, draw: np.random.Generator) -> Keys:
    """Return FEW rows of each group (n,), in random order."""
    order = draw.permutation(len(groups))
    return np.concatenate([order[groups[order] == group][:FEW] for group in np.unique(groups)])


def main() -> None:
    """Print a line for each figure: mean and spread; then what the head adds in each split."""
    figures = measure(default_data(), Path(".run/eval"))
    for name, values in figures.items():
        print(f"{name:40} {np.mean(values):.4f}  ± {np.std(values, ddof=1):.4f}")  # noqa: T201
    for figure in ("hit1", "row_f1"):
        gains = np.subtract(figures[f"grocery_{figure}_head"], figures[f"grocery_{figure}_union"])
        print(f"{figure}, head above union: {' '.join(f'{gain:+.4f}' for gain in gains)}")  # noqa: T201


if __name__ == "__main__":
    main()
