"""Flat electronics and watches, photographed from above."""

import math
import random

from PIL import Image

from samples.products import Product
from samples.render.emblems import emblem
from samples.render.kit import Sheet, View
from samples.render.label import brand_text, size_text
from samples.render.look import Look, Rgb, colour_of, dark, ink_on, light, mix
from samples.render.patterns import PATTERNS


def case(product: Product, look: Look, view: View) -> Image.Image:
    """Draw a phone case from the back, with the openings for its cameras."""
    fill = colour_of(product.tokens["colour"])
    wide, high, round_by = 190, 390, 26 + look.build % 3 * 6
    sheet = Sheet(wide, high, fill)
    sheet.rect((1, 1, wide - 1, high - 1), fill, radius=round_by, body=True)
    if look.build % 4:
        tint = (look.second, look.accent, light(fill, 0.4))[look.build % 3]
        PATTERNS[look.pattern](sheet, mix(fill, tint, 0.7), random.Random(product.line.art))
    if look.build % 4 == 1:
        emblem(sheet, look, wide / 2, high * 0.6, 44, look.accent)
    sheet.rect((1, 1, 5, high - 1), dark(fill, 0.2))
    sheet.rect((wide - 5, 1, wide - 1, high - 1), dark(fill, 0.25))
    _lenses(sheet, look.build % 5)
    ink = ink_on(fill)
    sheet.text(
        (wide / 2, high * 0.9), brand_text(product, look), ink, size=17, width=wide * 0.6, face=look.face
    )
    if look.layout % 3 == 0:
        sheet.text((wide / 2, high * 0.55), product.line.name, ink, size=26, width=wide * 0.8, face=3)
    return sheet.sprite(sheet.pillow(10, view.side, 0.45))


def _lenses(sheet: Sheet, build: int) -> None:
    box = (18.0, 20.0, 84.0, 108.0) if build < 3 else (18.0, 20.0, 172.0, 66.0)
    sheet.rect((box[0] - 3, box[1] - 3, box[2] + 3, box[3] + 3), (24, 24, 28), radius=18)
    sheet.rect(box, (52, 54, 60), radius=15)
    spots = ((36, 40), (36, 82), (65, 61)) if build < 3 else ((42, 43), (86, 43), (130, 43))
    for x, y in spots[: 2 + build % 2]:
        sheet.ellipse((x - 15, y - 15, x + 15, y + 15), (16, 16, 20))
        sheet.ellipse((x - 9, y - 9, x + 9, y + 9), (40, 46, 70))
        sheet.ellipse((x - 5, y - 6, x - 1, y - 2), (190, 200, 220))


def powerbank(product: Product, look: Look, view: View) -> Image.Image:
    """Draw a power bank with its lights, ports and printed capacity."""
    fill = colour_of(product.tokens["colour"])
    wide, high = 196 + look.build % 4 * 14, 370
    sheet = Sheet(wide, high, fill)
    sheet.rect((1, 1, wide - 1, high - 1), fill, radius=20 + look.build % 3 * 14, body=True)
    ink = ink_on(fill)
    if look.build % 3 == 0:
        sheet.rect((0, 0, wide, high * 0.28), mix(fill, look.second, 0.85))
    if look.build % 3 == 1:
        for k in range(0, int(wide), 8):
            sheet.line([(k, high * 0.62), (k, high)], dark(fill, 0.15), 2.5)
    if look.build % 2:
        sheet.rect((wide * 0.3, high * 0.08, wide * 0.7, high * 0.2), (16, 18, 22), radius=8)
        sheet.text(
            (wide / 2, high * 0.14), str(40 + look.build), (110, 220, 255), size=30, width=wide * 0.3, face=0
        )
    else:
        for k in range(4):
            x = wide / 2 + (k - 1.5) * 16
            sheet.ellipse(
                (x - 4, high * 0.1 - 4, x + 4, high * 0.1 + 4), (120, 240, 160) if k < 3 else dark(fill, 0.3)
            )
    emblem(sheet, look, wide / 2, high * 0.4, 22, mix(ink, look.accent, 0.3))
    sheet.text(
        (wide / 2, high * 0.52), brand_text(product, look), ink, size=32, width=wide * 0.76, face=look.face
    )
    sheet.text((wide / 2, high * 0.59), product.line.name, ink, size=16, width=wide * 0.6, face=4)
    if not product.plain:
        sheet.text((wide / 2, high * 0.84), size_text(product), ink, size=22, width=wide * 0.7, face=2)
        sheet.text((wide / 2, high * 0.91), product.tokens["model"], ink, size=13, width=wide * 0.5, face=6)
    sheet.rect((wide * 0.3, high - 12, wide * 0.42, high - 5), (30, 30, 34), radius=2)
    sheet.rect((wide * 0.58, high - 12, wide * 0.7, high - 5), (30, 30, 34), radius=2)
    return sheet.sprite(sheet.pillow(14, view.side, 0.5))


def watch(product: Product, look: Look, view: View) -> Image.Image:
    """Draw a wristwatch: strap, case, dial and hands."""
    fill = colour_of(product.tokens["colour"])
    strap, dial, metal = _watch_colours(look, fill)
    sheet = Sheet(210, 400, strap)
    wide, x, y = 42 + look.build % 3 * 5, 105, 200
    for top, bottom, tip in ((4, 140, 6), (260, 396, -6)):
        sheet.polygon(
            [
                (x - wide + 6 * (tip > 0), top),
                (x + wide - 6 * (tip > 0), top),
                (x + wide, bottom),
                (x - wide, bottom),
            ],
            strap,
            body=True,
        )
        for k in range(top + 10, bottom, 18 if look.build % 2 else 11):
            sheet.line([(x - wide, k), (x + wide, k)], dark(strap, 0.25), 2 if look.build % 2 else 4)
    sheet.rect((194, 192, 206, 208), dark(metal, 0.2), radius=3, body=True)
    square = look.build % 4 == 0
    for r, shade in ((94, metal), (88, light(metal, 0.4)), (82, dark(metal, 0.35)), (78, dial)):
        box = (x - r, y - r, x + r, y + r)
        if square:
            sheet.rect(box, shade, radius=26, body=True)
        else:
            sheet.ellipse(box, shade, body=True)
    _dial(sheet, product, look, dial)
    return sheet.sprite(sheet.pillow(12, view.side, 0.4))


def _watch_colours(look: Look, fill: Rgb) -> tuple[Rgb, Rgb, Rgb]:
    metal: Rgb = ((190, 192, 198), (214, 178, 108), (60, 60, 66), (222, 170, 150))[look.build % 4]
    dial = (fill, light(fill, 0.75), (24, 26, 32), (246, 244, 238))[look.build // 4 % 4]
    return fill, dial, metal


def _dial(sheet: Sheet, product: Product, look: Look, dial: Rgb) -> None:
    x, y, ink = 105, 200, ink_on(dial)
    for hour in range(12):
        angle = hour * math.pi / 6
        inner = 58 if hour % 3 == 0 else 64
        ends = [(x + r * math.sin(angle), y - r * math.cos(angle)) for r in (inner, 71)]
        if look.layout % 3 == 0 and hour % 3 == 0:
            at = (x + 60 * math.sin(angle), y - 60 * math.cos(angle))
            sheet.text(at, str(hour or 12), ink, size=18, width=30, face=2)
        else:
            sheet.line(ends, ink, 4 if hour % 3 == 0 else 2)
    if look.layout % 2:
        for dx, dy in ((-26, 8), (26, 8), (0, 34)):
            sheet.ellipse((x + dx - 14, y + dy - 14, x + dx + 14, y + dy + 14), mix(dial, ink, 0.18))
            sheet.line([(x + dx, y + dy), (x + dx + 7, y + dy - 8)], ink, 1.5)
    sheet.text((x, y - 32), brand_text(product, look), ink, size=13, width=60, face=look.face)
    if not product.plain:
        sheet.text((x, y + 52), product.tokens["model"], ink, size=8, width=44, face=6)
    for angle, length, width in ((-0.95, 40, 6.0), (0.95, 58, 4.0)):
        sheet.line(
            [(x, y), (x + length * math.sin(angle), y - length * math.cos(angle))],
            mix(ink, look.accent, 0.2),
            width,
        )
    sheet.line([(x - 10, y + 16), (x + 34, y - 54)], look.accent, 1.5)
    sheet.ellipse((x - 5, y - 5, x + 5, y + 5), look.accent)
