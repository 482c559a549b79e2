"""What image and text together, and a head, are worth: grocery photos, half of the products held out.

Run it alone with ``python -m workers.trainer.matching.grocery``. The title is only the category, and the
bundled image tower was trained on photos of most of these products: only eight are new to it.
"""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from workers.encoder.head import Head
from workers.index.arrays import Keys, Vectors
from workers.trainer.head.losses import LOSSES, Loss
from workers.trainer.head.training import train_head
from workers.trainer.matching.dense import best_cut, blended, hit_at_1, row_f1, similarities_of
from workers.trainer.matching.grocery_data import Photos, held_out_rows, read_photos
from workers.trainer.tower.photos import default_data

SEEDS: Final = (0, 1, 2, 3, 4)
FEW: Final = 3
_DRAWS: Final = 5
_NEIGHBOURS: Final = 5
_SHIPPED: Final[Loss] = "infonce"


def run(data: Path, work: Path) -> dict[str, float]:
    """Return the means over five splits; `data` holds `grocery_photos`, `work` keeps embeddings.

    `grocery_hit1_…` and `grocery_row_f1_…` of: image, text, union (both, fused as the service does); with a
    head, image_head and head (union with it), `_triplet` for the other loss; `_inb` with neighbours blended.
    `grocery_few_…`: three photos of each product, drawn five times, as groups in catalogs are small.
    `grocery_new_…`: asked about the eight products that the tower never saw.
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
    held = held_out_rows(photos, seed)
    known = np.random.default_rng(seed).permutation(np.unique(photos.products[~held]))
    one, two = (np.flatnonzero(np.isin(photos.products, part)) for part in np.array_split(known, 2))
    parts = [one, two, np.flatnonzero(held)]
    groups = [photos.products[part] for part in parts]
    new = np.isin(groups[-1], photos.never_seen())
    figures: dict[str, float] = {}
    for name, galleries in _cases(photos, parts, seed):
        cut = _judge(figures, name, galleries, groups, new, seed)
        if name in ("union", "head"):
            blend = partial(blended, cut=cut, neighbours=_NEIGHBOURS)
            _judge(figures, f"{name}_inb", galleries, groups, new, seed, blend)
    return figures


def _cases(photos: Photos, parts: list[Keys], seed: int) -> Iterator[tuple[str, list[Vectors]]]:
    """Yield the vectors of both halves of the training products and of the held-out ones, for each case."""
    images, texts = [photos.image[part] for part in parts], [photos.text[part] for part in parts]
    yield "image", images
    yield "text", texts
    yield "union", _fused(images, texts)
    one, two, _ = parts
    for loss in LOSSES:
        # Each is applied to products that it was not trained on, so that cuts are as honest as figures.
        learned = (two, one, np.concatenate([one, two]))
        heads = [_head(photos, rows, loss, seed) for rows in learned]
        projected = [head.apply(image) for head, image in zip(heads, images, strict=True)]
        suffix = "" if loss == _SHIPPED else f"_{loss}"
        yield f"image_head{suffix}", projected
        yield f"head{suffix}", _fused(projected, texts)


def _head(photos: Photos, rows: Keys, loss: Loss, seed: int) -> Head:
    labels = [str(product) for product in photos.products[rows]]
    return train_head(photos.image[rows], labels, loss=loss, seed=seed).head


def _fused(images: list[Vectors], texts: list[Vectors]) -> list[Vectors]:
    """Return vectors whose cosine is the mean of both cosines: the fused similarity of the service."""
    return [
        (np.hstack([image, text]) / np.sqrt(2)).astype(np.float32)
        for image, text in zip(images, texts, strict=True)
    ]


def _judge(
    figures: dict[str, float],
    name: str,
    galleries: list[Vectors],
    groups: list[Keys],
    new: NDArray[np.bool_],
    seed: int,
    blend: Callable[[Vectors], Vectors] = np.asarray,
) -> float:
    """Add the figures of a case; return the cut, chosen on all galleries but the last."""
    scores = [similarities_of(blend(gallery)) for gallery in galleries]
    cut = best_cut(list(zip(scores[:-1], groups[:-1], strict=True)))
    found, true = scores[-1], groups[-1]
    figures[f"hit1_{name}"] = hit_at_1(found, true)
    figures[f"row_f1_{name}"] = row_f1(found, true, cut)
    figures[f"new_hit1_{name}"] = hit_at_1(found, true, new)
    few = [draw_few(true, np.random.default_rng((seed, draw))) for draw in range(_DRAWS)]
    smaller = [(similarities_of(blend(galleries[-1][rows])), true[rows]) for rows in few]
    figures[f"few_hit1_{name}"] = float(np.mean([hit_at_1(*gallery) for gallery in smaller]))
    figures[f"few_row_f1_{name}"] = float(np.mean([row_f1(*gallery, cut) for gallery in smaller]))
    return cut


def draw_few(groups: Keys, draw: np.random.Generator) -> Keys:
    """Return FEW rows of each group (n,), in random order."""
    order = draw.permutation(len(groups))
    return np.concatenate([order[groups[order] == group][:FEW] for group in np.unique(groups)])


def main() -> None:
    """Print a line for each figure: mean and spread over the splits."""
    for name, values in measure(default_data(), Path(".run/eval")).items():
        print(f"{name:40} {np.mean(values):.4f}  ± {np.std(values, ddof=1):.4f}")  # noqa: T201


if __name__ == "__main__":
    main()
