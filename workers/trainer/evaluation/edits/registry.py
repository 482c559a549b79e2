"""All edits by name."""

import random
from collections.abc import Sequence
from typing import Final

from PIL import Image

from workers.trainer.evaluation.edits import cover, page, shape, tone
from workers.trainer.evaluation.edits.kinds import Edit

SINGLE: Final[dict[str, Edit]] = {
    "recompression": tone.recompress,
    "resize": shape.shrink,
    "light crop": shape.crop_light,
    "half crop": shape.crop_half,
    "flip": shape.flip,
    "small rotation": shape.rotate_slightly,
    "quarter turn": shape.turn_quarter,
    "stretch": shape.stretch,
    "white square": shape.pad_square,
    "border": shape.border,
    "frame": cover.frame,
    "text": cover.text_overlay,
    "banner": cover.banner,
    "sticker": cover.sticker,
    "watermark": cover.watermark,
    "screenshot": page.screenshot,
    "changed background": page.change_background,
    "colour": tone.shift_colour,
    "brightness": tone.brightness,
    "contrast": tone.contrast,
    "grayscale": tone.grayscale,
    "old-photo filter": tone.warm_filter,
    "blur": tone.blur,
    "noise": tone.noise,
}

COLLAGE: Final = "collage"
"""Reported, but left out of the overall figure: one vector cannot stand for four photos."""


def three_edits(photo: Image.Image, dice: random.Random, others: Sequence[Image.Image]) -> Image.Image:
    """Apply three different single edits, one after the other."""
    for name in dice.sample(sorted(SINGLE), 3):
        photo = SINGLE[name](photo, dice, others)
    return photo


EDITS: Final[dict[str, Edit]] = {**SINGLE, "three edits": three_edits, COLLAGE: page.collage}


def apply_edit(name: str, photo: Image.Image, others: Sequence[Image.Image], seed: str) -> Image.Image:
    """Apply a named edit; the same seed gives the same result on every machine.

    Args:
        name: a key of EDITS.
        photo: RGB, any size; not changed.
        others: at least three other photos.
        seed: any text, such as the photo's name.
    """
    return EDITS[name](photo, random.Random(f"{seed} {name}"), others)
