"""Edits that move, cut, turn or scale the whole photo."""

import random
from collections.abc import Sequence

from PIL import Image, ImageOps

from workers.trainer.evaluation.edits.kinds import PALETTE

Others = Sequence[Image.Image]


def _crop(photo: Image.Image, dice: random.Random, share: float) -> Image.Image:
    """Keep a share of either side, at a random place."""
    width, height = round(photo.width * share), round(photo.height * share)
    left, top = dice.randint(0, photo.width - width), dice.randint(0, photo.height - height)
    return photo.crop((left, top, left + width, top + height))


def crop_light(photo: Image.Image, dice: random.Random, _others: Others) -> Image.Image:
    """Cut off 8 to 18 % of either side."""
    return _crop(photo, dice, dice.uniform(0.82, 0.92))


def crop_half(photo: Image.Image, dice: random.Random, _others: Others) -> Image.Image:
    """Keep half of the area."""
    return _crop(photo, dice, 0.5**0.5)


def flip(photo: Image.Image, _dice: random.Random, _others: Others) -> Image.Image:
    """Mirror left and right."""
    return ImageOps.mirror(photo)


def rotate_slightly(photo: Image.Image, dice: random.Random, _others: Others) -> Image.Image:
    """Turn by 3 to 12 degrees, on a plain page that shows in the corners."""
    angle = dice.choice((-1, 1)) * dice.uniform(3, 12)
    return photo.rotate(
        angle, Image.Resampling.BICUBIC, expand=dice.random() < 0.5, fillcolor=dice.choice(PALETTE[:2])
    )


def turn_quarter(photo: Image.Image, dice: random.Random, _others: Others) -> Image.Image:
    """Turn by 90 degrees, either way."""
    return photo.transpose(dice.choice((Image.Transpose.ROTATE_90, Image.Transpose.ROTATE_270)))


def stretch(photo: Image.Image, dice: random.Random, _others: Others) -> Image.Image:
    """Change the aspect ratio by 20 to 50 %, as a careless page layout does."""
    factor = dice.uniform(1.2, 1.5) ** dice.choice((-1, 1))
    return photo.resize((round(photo.width * factor), photo.height), Image.Resampling.LANCZOS)


def shrink(photo: Image.Image, dice: random.Random, _others: Others) -> Image.Image:
    """Resize to a thumbnail of 30 to 50 % of either side."""
    factor = dice.uniform(0.3, 0.5)
    return photo.resize((round(photo.width * factor), round(photo.height * factor)), Image.Resampling.LANCZOS)


def pad_square(photo: Image.Image, dice: random.Random, _others: Others) -> Image.Image:
    """Put the photo in the middle of a white square with a margin, as marketplaces ask for."""
    side = round(max(photo.size) * dice.uniform(1.0, 1.3))
    page = Image.new("RGB", (side, side), (255, 255, 255))
    page.paste(photo, ((side - photo.width) // 2, (side - photo.height) // 2))
    return page


def border(photo: Image.Image, dice: random.Random, _others: Others) -> Image.Image:
    """Add an even border of 5 to 15 % around the photo."""
    return ImageOps.expand(
        photo, round(min(photo.size) * dice.uniform(0.05, 0.15)), fill=dice.choice(PALETTE)
    )
