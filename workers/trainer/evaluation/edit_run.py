"""Edited held-out photos, looked up among untouched ones."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image

from workers.trainer.evaluation.edits import COLLAGE, EDITS, apply_edit
from workers.trainer.evaluation.encoders import PhotoEncoder, Vectors, open_photo
from workers.trainer.evaluation.gallery import Gallery
from workers.trainer.evaluation.metrics import (
    Answers,
    Floats,
    best_threshold,
    decide,
    decision_f1,
    fold_thresholds,
    look_up,
    strict_threshold,
)

SINGLES = [column for column, edit in enumerate(EDITS) if edit != COLLAGE]
"""Columns of the edits that count in the overall figures: one vector cannot stand for a collage's photos."""


def open_query(gallery: Gallery, position: int) -> tuple[Image.Image, list[Image.Image]]:
    """Read a photo of the gallery, and its three neighbours there, which serve edits as other photos."""
    files = [gallery.photos[(position + k) % len(gallery.photos)].path for k in range(4)]
    photo, *others = [open_photo(file) for file in files]
    return photo, others


def edited_photos(gallery: Gallery, edit: str) -> Iterator[Image.Image]:
    """Edit the photos asked about, one by one."""
    for position in gallery.queries:
        photo, others = open_query(gallery, position)
        yield apply_edit(edit, photo, others, gallery.photos[position].key)


def encode_edits(
    gallery: Gallery, encoders: Sequence[PhotoEncoder], report: Callable[[str], None]
) -> dict[str, Vectors]:
    """Make every edit of every photo asked about once, and encode it with every encoder.

    Returns:
        encoder name → float32 (queries, edits, d).
    """
    parts: dict[str, list[Vectors]] = {encoder.name: [] for encoder in encoders}
    for done, position in enumerate(gallery.queries, start=1):
        photo, others = open_query(gallery, position)
        edited = [apply_edit(edit, photo, others, gallery.photos[position].key) for edit in EDITS]
        for encoder in encoders:
            parts[encoder.name].append(encoder.encode(edited))
        if done % 10 == 0:
            report(f"edited and encoded {done} of {len(gallery.queries)} photos, {len(EDITS)} ways each")
    return {name: np.stack(rows) for name, rows in parts.items()}


Adjust = Callable[[int, Vectors], Vectors]
"""Takes a query's number and its scores, (edits, gallery), and gives scores of the same shape."""


def answer(
    edited: Vectors,
    known: Vectors,
    queries: Sequence[int],
    adjust: Adjust = lambda _query, scores: scores,
) -> Answers:
    """Look all edited photos up.

    Args:
        edited: (queries, edits, d).
        known: (gallery, d).
        queries: the position of each query's photo in the gallery.
        adjust: changes the scores before they are looked at.

    Returns:
        Arrays of shape (queries, edits).
    """
    parts = []
    for number, (rows, position) in enumerate(zip(edited, queries, strict=True)):
        scores = adjust(number, rows @ known.T)
        parts.append(look_up(scores, np.full(len(rows), position)))
    return Answers(
        np.stack([part.own for part in parts]),
        np.stack([part.other for part in parts]),
        np.stack([part.before for part in parts]),
        np.stack([part.first for part in parts]),
    )


@dataclass(frozen=True)
class Row:
    """The figures of one edit, or of all but collages (`overall`).

    Attributes:
        r1: share of queries whose own photo comes first.
        r5: share of those whose own photo is among the first five.
        decision_f1: F1 of accepting the first photo or not, strangers included.
        recall_fpr1: share of own photos that are first and accepted where 1 % of strangers were.
        fpr: share of strangers accepted there; not quite 1 %, as the threshold comes from other photos.
        recall_roc: the same recall where 1 % of these very strangers are accepted: a point of the ROC curve.
    """

    r1: float
    r5: float
    decision_f1: float
    recall_fpr1: float
    fpr: float
    recall_roc: float


def measure(answers: Answers) -> dict[str, Row]:
    """Compute the figures of all edits.

    A threshold is one number for all edits, as a service has it: chosen over all of them but collages, on one
    half of the photos, and applied to the other half, and the reverse. Only `recall_roc` has it from the same
    photos.

    Args:
        answers: shape (photos, edits), columns in the order of EDITS; at least two photos.

    Returns:
        edit name, or `overall` → figures.
    """
    singles = answers.columns(SINGLES)
    best = fold_thresholds(singles, best_threshold)
    strict = fold_thresholds(singles, strict_threshold)
    columns = {edit: [column] for column, edit in enumerate(EDITS)}
    roc = strict_threshold(singles)
    return {
        edit: _row(answers.columns(places), best, strict, roc)
        for edit, places in {**columns, "overall": SINGLES}.items()
    }


def _row(answers: Answers, best: Floats, strict: Floats, roc: float) -> Row:
    return Row(
        r1=round(float(answers.first.mean()), 4),
        r5=round(float((answers.before < 5).mean()), 4),
        decision_f1=round(decision_f1(answers, best), 4),
        recall_fpr1=round(float(decide(answers, strict)[0].mean()), 4),
        fpr=round(float((answers.other >= strict).mean()), 4),
        recall_roc=round(float(decide(answers, roc)[0].mean()), 4),
    )
