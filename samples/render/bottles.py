"""Round packages: shampoo and juice bottles, cans, jars, pill bottles, tumblers."""

from PIL import Image

from samples.products import Product
from samples.render.emblems import emblem
from samples.render.kit import Sheet, View
from samples.render.label import artwork, brand_text
from samples.render.look import Look, Rgb, colour_of, dark, ink_on, light, mix
from samples.render.solids import revolve, texture

_READABLE = 0.42
"""Share of a texture's width that stays readable from the front of a cylinder."""


def shampoo(product: Product, look: Look, view: View) -> Image.Image:
    """Draw a bottle with a cap or a pump."""
    radius, body = 62 + look.proportion * 22, 230 + look.build % 5 * 18
    cap, neck = 44 + look.build % 3 * 12, 20 + look.build % 7
    height = cap + 26 + body
    base = (look.main, look.paper, light(look.second, 0.3))[look.build % 3]
    sheet = texture(radius, height, base)
    cap_fill = (look.second, look.paper, dark(look.main))[look.build % 3]
    sheet.rect((0, 0, sheet.width, cap), cap_fill)
    for k in range(0, sheet.width, 7):
        sheet.rect((k, 4, k + 2.5, cap - 2), dark(cap_fill, 0.12))
    _wrap(
        sheet,
        artwork(product, look, radius * 2.6, body * 0.78, across=_READABLE * 1.4),
        cap + 26 + body * 0.12,
    )
    round_cap = neck + 8 if look.build % 2 else radius * 0.62
    profile = [
        (0, round_cap), (cap, round_cap), (cap + 1, neck), (cap + 6, neck), (cap + 14, radius * 0.72),
        (cap + 26, radius * 0.93), (cap + 44, radius),
        (height - 16, radius * (0.94 if look.build % 4 else 1)), (height, radius * 0.9),
    ]  # fmt: skip
    return revolve(sheet, profile, view, gloss=0.7, lid=cap_fill)


def juice(product: Product, look: Look, view: View) -> Image.Image:
    """Draw a clear drink bottle with a coloured cap."""
    radius, body = 50 + look.proportion * 18, 270 + look.build % 4 * 16
    cap, shoulder = 26, 60 + look.build % 5 * 8
    height = cap + shoulder + body
    liquid = mix(look.flavour, (255, 255, 255), 0.08)
    sheet = texture(radius, height, liquid)
    sheet.rect((0, 0, sheet.width, cap), look.second)
    sheet.rect((0, cap, sheet.width, cap + shoulder * 0.3), light(liquid, 0.6))
    for k in range(4):
        sheet.rect((0, height - 14 - k * 16, sheet.width, height - 11 - k * 16), light(liquid, 0.3))
    _wrap(
        sheet,
        artwork(product, look, radius * SWEEP_LABEL, body * 0.6, across=_READABLE),
        cap + shoulder + body * 0.08,
    )
    neck = radius * 0.36
    profile = [
        (0, neck + 3), (cap, neck + 3), (cap + 1, neck), (cap + shoulder * 0.3, neck),
        (cap + shoulder * 0.7, radius * 0.7),
        (cap + shoulder, radius * 0.97), (cap + shoulder + 14, radius), (height - 90, radius),
        (height - 70, radius * 0.96),
        (height - 50, radius), (height - 8, radius), (height, radius * 0.9),
    ]  # fmt: skip
    return revolve(sheet, profile, view, gloss=0.9, lid=look.second)


SWEEP_LABEL = 4.3
"""A label of this many radii goes all the way round a texture."""


def can(product: Product, look: Look, view: View) -> Image.Image:
    """Draw a drink can."""
    slim = look.build % 3 == 0
    radius, height = (58, 350) if slim else (80, 310)
    metal = (196, 200, 206)
    sheet = texture(radius, height, metal)
    art = artwork(product, look, radius * SWEEP_LABEL, height - 36, across=_READABLE)
    _wrap(sheet, art, 18)
    profile = [
        (0, radius * 0.84),
        (6, radius * 0.86),
        (20, radius),
        (height - 18, radius),
        (height, radius * 0.84),
    ]
    return revolve(sheet, profile, view, gloss=1.0, lid=metal)


def jar(product: Product, look: Look, view: View) -> Image.Image:
    """Draw a glass jar with a lid."""
    radius, body, lid = 84 + look.proportion * 20, 170 + look.build % 5 * 18, 40
    height = lid + 16 + body
    inside = look.flavour
    sheet = texture(radius, height, inside)
    lid_fill = (look.main, (206, 172, 92), look.second, (240, 240, 238))[look.build % 4]
    sheet.rect((0, 0, sheet.width, lid), lid_fill)
    for k in range(0, sheet.width, 9):
        sheet.rect((k, 6, k + 3, lid - 4), light(lid_fill, 0.2))
    sheet.rect((0, lid, sheet.width, lid + 20), light(inside, 0.5))
    sheet.rect((0, height - 8, sheet.width, height), light(inside, 0.45))
    _wrap(
        sheet,
        artwork(product, look, radius * 2.7, body * 0.74, across=_READABLE * 1.35),
        lid + 16 + body * 0.13,
    )
    profile = [
        (0, radius * 0.9), (lid, radius * 0.92), (lid + 2, radius * 0.84), (lid + 8, radius * 0.86),
        (lid + 30, radius), (height - 14, radius), (height, radius * 0.93),
    ]  # fmt: skip
    return revolve(sheet, profile, view, gloss=0.9, lid=lid_fill)


def vitamin(product: Product, look: Look, view: View) -> Image.Image:
    """Draw a pill bottle."""
    radius, body, cap = 72 + look.proportion * 18, 210 + look.build % 4 * 15, 52
    height = cap + 14 + body
    base = ((250, 250, 248), (168, 96, 40), (58, 92, 74), (40, 60, 110))[look.build % 4]
    sheet = texture(radius, height, base)
    cap_fill = ((248, 248, 248), look.second, (40, 40, 44))[look.build % 3]
    sheet.rect((0, 0, sheet.width, cap), cap_fill)
    for k in range(0, sheet.width, 6):
        sheet.rect((k, 8, k + 2, cap - 4), dark(cap_fill, 0.15))
    _wrap(
        sheet,
        artwork(product, look, radius * SWEEP_LABEL, body * 0.76, across=_READABLE),
        cap + 14 + body * 0.12,
    )
    profile = [
        (0, radius * 0.74), (4, radius * 0.78), (cap, radius * 0.78), (cap + 1, radius * 0.7),
        (cap + 6, radius * 0.72),
        (cap + 30, radius), (height - 10, radius), (height, radius * 0.93),
    ]  # fmt: skip
    return revolve(sheet, profile, view, gloss=0.55, lid=cap_fill)


def tumbler(product: Product, look: Look, view: View) -> Image.Image:
    """Draw a steel drinking bottle in the product's colour."""
    fill = colour_of(product.tokens["colour"])
    radius, body = 54 + look.proportion * 16, 270 + look.build % 5 * 16
    cap = 46 + look.build % 3 * 16
    height = cap + body
    sheet = texture(radius, height, fill)
    lid: Rgb = ((44, 44, 48), fill, (190, 192, 196))[look.build % 3]
    sheet.rect((0, 0, sheet.width, cap), lid)
    sheet.rect((0, cap, sheet.width, cap + 9), (196, 198, 202))
    if look.build % 4 == 1:
        sheet.rect((0, height - 46, sheet.width, height), dark(fill, 0.3))
    if look.build % 4 == 2:
        sheet.rect((0, height * 0.5, sheet.width, height * 0.56), light(fill, 0.4))
    ink = ink_on(fill)
    emblem(sheet, look, sheet.width / 2, cap + body * 0.34, radius * 0.3, ink)
    sheet.text(
        (sheet.width / 2, cap + body * 0.52),
        brand_text(product, look),
        ink,
        size=26,
        width=radius * 1.4,
        face=look.face,
    )
    sheet.text(
        (sheet.width / 2, cap + body * 0.6), product.line.name, ink, size=14, width=radius * 1.2, face=4
    )
    neck = radius * (0.7 if look.build % 2 else 0.96)
    profile = [
        (0, neck * 0.96), (6, neck), (cap, neck), (cap + 8, neck), (cap + 40, radius),
        (height - 20, radius * (0.86 if look.build % 5 == 0 else 1)), (height, radius * 0.84),
    ]  # fmt: skip
    return revolve(sheet, profile, view, gloss=0.5, lid=lid)


def _wrap(sheet: Sheet, art: Sheet, top: float) -> None:
    """Put a label on the middle of a texture."""
    sheet.paste(art.rgb, ((sheet.width - art.width) / 2, top))
