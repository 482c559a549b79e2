"""Mugs: a short cylinder with a handle and a print."""

import random

from PIL import Image

from samples.products import Product
from samples.render.emblems import emblem
from samples.render.kit import Sheet, View
from samples.render.label import brand_text
from samples.render.look import Look, colour_of, dark, ink_on, light, mix
from samples.render.patterns import PATTERNS
from samples.render.solids import revolve, texture


def mug(product: Product, look: Look, view: View) -> Image.Image:
    """Draw a mug with its handle on the side that the camera turns towards."""
    fill = colour_of(product.tokens["colour"])
    radius, high = 104 + look.proportion * 18, 190 + look.build % 5 * 14
    sheet = texture(radius, high, fill)
    middle, ink = sheet.width / 2, ink_on(fill)
    if look.build % 3 == 0:
        PATTERNS[look.pattern](sheet, mix(fill, ink, 0.18), random.Random(product.line.art))
    if look.build % 3 == 1:
        sheet.rect((0, high * 0.66, sheet.width, high), light(look.second, 0.2))
    if look.build % 4 < 3:
        emblem(sheet, look, middle, high * 0.36, high * 0.15, mix(ink, look.accent, 0.4))
        sheet.text(
            (middle, high * 0.63), product.line.name, ink, size=30, width=radius * 1.35, face=look.build % 6
        )
    else:
        sheet.text(
            (middle, high * 0.42), product.line.name.split()[0], ink, size=46, width=radius * 1.4, face=3
        )
    sheet.text((middle, high * 0.8), brand_text(product, look), ink, size=15, width=radius, face=look.face)
    rim = 6
    sheet.rect((0, 0, sheet.width, rim), light(fill, 0.3))
    narrow = radius * (0.82 if look.build % 2 else 1)
    profile = [
        (0, radius),
        (high * 0.6, radius),
        (high - 18, mix_length(radius, narrow)),
        (high, narrow * 0.94),
    ]
    body = revolve(
        sheet,
        profile,
        view,
        gloss=0.8,
        lid=dark(fill, 0.35) if look.build % 2 else (232, 228, 220),
        hollow=True,
    )
    handle = _handle(fill, high, view, thick=15 + look.build % 3 * 4)
    reach = int(handle.width * 0.68)
    canvas = Image.new("RGBA", (body.width + reach, body.height), (0, 0, 0, 0))
    right = view.yaw >= 0
    y = int(high * 0.16)
    canvas.paste(handle, (body.width + reach - handle.width, y) if right else (0, y), handle)
    canvas.alpha_composite(body, (0, 0) if right else (reach, 0))
    return canvas


def mix_length(one: float, other: float) -> float:
    """Return a length two thirds of the way to `other`."""
    return one + (other - one) * 0.66


def _handle(fill: tuple[int, int, int], high: float, view: View, thick: float) -> Image.Image:
    """Return a ring; the body hides its inner third."""
    wide, tall = high * 0.55, high * 0.68
    sheet = Sheet(wide, tall, fill)
    sheet.ellipse((1, 1, wide - 1, tall - 1), fill, body=True)
    sheet.hole_ellipse((thick, thick, wide - thick, tall - thick))
    return sheet.sprite(sheet.pillow(8, view.side, 0.8))
