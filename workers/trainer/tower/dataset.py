"""What a run trains on, put together from the photos that were listed."""

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import torch

from workers.trainer.tower.cache import Decoded, load_pixels
from workers.trainer.tower.errors import Refused
from workers.trainer.tower.photos import SAMPLES, Photo, product_numbers
from workers.trainer.tower.split import SPLIT_SEED, Split, make_split
from workers.trainer.tower.training_set import TrainingSet

NAMED: Final = 10
"""Unreadable photos that are named in the log; the rest is counted."""


@dataclass(frozen=True)
class Corpus:
    """All photos of a run.

    Attributes:
        decoded: those that can be read; sample photos last.
        split: which of them are held out; sample photos are in neither part.
        training: the photos trained on: those of the split, then the sample photos.
        digest: sha256 of all that the photos decide: pixels, names, products, split.
    """

    decoded: Decoded
    split: Split
    training: TrainingSet
    digest: str

    @property
    def photos(self) -> tuple[Photo, ...]:
        """The photos that can be read."""
        return self.decoded.photos

    @property
    def held_out(self) -> list[Photo]:
        """Those that are kept for evaluation."""
        return [self.photos[i] for i in self.split.held_out]


def gather(
    listed: Sequence[Photo], cache: Path, share: float, threads: int, report: Callable[[str], None]
) -> Corpus:
    """Decode the photos and split them.

    Args:
        listed: photos of folders and catalogs, then sample photos.
        cache: folder of the decoded photos.
        share: share of the photos and products to hold out; no sample photo is.
        threads: photos decoded at a time.
        report: receives progress lines.

    Raises:
        Refused: no photo can be read.
    """
    decoded = load_pixels(listed, cache, report, threads)
    report_unreadable(decoded, len(listed), report)
    photos = decoded.photos
    real = sum(photo.collection != SAMPLES for photo in photos)
    split = make_split(photos[:real], decoded.pixels[:real], SPLIT_SEED, share)
    rows = [*split.train, *range(real, len(photos))]
    products = torch.tensor(product_numbers([photos[i] for i in rows]), dtype=torch.int64)
    training = TrainingSet(decoded.pixels, np.array(rows), group_numbers(photos, split, rows), products)
    names = json.dumps([[photo.key, photo.product, photo.family] for photo in photos])
    digest = hashlib.sha256(f"{decoded.digest} {names} {split.held_out}".encode())
    return Corpus(decoded, split, training, digest.hexdigest())


def group_numbers(photos: Sequence[Photo], split: Split, rows: Sequence[int]) -> torch.Tensor:
    """Give photos that are no negatives of each other the same number, int64 (len(rows),).

    They are of one family where families are known, else of one product, else nearly the same picture.
    """
    numbers: dict[tuple[str, str | int | None], int] = {}
    groups = []
    for row in rows:
        photo = photos[row]
        if photo.family is not None:
            name: tuple[str, str | int | None] = ("family", f"{photo.collection}/{photo.family}")
        elif photo.product is not None:
            name = ("product", photo.product_key)
        else:
            name = ("cluster", split.clusters[row])
        groups.append(numbers.setdefault(name, len(numbers)))
    return torch.tensor(groups, dtype=torch.int64)


def report_unreadable(decoded: Decoded, listed: int, report: Callable[[str], None]) -> None:
    """Say which photos were left out, and why."""
    if decoded.unreadable:
        report(f"left out {len(decoded.unreadable)} of {listed} photos, as they cannot be read:")
    for key, reason in list(decoded.unreadable.items())[:NAMED]:
        report(f"  {key}: {reason}")


def require_enough(corpus: Corpus, photos_per_step: int) -> None:
    """Make sure that a batch never needs a photo twice.

    Raises:
        Refused: there are fewer photos to train on than a step sees.
    """
    there = len(corpus.training.rows)
    if there < photos_per_step:
        raise Refused(
            f"{there} photos to train on ({len(corpus.split.held_out)} more are held out), but a step needs "
            f"{photos_per_step}: give more photos, or a smaller --photos-per-step"
        )
