"""All edits by name."""

import random
from collections.abc import Sequence
from typing import Final

from PIL import Image

from workers.trainer.evaluation.edits import camera, cover, page, shape, tone
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
"""What "two edits" and "three edits" draw from; new edits stay out, so that those remain what they were."""

COLLAGE: Final = "collage"
"""Reported, but left out of the overall figure: one vector cannot stand for four photos."""


def two_edits(photo: Image.Image, dice: random.Random, others: Sequence[Image.Image]) -> Image.Image:
    """Apply two different single edits, one after the other."""
    return _several(2, photo, dice, others)


def three_edits(photo: Image.Image, dice: random.Random, others: Sequence[Image.Image]) -> Image.Image:
    """Apply three different single edits, one after the other."""
    return _several(3, photo, dice, others)


def _several(
    count: int, photo: Image.Image, dice: random.Random, others: Sequence[Image.Image]
) -> Image.Image:
    for name in dice.sample(sorted(SINGLE), count):
        photo = SINGLE[name](photo, dice, others)
    return photo


EDITS: Final[dict[str, Edit]] = {
    **SINGLE,
    "perspective": camera.perspective,
    "photo of a screen": camera.photo_of_screen,
    "two edits": two_edits,
    "three edits": three_edits,
    COLLAGE: page.collage,
}


def apply_edit(name: str, photo: Image.Image, others: Sequence[Image.Image], seed: str) -> Image.Image:
    """Apply a named edit; the same seed gives the same result on every machine.

    Args:
        name: a key of EDITS.
        photo: RGB, any size; not changed.
        others: at least three other photos.
        seed: any text, such as the photo's name.
    """
    return EDITS[name](photo, random.Random(f"{seed} {name}"), others)
