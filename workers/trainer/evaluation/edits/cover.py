"""Edits that put something over the photo."""

import random
from collections.abc import Sequence

from PIL import Image, ImageDraw

from workers.trainer.evaluation.edits.kinds import PALETTE, contrasting, font

Others = Sequence[Image.Image]

SLOGANS = (
    "SALE -50%",
    "BEST PRICE",
    "FREE DELIVERY",
    "NEW ARRIVAL",
    "100% original",
    "only 9.99 today",
    "Buy 2 get 1 free",
    "in stock, ships now",
)


def text_overlay(photo: Image.Image, dice: random.Random, _others: Others) -> Image.Image:
    """Write one to three slogans across the photo."""
    out = photo.copy()
    draw = ImageDraw.Draw(out)
    for _ in range(dice.randint(1, 3)):
        letters = font(round(min(photo.size) * dice.uniform(0.07, 0.14)))
        place = (dice.uniform(0, 0.35) * photo.width, dice.uniform(0.02, 0.85) * photo.height)
        colour = dice.choice(PALETTE)
        draw.text(
            place, dice.choice(SLOGANS), colour, letters, stroke_width=2, stroke_fill=contrasting(colour)
        )
    return out


def banner(photo: Image.Image, dice: random.Random, _others: Others) -> Image.Image:
    """Cover the top or the bottom 14 to 24 % with a coloured strip that carries a slogan."""
    out = photo.copy()
    draw = ImageDraw.Draw(out)
    height = round(photo.height * dice.uniform(0.14, 0.24))
    top = 0 if dice.random() < 0.5 else photo.height - height
    colour = dice.choice(PALETTE)
    draw.rectangle((0, top, photo.width, top + height), colour)
    middle = (photo.width / 2, top + height / 2)
    draw.text(middle, dice.choice(SLOGANS), contrasting(colour), font(height // 2), anchor="mm")
    return out


def sticker(photo: Image.Image, dice: random.Random, _others: Others) -> Image.Image:
    """Put one or two round or angular badges of 22 to 34 % of the short side into corners."""
    out = photo.copy()
    draw = ImageDraw.Draw(out)
    for corner in dice.sample(((0, 0), (1, 0), (0, 1), (1, 1)), dice.randint(1, 2)):
        size = min(photo.size) * dice.uniform(0.22, 0.34)
        x = size * 0.6 if corner[0] == 0 else photo.width - size * 0.6
        y = size * 0.6 if corner[1] == 0 else photo.height - size * 0.6
        colour = dice.choice(PALETTE)
        if dice.random() < 0.5:
            draw.ellipse(
                (x - size / 2, y - size / 2, x + size / 2, y + size / 2), colour, contrasting(colour), 3
            )
        else:
            draw.regular_polygon((x, y, size / 2), dice.randint(4, 8), dice.randint(0, 45), colour)
        draw.text(
            (x, y),
            dice.choice(("-30%", "TOP", "HOT", "NEW", "1+1")),
            contrasting(colour),
            font(round(size / 3)),
            anchor="mm",
        )
    return out


def watermark(photo: Image.Image, dice: random.Random, _others: Others) -> Image.Image:
    """Repeat a shop's name over the whole photo, slanted and half transparent."""
    side = max(photo.size) * 2
    sheet = Image.new("L", (side, side), 0)
    draw = ImageDraw.Draw(sheet)
    letters, text = (
        font(round(min(photo.size) * 0.08)),
        dice.choice(("mystore.example", "SHOP24", "© Mega Outlet")),
    )
    across, down = round(letters.getlength(text) * 1.35), round(min(photo.size) * dice.uniform(0.16, 0.3))
    for line, y in enumerate(range(0, side, down)):
        for x in range(-(line % 2) * across // 2, side, across):
            draw.text((x, y), text, round(255 * dice.uniform(0.25, 0.5)), letters)
    sheet = sheet.rotate(dice.uniform(20, 40), Image.Resampling.BICUBIC)
    left, top = (side - photo.width) // 2, (side - photo.height) // 2
    mask = sheet.crop((left, top, left + photo.width, top + photo.height))
    return Image.composite(Image.new("RGB", photo.size, dice.choice(PALETTE[:2])), photo, mask)


def frame(photo: Image.Image, dice: random.Random, _others: Others) -> Image.Image:
    """Draw a double frame over the rim, with filled corners."""
    out = photo.copy()
    draw = ImageDraw.Draw(out)
    thick = round(min(photo.size) * dice.uniform(0.03, 0.06))
    colour, inner = dice.choice(PALETTE), dice.choice(PALETTE)
    draw.rectangle((0, 0, photo.width - 1, photo.height - 1), outline=colour, width=thick)
    inset = thick * 2
    draw.rectangle(
        (inset, inset, photo.width - inset, photo.height - inset), outline=inner, width=max(1, thick // 3)
    )
    for x in (0, photo.width):
        for y in (0, photo.height):
            draw.regular_polygon((x, y, thick * 3), 4, 0, colour)
    return out
