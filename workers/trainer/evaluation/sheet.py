"""A contact sheet of the worst failures, to look at."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from font_roboto import Roboto
from PIL import Image, ImageDraw, ImageFont, ImageOps

from workers.trainer.evaluation.edit_run import SINGLES, open_query
from workers.trainer.evaluation.edits import EDITS, apply_edit
from workers.trainer.evaluation.encoders import Vectors, open_photo
from workers.trainer.evaluation.gallery import Gallery
from workers.trainer.evaluation.metrics import Answers

SIDE: Final = 96
GAP: Final = 6
LINE: Final = 15
ACROSS: Final = 3
COLOURS: Final = 256
"""Of the palette: keeps the file under 600 kB."""

INK, PALE = (25, 25, 25), (110, 110, 110)


@dataclass(frozen=True)
class Failure:
    """An edited photo that found another photo first.

    Attributes:
        query: number of the query.
        edit: name of the edit.
        found: position of the photo found first, in the gallery.
        own_score: similarity to the own photo.
        found_score: similarity to the one found.
    """

    query: int
    edit: str
    found: int
    own_score: float
    found_score: float


def worst_failures(
    answers: Answers, edited: Vectors, known: Vectors, gallery: Gallery, count: int = 24
) -> list[Failure]:
    """Find the failures with the largest margin, over all edits but collages, each photo at most once.

    Args:
        answers: shape (queries, edits).
        edited: (queries, edits, d).
        known: (gallery, d).
        gallery: see `make_gallery`.
        count: failures to list, unless there are fewer.

    Returns:
        Largest margin first.
    """
    margins = (answers.other - answers.own)[:, SINGLES]
    worst = margins.argmax(1)
    failures: list[Failure] = []
    for query in np.argsort(-margins.max(1), kind="stable").tolist():
        column = SINGLES[int(worst[query])]
        own, other = float(answers.own[query, column]), float(answers.other[query, column])
        if other <= own or len(failures) == count:
            break
        scores = known @ edited[query, column]
        scores[gallery.queries[query]] = -np.inf
        failures.append(Failure(query, list(EDITS)[column], int(scores.argmax()), own, other))
    return failures


def write_sheet(failures: Sequence[Failure], gallery: Gallery, file: Path) -> None:
    """Draw edited photo, own photo and the photo found first, side by side, with their scores; as PNG."""
    cell = (3 * (SIDE + GAP) + 2 * GAP, SIDE + 2 * LINE + 2 * GAP)
    rows = -(-len(failures) // ACROSS)
    size = (ACROSS * cell[0] + 2 * GAP, rows * cell[1] + 2 * LINE + GAP)
    page = Image.new("RGB", size, (255, 255, 255))
    draw = ImageDraw.Draw(page)
    title = "Edited photo | its own photo | what came first instead, with cosine similarities. Worst first."
    draw.text((2 * GAP, GAP), title if failures else "No failures.", INK, _font())
    for number, failure in enumerate(failures):
        left = 2 * GAP + number % ACROSS * cell[0]
        _draw_failure(page, failure, gallery, left, 2 * LINE + number // ACROSS * cell[1])
    file.parent.mkdir(parents=True, exist_ok=True)
    page.quantize(COLOURS, dither=Image.Dither.NONE).save(file, optimize=True)


def _draw_failure(page: Image.Image, failure: Failure, gallery: Gallery, left: int, top: int) -> None:
    """Draw one failure with its labels; in place."""
    position = gallery.queries[failure.query]
    photo, others = open_query(gallery, position)
    edited = apply_edit(failure.edit, photo, others, gallery.photos[position].key)
    draw = ImageDraw.Draw(page)
    draw.text((left, top), failure.edit, INK, _font())
    pictures = (
        (edited, "edited", PALE),
        (photo, f"own {failure.own_score:.2f}", PALE),
        (open_photo(gallery.photos[failure.found].path), f"found {failure.found_score:.2f}", INK),
    )
    for place, (picture, label, ink) in enumerate(pictures):
        x = left + place * (SIDE + GAP)
        small = ImageOps.contain(picture, (SIDE, SIDE))
        page.paste(small, (x + (SIDE - small.width) // 2, top + LINE + 3))
        draw.text((x + SIDE / 2, top + LINE + SIDE + 4), label, ink, _font(), anchor="ma")


def _font() -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(Roboto, 12)
