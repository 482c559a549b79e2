"""Soft packages: coffee pouches, snack bags, cream tubes."""

from collections.abc import Sequence

import numpy as np
from PIL import Image

from samples.products import Product
from samples.render.curves import curve
from samples.render.kit import Floats, Point, Sheet, View
from samples.render.label import artwork, brand_text
from samples.render.look import Look, dark, ink_on, light


def coffee(product: Product, look: Look, view: View) -> Image.Image:
    """Draw a pouch that stands on a folded bottom, with a valve and a seal."""
    wide, high = 220 + look.proportion * 40, 320 + look.build % 4 * 16
    sheet = artwork(product, look, wide, high, across=0.8)
    body = [
        (10, 2), (wide - 10, 2), (wide - 6, high * 0.2), (wide - 14, high * 0.5), (wide - 4, high * 0.85),
        (wide - 10, high - 8), (wide * 0.5, high - 1), (10, high - 8),
        (4, high * 0.85), (14, high * 0.5), (6, high * 0.2),
    ]  # fmt: skip
    _outline(sheet, curve(body, 6))
    ground = look.paper if look.layout in {0, 3} else look.main
    sheet.rect((0, 0, wide, high * 0.055), dark(ground, 0.18))
    sheet.line([(0, high * 0.085), (wide, high * 0.085)], (*light(ground, 0.5), 150), 1.5)
    if look.build % 2:
        x, y = wide * 0.5, high * 0.075
        sheet.ellipse((x - 7, y - 7, x + 7, y + 7), dark(ground, 0.3))
        sheet.ellipse((x - 4, y - 4, x + 4, y + 4), dark(ground, 0.1))
    shade = sheet.pillow(46, view.side, 0.75)
    return sheet.sprite(shade * _creases(sheet, look.build, 0.05), _sheen(sheet, view.side, 26))


def snack(product: Product, look: Look, view: View) -> Image.Image:
    """Draw a puffed foil bag with crimped ends."""
    wide, high = 230 + look.proportion * 40, 320 + look.build % 4 * 14
    ground = look.paper if look.layout in {0, 3} else look.main
    sheet = Sheet(wide, high, ground)
    sheet.paste(artwork(product, look, wide, high - 44, across=0.82).rgb, (0, 22))
    teeth = int(wide / 9)
    top = [(6 + (wide - 12) * k / teeth, 0 if k % 2 else 5) for k in range(teeth + 1)]
    low = [(wide - 6 - (wide - 12) * k / teeth, high - (0 if k % 2 else 5)) for k in range(teeth + 1)]
    right = curve(
        [
            (wide - 6, 26),
            (wide - 1, high * 0.3),
            (wide - 5, high * 0.5),
            (wide - 1, high * 0.72),
            (wide - 6, high - 26),
        ],
        6,
        closed=False,
    )
    left = [(wide - x, y) for x, y in reversed(right)]
    _outline(sheet, [*top, *right, *low, *left])
    for y in (0, high - 24):
        sheet.rect((0, y, wide, y + 24), (*dark(ground, 0.25), 130))
        for k in range(0, int(wide), 5):
            sheet.line([(k, y), (k, y + 24)], (*light(ground, 0.4), 70), 1)
    shade = sheet.pillow(60, view.side, 0.85)
    return sheet.sprite(shade * _creases(sheet, look.build + 7, 0.09), _sheen(sheet, view.side, 45))


def cream(product: Product, look: Look, view: View) -> Image.Image:
    """Draw a tube that stands on its cap."""
    wide, high = 130 + look.proportion * 40, 300 + look.build % 4 * 18
    cap = 44 + look.build % 3 * 10
    sheet = Sheet(wide, high, look.main)
    art = artwork(product, look, wide, high - cap, across=0.86)
    sheet.paste(art.rgb, (0, 0))
    ground = look.paper if look.layout in {0, 3} else look.main
    sheet.rect((0, 0, wide, 16), dark(ground, 0.12))
    for k in range(0, int(wide), 4):
        sheet.line([(k, 0), (k, 16)], (*light(ground, 0.5), 110), 1)
    foot = wide * (0.3 if look.build % 2 else 0.38)
    middle = wide / 2
    body = [
        (1, 0),
        (wide - 1, 0),
        (wide - 2, 20),
        (middle + foot + 4, high - cap),
        (middle - foot - 4, high - cap),
        (2, 20),
    ]
    sheet.rect((middle - foot, high - cap, middle + foot, high), look.second, radius=5, body=True)
    sheet.rect((middle - foot, high - cap, middle + foot, high - cap + 3), dark(look.second, 0.3))
    for k in range(int(middle - foot) + 4, int(middle + foot), 6):
        sheet.line([(k, high - cap + 8), (k, high - 4)], (*dark(look.second, 0.4), 70), 1.5)
    _outline(sheet, body)
    if look.build % 5 == 0:
        sheet.text(
            (middle, high - cap / 2),
            brand_text(product, look),
            ink_on(look.second),
            size=11,
            width=foot * 1.6,
            face=2,
        )
    across = (np.arange(sheet.width, dtype=np.float32) + 0.5) / sheet.width * 2 - 1
    bend = 0.58 + 0.47 * np.cos(across * 1.25 + view.side * 0.5) - 0.2 * np.abs(across) ** 7
    round_by = np.linspace(0.35, 1.0, sheet.height, dtype=np.float32)[:, None]
    shade = 1 - (1 - bend[None, :]) * round_by
    return sheet.sprite(shade.astype(np.float32), _sheen(sheet, view.side, 40))


def _outline(sheet: Sheet, points: Sequence[Point]) -> None:
    """Add a polygon to the silhouette without painting it."""
    sheet.polygon(points, (0, 0, 0, 0), body=True)


def _sheen(sheet: Sheet, side: int, strength: float) -> Floats:
    """Return a soft vertical highlight (height x width)."""
    across = np.linspace(-1, 1, sheet.width, dtype=np.float32)
    line = strength * np.exp(-(((across + side * 0.5) / 0.12) ** 2))
    down = np.sin(np.linspace(0.25, 2.9, sheet.height, dtype=np.float32))
    return np.outer(down, line).astype(np.float32)


def _creases(sheet: Sheet, seed: int, depth: float) -> Floats:
    """Return shading (height x width) of a few soft folds, the same for every photo of a line."""
    drawn = np.random.default_rng(seed).random((7, 6), dtype=np.float32)
    image = Image.fromarray(drawn).resize((sheet.width, sheet.height), Image.Resampling.BICUBIC)
    return np.asarray(1 + (np.asarray(image) - 0.5) * (2 * depth), dtype=np.float32)
