"""A first measurement of a fresh tower, on photos of its own collections that it has not seen."""

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from PIL import Image

from workers.trainer.evaluation.edit_run import answer, encode_edits, measure
from workers.trainer.evaluation.encoders import TowerEncoder, encode_all
from workers.trainer.evaluation.gallery import Gallery, shuffled
from workers.trainer.tower.dataset import Corpus
from workers.trainer.tower.photos import Photo

GALLERY: Final = 1000
"""Held-out photos searched at most."""

SMALLEST: Final = 64
"""Shorter side in pixels from which a photo takes part; smaller ones leave no room for some edits."""


def measure_held_out(
    tower: Path, corpus: Corpus, queries: int, report: Callable[[str], None]
) -> dict[str, Any] | None:
    """Edit held-out photos as re-sellers do, and look each one up among the held-out photos.

    Args:
        tower: its open_clip folder.
        corpus: the photos; of near-duplicates one takes part, so that a query has one right answer.
        queries: photos to edit.
        report: receives progress lines.

    Returns:
        What was measured (`about`) and edit name, or `overall` → figures (`edits`), as the evaluation reports
        them; None where there is nothing to measure on, or nothing is asked for.
    """
    split = corpus.split
    distinct = {split.clusters[position]: corpus.photos[position] for position in reversed(split.held_out)}
    photos = tuple(shuffled([photo for photo in distinct.values() if _has_room(photo)])[:GALLERY])
    asked = tuple(range(min(queries, len(photos))))
    if len(asked) < 2:
        return None
    encoder = TowerEncoder(tower)
    gallery = Gallery(photos, len(photos), asked)
    known = encode_all([encoder], [photo.path for photo in photos], report)[encoder.name]
    edited = encode_edits(gallery, [encoder], report)[encoder.name]
    rows = measure(answer(edited, known, asked))
    return {
        "about": (
            f"{len(asked)} held-out photos of its own collections, edited in every way and looked up among "
            f"{len(photos)} held-out photos, one of each near-duplicate cluster"
        ),
        "edits": {edit: asdict(row) for edit, row in rows.items()},
    }


def _has_room(photo: Photo) -> bool:
    """Say whether a photo is large enough to be edited in every way."""
    with Image.open(photo.path) as image:
        return min(image.size) >= SMALLEST
