"""How a head is trained, chosen on training products: ``python -m workers.trainer.matching.grocery_choice``.

Of the splits that `grocery` measures, the held-out products are left aside. The others are halved; a head
trained on one half is judged on the other, fused with the titles, in galleries of few photos per product.
"""

from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Final

import numpy as np

from workers.encoder.head import Head
from workers.index.arrays import Keys
from workers.trainer.head.training import train_head
from workers.trainer.matching.dense import best_cut, hit_at_1, row_f1, similarities_of
from workers.trainer.matching.grocery import SEEDS, draws_of, fused
from workers.trainer.matching.grocery_data import Photos, known_halves, read_photos
from workers.trainer.tower.photos import default_data

RATES: Final = (1e-4, 3e-4, 6e-4, 1e-3)
PER_GROUP: Final = (3, 6)
SHARES: Final = (0.5, 1.0)
"""How much of what was learnt is added to the identity."""


def choices(photos: Photos) -> Iterator[tuple[str, float, float]]:
    """Yield name, hit@1 and row F1 with the best cut, means over the splits, of no head and each choice."""
    halves = [known_halves(photos, seed) for seed in SEEDS]
    identity = Head(np.eye(photos.image.shape[1], dtype=np.float32))
    yield "no head", *_judged(photos, halves, [(identity, identity)] * len(SEEDS))
    for rate, per_group in product(RATES, PER_GROUP):
        heads = [
            tuple(_trained(photos, rows, seed, rate, per_group) for rows in reversed(pair))
            for seed, pair in zip(SEEDS, halves, strict=True)
        ]
        for share in SHARES:
            mixed = [tuple(_mixed(head, share) for head in pair) for pair in heads]
            name = f"rate {rate:g}, {per_group} rows of a group, share {share:g}"
            yield name, *_judged(photos, halves, mixed)


def _trained(photos: Photos, rows: Keys, seed: int, rate: float, per_group: int) -> Head:
    labels = [str(product) for product in photos.products[rows]]
    return train_head(photos.image[rows], labels, seed=seed, rate=rate, per_group=per_group).head


def _mixed(head: Head, share: float) -> Head:
    identity = np.eye(head.dim, dtype=np.float32)
    return Head((identity + share * (head.projection - identity)).astype(np.float32))


def _judged(
    photos: Photos, halves: list[tuple[Keys, Keys]], heads: list[tuple[Head, ...]]
) -> tuple[float, float]:
    hits, rows_f1 = [], []
    for seed, pair, applied in zip(SEEDS, halves, heads, strict=True):
        galleries = []
        for rows, head in zip(pair, applied, strict=True):
            groups = photos.products[rows]
            (vectors,) = fused([head.apply(photos.image[rows])], [photos.text[rows]])
            galleries += [(similarities_of(vectors[few]), groups[few]) for few in draws_of(groups, seed)]
        cut = best_cut(galleries)
        hits += [hit_at_1(*gallery) for gallery in galleries]
        rows_f1 += [row_f1(*gallery, cut) for gallery in galleries]
    return float(np.mean(hits)), float(np.mean(rows_f1))


def main() -> None:
    """Print a line for each choice."""
    for name, hit, row in choices(read_photos(default_data(), Path(".run/eval"))):
        print(f"{name:45} hit@1 {hit:.4f}  row F1 {row:.4f}", flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
