"""Edited held-out photos, looked up among untouched ones."""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from workers.trainer.evaluation.edits import COLLAGE, EDITS, apply_edit
from workers.trainer.evaluation.encoders import PhotoEncoder, Vectors, encode_files
from workers.trainer.evaluation.metrics import ranks, recall_at, recall_at_false_positives
from workers.trainer.tower.photos import Photo

FALSE_POSITIVE_RATE = 0.01


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


def make_gallery(photos: Sequence[Photo], held_out: set[str], size: int, queries: int) -> Gallery:
    """Take all held-out photos and fill up with training photos.

    Args:
        photos: all photos of the data folder.
        held_out: keys of those that the tower has not seen.
        size: photos in the gallery, unless there are fewer, or more held-out ones.
        queries: held-out photos to ask about, unless there are fewer.
    """
    unseen = shuffled([photo for photo in photos if photo.key in held_out])
    seen = shuffled([photo for photo in photos if photo.key not in held_out])
    distractors = seen[: max(0, size - len(unseen))]
    asked = range(min(queries, len(unseen)))
    return Gallery((*unseen, *distractors), len(unseen), tuple(asked))


def edited_photos(gallery: Gallery, edit: str) -> Iterator[Image.Image]:
    """Edit the photos asked about, one by one; their neighbours in the gallery serve as the other photos."""
    for position in gallery.queries:
        files = [gallery.photos[(position + k) % len(gallery.photos)].path for k in range(4)]
        photo, *others = [_open(file) for file in files]
        yield apply_edit(edit, photo, others, gallery.photos[position].key)


def _open(file: Path) -> Image.Image:
    """Read a photo as RGB."""
    with Image.open(file) as photo:
        return photo.convert("RGB")


def measure_edits(
    gallery: Gallery, encoders: Sequence[PhotoEncoder], report: Callable[[str], None]
) -> dict[str, dict[str, dict[str, float]]]:
    """Look up every edit of every photo asked about.

    Args:
        gallery: see `make_gallery`.
        encoders: what is compared, all on the same edited photos.
        report: receives progress lines.

    Returns:
        encoder name → edit name, or `overall` (all edits but collages) → `r1`, `r5`, `recall_at_1pct_fp`.
    """
    targets = np.array(gallery.queries)
    files = [photo.path for photo in gallery.photos]
    known = {encoder.name: encode_files(encoder, files) for encoder in encoders}
    figures: dict[str, dict[str, dict[str, float]]] = {encoder.name: {} for encoder in encoders}
    pooled: dict[str, list[Vectors]] = {encoder.name: [] for encoder in encoders}
    for edit in EDITS:
        pictures = list(edited_photos(gallery, edit))
        for encoder in encoders:
            scores = encoder.encode(pictures) @ known[encoder.name].T
            figures[encoder.name][edit] = _figures(scores, targets)
            if edit != COLLAGE:
                pooled[encoder.name].append(scores)
        report(
            f"{edit}: " + ", ".join(f"{name} R@1 {rows[edit]['r1']:.3f}" for name, rows in figures.items())
        )
    for name, parts in pooled.items():
        figures[name]["overall"] = _figures(np.concatenate(parts), np.tile(targets, len(parts)))
    return figures


def _figures(scores: Vectors, targets: npt.NDArray[np.int64]) -> dict[str, float]:
    """Compute the figures of one table row."""
    ranked = ranks(scores, targets)
    return {
        "r1": round(recall_at(ranked, 1), 4),
        "r5": round(recall_at(ranked, 5), 4),
        "recall_at_1pct_fp": round(recall_at_false_positives(scores, targets, FALSE_POSITIVE_RATE), 4),
    }
