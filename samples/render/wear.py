"""Cloth goods: T-shirts and backpacks."""

import random

import numpy as np
from PIL import Image

from samples.products import Product
from samples.render.curves import curve
from samples.render.emblems import emblem
from samples.render.kit import Floats, Sheet, View
from samples.render.label import brand_text
from samples.render.look import Look, Rgb, colour_of, dark, ink_on, light, mix
from samples.render.patterns import PATTERNS


def tshirt(product: Product, look: Look, view: View) -> Image.Image:
    """Draw a T-shirt laid flat, with a print on the chest."""
    fill = colour_of(product.tokens["colour"])
    sheet = Sheet(400, 400, fill)
    sleeve = 128 + look.build % 4 * 12
    half = [
        (164, 22), (120, 34), (78, 60), (22, sleeve), (62, sleeve + 42), (104, 124), (106, 250), (98, 386),
        (200, 392),
    ]  # fmt: skip
    shape = [*half, *((400 - x, y) for x, y in reversed(half[:-1]))]
    neck = curve([(236, 22), (222, 46), (200, 54), (178, 46), (164, 22)], 6, closed=False)
    sheet.polygon([*shape[:-1], (236, 22), *neck], fill, body=True)
    _shirt_style(sheet, look, fill)
    # The inside of the back shows through the neck.
    sheet.polygon(
        curve([(164, 22), (200, 30), (236, 22), (222, 46), (200, 54), (178, 46)], 6),
        dark(fill, 0.45),
        body=True,
    )
    sheet.line(neck, dark(fill, 0.22), 7)
    sheet.line(neck, light(fill, 0.08), 3)
    _print(sheet, product, look, fill)
    for x, lean in ((62, 1), (338, -1)):
        sheet.line([(x + lean * 42, 124), (x + lean * 40, 180)], (*dark(fill, 0.5), 90), 2)
    sheet.line([(98, 378), (302, 378)], (*dark(fill, 0.5), 60), 1.2)
    return sheet.sprite(
        sheet.pillow(18, view.side, 0.35) * folds(sheet, f"{product.line.art}{view.yaw:.3f}", 0.2)
    )


def _shirt_style(sheet: Sheet, look: Look, fill: Rgb) -> None:
    style, other = look.build % 5, look.second
    if style == 0:
        for y in range(110, 380, 40):
            sheet.rect((100, y, 300, y + 14), mix(fill, other, 0.75))
    elif style == 1:
        for side in (0, 1):
            points = [(78, 60), (0, 100), (10, 230), (70, 230), (104, 124)]
            sheet.polygon([(400 - x if side else x, y) for x, y in points], other)
    elif style == 2:
        sheet.rect((92, 230, 308, 300), mix(fill, other, 0.8))


def _print(sheet: Sheet, product: Product, look: Look, fill: Rgb) -> None:
    ink = mix(ink_on(fill), look.accent, 0.45 if look.build % 2 else 0)
    words = product.line.name.split()
    if look.layout < 2:
        emblem(sheet, look, 200, 142, 40, ink)
        sheet.text((200, 205), words[0].upper(), ink, size=30, width=150, face=1)
    elif look.layout == 2:
        sheet.text((200, 130), words[0].upper(), ink, size=54, width=170, face=1)
        sheet.text((200, 172), words[1].upper(), ink, size=40, width=170, face=5)
        sheet.text((200, 202), brand_text(product, look), ink, size=15, width=120, face=4)
    elif look.layout == 3:
        emblem(sheet, look, 252, 120, 15, ink)
    elif look.layout == 4:
        art = Sheet(130, 110, look.second)
        PATTERNS[look.pattern](art, look.accent, random.Random(product.line.art))
        sheet.paste(art.rgb, (135, 100))
        sheet.text((200, 228), product.line.name, ink, size=20, width=150, face=3)
    else:
        sheet.text((200, 150), brand_text(product, look), ink, size=44, width=165, face=look.face)
        sheet.rect((120, 178, 280, 183), ink)
        sheet.text((200, 196), product.line.name, ink, size=16, width=150, face=4)


def backpack(product: Product, look: Look, view: View) -> Image.Image:
    """Draw a backpack from the front."""
    fill = colour_of(product.tokens["colour"])
    trim: Rgb = (dark(fill, 0.5), look.second, (122, 84, 56), (52, 52, 56))[look.build % 4]
    sheet = Sheet(300, 390, fill)
    sheet.arc((120, 4, 180, 70), 180, 360, trim, 10)
    sheet.polygon([(120, 38), (130, 8), (170, 8), (180, 38)], trim, body=True)
    sheet.hole([(132, 36), (139, 17), (161, 17), (168, 36)])
    for x in (22, 258):
        sheet.rect((x, 180, x + 20, 352), dark(trim, 0.1), radius=8, body=True)
    top = 52 + look.build % 3 * 14
    body = curve(
        [
            (150, 26),
            (top + 170, 34),
            (266, 104),
            (272, 250),
            (266, 372),
            (150, 384),
            (34, 372),
            (28, 250),
            (34, 104),
            (130 - top, 34),
        ],
        7,
    )
    sheet.polygon(body, fill, body=True)
    if look.build % 5 == 0:
        sheet.rect((28, 30, 272, 150), mix(fill, look.second, 0.7))
    zip_line = curve([(46, 190), (60, 96), (150, 62), (240, 96), (254, 190)], 8, closed=False)
    sheet.line(zip_line, dark(fill, 0.55), 5)
    sheet.line(zip_line, light(trim, 0.3), 1.5)
    pocket = (56, 222 - look.build % 4 * 10, 244, 362)
    sheet.rect(
        (pocket[0] - 2, pocket[1] + 3, pocket[2] + 2, pocket[3] + 5), (*dark(fill, 0.6), 130), radius=24
    )
    sheet.rect(pocket, mix(fill, look.second, 0.8) if look.build % 3 == 1 else light(fill, 0.06), radius=22)
    sheet.line([(72, pocket[1] + 24), (228, pocket[1] + 24)], dark(fill, 0.6), 4)
    sheet.rect((222, pocket[1] + 22, 229, pocket[1] + 44), (200, 200, 204), radius=3)
    patch = trim if look.build % 2 else dark(fill, 0.25)
    sheet.rect((108, 128, 192, 178), patch, radius=6)
    emblem(sheet, look, 150, 144, 10, ink_on(patch))
    sheet.text((150, 166), brand_text(product, look), ink_on(patch), size=13, width=74, face=look.face)
    sheet.text((150, pocket[3] - 26), product.line.name, ink_on(fill), size=14, width=120, face=4)
    return sheet.sprite(sheet.pillow(40, view.side, 0.75) * folds(sheet, product.line.art, 0.1))


def folds(sheet: Sheet, seed: str, depth: float) -> Floats:
    """Return shading (height x width) of soft folds in cloth."""
    rng = np.random.default_rng(random.Random(seed).getrandbits(32))
    drawn = rng.random((9, 7), dtype=np.float32)
    image = Image.fromarray(drawn).resize((sheet.width, sheet.height), Image.Resampling.BICUBIC)
    return 1 + (np.asarray(image, dtype=np.float32) - 0.55) * depth
