"""Edits of somebody who takes a photo of the photo: seen aslant, or off a screen."""

import random
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFilter

from workers.trainer.evaluation.edits.kinds import PALETTE

Others = Sequence[Image.Image]
Corners = Sequence[tuple[float, float]]


def _project(photo: Image.Image, corners: Corners, size: tuple[int, int], around: Image.Image) -> Image.Image:
    """Lay a photo's corners onto the given places of a page.

    Args:
        photo: RGB.
        corners: top left, top right, bottom right, bottom left, in pixels of the page.
        size: of the page.
        around: RGB page of that size, seen where the photo is not.
    """
    width, height = photo.size
    source = ((0, 0), (width, 0), (width, height), (0, height))
    rows, values = [], []
    # Pillow asks for the map from the page to the photo: x' = (ax + by + c) / (gx + hy + 1), y' alike.
    for (x, y), (to_x, to_y) in zip(corners, source, strict=True):
        rows.append([x, y, 1, 0, 0, 0, -to_x * x, -to_x * y])
        rows.append([0, 0, 0, x, y, 1, -to_y * x, -to_y * y])
        values += [to_x, to_y]
    numbers = np.linalg.solve(np.array(rows, dtype=float), np.array(values, dtype=float)).tolist()
    laid = photo.transform(size, Image.Transform.PERSPECTIVE, numbers, Image.Resampling.BICUBIC)
    mask = Image.new("L", size, 0)
    ImageDraw.Draw(mask).polygon([(round(x), round(y)) for x, y in corners], 255)
    return Image.composite(laid, around, mask)


def _moved(
    dice: random.Random, size: tuple[int, int], share: float, inset: float = 0.0
) -> list[tuple[float, float]]:
    """Draw corners up to `share` of either side further inside than `inset` has them."""
    width, height = size
    return [
        (
            abs(x - inset - dice.uniform(0, share)) * width,
            abs(y - inset - dice.uniform(0, share)) * height,
        )
        for x, y in ((0, 0), (1, 0), (1, 1), (0, 1))
    ]


def perspective(photo: Image.Image, dice: random.Random, _others: Others) -> Image.Image:
    """See the photo aslant: each corner up to 15 % of either side further inside, on a plain page."""
    page = Image.new("RGB", photo.size, dice.choice(PALETTE))
    return _project(photo, _moved(dice, photo.size, 0.15), photo.size, page)


def _grid(size: tuple[int, int], dice: random.Random) -> npt.NDArray[np.float64]:
    """Draw what a sensor makes of a screen's pixels: two slanted waves whose beat is the moiré.

    Returns:
        (height, width, 3), factors around 1; the three colours are shifted, as their cells lie side by side.
    """
    y, x = np.mgrid[: size[1], : size[0]].astype(float)
    total = np.zeros((size[1], size[0], 3))
    pitch, turn = dice.uniform(2.3, 3.6), dice.uniform(-0.2, 0.2)
    for stretch, lean in ((1.0, 0.0), (dice.uniform(1.03, 1.10), dice.uniform(0.01, 0.05))):
        along = x * np.cos(turn + lean) + y * np.sin(turn + lean)
        for colour in range(3):
            total[..., colour] += np.cos(2 * np.pi * (along / (pitch * stretch) + colour / 3))
    # Two equal waves swell and fade together; their square is the slow pattern that survives resizing.
    return 1 + dice.uniform(0.03, 0.06) * total + dice.uniform(0.02, 0.05) * (total**2 - 1)


def photo_of_screen(photo: Image.Image, dice: random.Random, _others: Others) -> Image.Image:
    """Take a photo of a screen that shows it: bezel, room, slight perspective, moiré, glare, colour cast."""
    dark = dice.randint(20, 130)
    room = Image.new("RGB", photo.size, tuple(dark + dice.randint(-15, 15) for _ in range(3)))
    rim = round(min(photo.size) * dice.uniform(0.02, 0.05))
    cast = np.array([dice.uniform(0.9, 1.0), dice.uniform(0.95, 1.0), dice.uniform(0.97, 1.1)])
    shown = np.clip(np.asarray(photo, dtype=float) * _grid(photo.size, dice) * cast, 0, 255)
    screen = Image.new("RGB", (photo.width + 2 * rim, photo.height + 2 * rim), (12, 12, 14))
    screen.paste(Image.fromarray(shown.astype(np.uint8)), (rim, rim))
    seen = _project(screen, _moved(dice, photo.size, 0.06, dice.uniform(0.0, 0.06)), photo.size, room)
    pixels = np.asarray(seen, dtype=float)
    glare = Image.new("L", photo.size, 0)
    x, y = dice.uniform(0.1, 0.9) * photo.width, dice.uniform(0.1, 0.9) * photo.height
    wide, high = dice.uniform(0.06, 0.18) * photo.width, dice.uniform(0.06, 0.18) * photo.height
    ImageDraw.Draw(glare).ellipse((x - wide, y - high, x + wide, y + high), round(dice.uniform(120, 230)))
    light = np.asarray(glare.filter(ImageFilter.GaussianBlur(min(photo.size) * 0.05)), dtype=float)[..., None]
    lit = pixels + (255 - pixels) * light / 255
    return Image.fromarray(lit.astype(np.uint8)).filter(ImageFilter.GaussianBlur(0.6))
