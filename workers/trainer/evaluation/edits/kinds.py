"""The shape of an edit, and small helpers that several share."""

import random
from collections.abc import Sequence
from typing import Protocol

from font_roboto import RobotoBold
from PIL import Image, ImageFont

Colour = tuple[int, int, int]

PALETTE: Sequence[Colour] = (
    (255, 255, 255),
    (0, 0, 0),
    (228, 30, 38),
    (255, 205, 0),
    (20, 90, 200),
    (15, 140, 70),
    (245, 130, 32),
    (150, 150, 150),
)
"""Colours that shops use for frames, badges and lettering."""


class Edit(Protocol):
    """Turns a photo into what a seller uploads."""

    def __call__(
        self, photo: Image.Image, dice: random.Random, others: Sequence[Image.Image], /
    ) -> Image.Image:
        """Edit a photo.

        Args:
            photo: RGB, any size; not changed.
            dice: the only source of randomness.
            others: at least three other photos, for edits that need them.

        Returns:
            RGB, any size.
        """
        ...


def font(size: int) -> ImageFont.FreeTypeFont:
    """Open Roboto Bold at a size in pixels."""
    return ImageFont.truetype(RobotoBold, max(6, size))


def contrasting(colour: Colour) -> Colour:
    """Give black for light colours and white for dark ones."""
    return (0, 0, 0) if sum(colour) > 382 else (255, 255, 255)
