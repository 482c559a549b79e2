"""Printed artwork: brand, name, flavour and size over patterns, for labels and packages."""

import random
from collections.abc import Callable

from samples.products import Product
from samples.render.emblems import emblem, fruit
from samples.render.kit import SCALE, Sheet
from samples.render.look import Look, Rgb, dark, ink_on, light, mix
from samples.render.patterns import PATTERNS

_UPPER = frozenset({0, 1, 5})


def artwork(product: Product, look: Look, width: float, height: float, *, across: float = 1.0) -> Sheet:
    """Return the front of a package, `width` x `height`; text keeps to the middle `across` of the width.

    A wrapped label shows only part of its width at once, so its text must stay narrower than the label.
    """
    plain = look.layout in {0, 3}
    ground = look.paper if plain else look.main
    sheet = Sheet(width, height, ground)
    rng = random.Random(product.line.art)
    tint = mix(ground, look.second, 0.3 if plain else 0.45)
    PATTERNS[look.pattern % len(PATTERNS)](sheet, tint, rng)
    draw = _layout_wide if width * across > 1.25 * height else _LAYOUTS[look.layout % len(_LAYOUTS)]
    draw(sheet, product, look, width * across)
    return sheet


def size_text(product: Product) -> str:
    """Return the size as it is printed; empty where one picture stands for several sizes."""
    return (
        ""
        if product.plain
        else product.tokens.get("size", "").upper().replace("ML", "ml").replace(" G", " g")
    )


def brand_text(product: Product, look: Look) -> str:
    """Return the brand in its own case."""
    return product.line.brand.upper() if look.face in _UPPER else product.line.brand


def _texts(
    sheet: Sheet,
    product: Product,
    look: Look,
    width: float,
    rows: tuple[float, float, float, float],
    ink: Rgb,
    second: Rgb,
) -> None:
    """Write brand, name, flavour and size at the heights `rows` (shares of the sheet's height)."""
    x, high, span = sheet.width / 2, sheet.height, width * 0.84
    unit = min(width, high)
    brand, name, flavour, size = (high * row for row in rows)
    face = look.face
    # Bounded by the height too, or the lines of a low, wide label would run into each other.
    big, middle, small = (
        min(unit * 0.22, high * 0.15),
        min(unit * 0.13, high * 0.1),
        min(unit * 0.085, high * 0.07),
    )
    sheet.text((x, brand), brand_text(product, look), ink, size=big, width=span, face=face)
    sheet.text((x, name), product.line.name, second, size=middle, width=span, face=(face + 2) % 6)
    sheet.text((x, flavour), _contents(product), second, size=small, width=span, face=6)
    _size(sheet, product, (x, size), unit * 0.085)


def _contents(product: Product) -> str:
    return " · ".join(part for part in (product.line.flavour[0], product.line.kind.nouns[0][0]) if part)


def _size(sheet: Sheet, product: Product, at: tuple[float, float], size: float) -> None:
    """Write the size in whichever ink can be read there."""
    ground = sheet.rgb.getpixel((int(at[0] * SCALE), int(at[1] * SCALE)))
    ink = ink_on((ground[0], ground[1], ground[2])) if isinstance(ground, tuple) else (0, 0, 0)
    sheet.text(at, size_text(product), ink, size=size, width=sheet.width * 0.5, face=0)


def _layout_band(sheet: Sheet, product: Product, look: Look, width: float) -> None:
    high, wide = sheet.height, sheet.width
    sheet.rect((0, high * 0.1, wide, high * 0.36), look.main)
    _texts(sheet, product, look, width, (0.23, 0.44, 0.52, 0.94), ink_on(look.main), dark(look.main, 0.5))
    fruit(sheet, look, wide / 2, high * 0.71, min(width * 0.26, high * 0.14))


def _layout_oval(sheet: Sheet, product: Product, look: Look, width: float) -> None:
    high, x = sheet.height, sheet.width / 2
    sheet.ellipse((x - width * 0.47, high * 0.1, x + width * 0.47, high * 0.58), light(look.paper, 0.3))
    sheet.ellipse(
        (x - width * 0.44, high * 0.115, x + width * 0.44, high * 0.565), mix(look.paper, look.second, 0.15)
    )
    _texts(
        sheet,
        product,
        look,
        width * 0.88,
        (0.27, 0.39, 0.47, 0.94),
        dark(look.main, 0.35),
        dark(look.main, 0.2),
    )
    fruit(sheet, look, x, high * 0.74, min(width * 0.26, high * 0.13))


def _layout_diagonal(sheet: Sheet, product: Product, look: Look, width: float) -> None:
    high, wide = sheet.height, sheet.width
    sheet.polygon([(0, high * 0.62), (wide, high * 0.44), (wide, high), (0, high)], look.second)
    sheet.polygon([(0, high * 0.6), (wide, high * 0.42), (wide, high * 0.44), (0, high * 0.62)], look.paper)
    ink = ink_on(look.main)
    emblem(sheet, look, wide / 2, high * 0.11, min(width, high) * 0.09, ink)
    _texts(sheet, product, look, width, (0.25, 0.37, 0.45, 0.93), ink, ink)
    fruit(sheet, look, wide / 2, high * 0.74, min(width * 0.27, high * 0.14))


def _layout_wide(sheet: Sheet, product: Product, look: Look, width: float) -> None:
    """For low boxes: print on the left, a picture in a panel on the right."""
    high, wide = sheet.height, sheet.width
    panel = wide * (0.62 if look.build % 2 else 0.68)
    sheet.rect((panel, 0, wide, high), look.second)
    sheet.rect((panel - 5, 0, panel, high), light(look.second, 0.5))
    fruit(sheet, look, (panel + wide) / 2, high * 0.48, min((wide - panel) * 0.34, high * 0.3))
    ground = look.paper if look.layout in {0, 3} else look.main
    ink, middle, span = ink_on(ground), panel / 2, min(panel, width) * 0.84
    if look.layout % 2:
        sheet.rect((0, high * 0.78, panel - 5, high), dark(ground, 0.25))
    emblem(sheet, look, middle, high * 0.17, high * 0.09, ink)
    sheet.text(
        (middle, high * 0.4), brand_text(product, look), ink, size=high * 0.2, width=span, face=look.face
    )
    sheet.text(
        (middle, high * 0.58), product.line.name, ink, size=high * 0.12, width=span, face=(look.face + 2) % 6
    )
    sheet.text((middle, high * 0.7), _contents(product), ink, size=high * 0.08, width=span, face=6)
    _size(sheet, product, (middle, high * 0.89), high * 0.09)


def _layout_minimal(sheet: Sheet, product: Product, look: Look, width: float) -> None:
    high, wide = sheet.height, sheet.width
    ink = dark(look.main, 0.3)
    emblem(sheet, look, wide / 2, high * 0.2, min(width, high) * 0.12, look.main)
    _texts(sheet, product, look, width, (0.4, 0.54, 0.61, 0.82), ink, (70, 70, 74))
    sheet.rect((0, high * 0.89, wide, high), look.main)
    sheet.line(
        [(wide / 2 - width * 0.2, high * 0.68), (wide / 2 + width * 0.2, high * 0.68)], look.second, 1.5
    )
    sheet.text(
        (wide / 2, high * 0.74),
        look.slogan,
        look.second,
        size=min(width, high) * 0.07,
        width=width * 0.7,
        face=3,
    )


def _layout_panel(sheet: Sheet, product: Product, look: Look, width: float) -> None:
    high, x = sheet.height, sheet.width / 2
    sheet.rect((x - width * 0.45, high * 0.3, x + width * 0.45, high * 0.86), look.paper, radius=width * 0.05)
    sheet.rect((x - width * 0.41, high * 0.32, x + width * 0.41, high * 0.325), look.second)
    emblem(sheet, look, x, high * 0.15, min(width, high) * 0.12, ink_on(look.main))
    _texts(sheet, product, look, width * 0.9, (0.4, 0.5, 0.57, 0.93), dark(look.main, 0.35), (60, 56, 60))
    fruit(sheet, look, x, high * 0.72, min(width * 0.24, high * 0.1))


def _layout_big(sheet: Sheet, product: Product, look: Look, width: float) -> None:
    high, wide = sheet.height, sheet.width
    ink = ink_on(look.main)
    r = min(width * 0.42, high * 0.24)
    sheet.ellipse((wide / 2 - r, high * 0.44 - r, wide / 2 + r, high * 0.44 + r), look.second)
    fruit(sheet, look, wide / 2, high * 0.44, r * 0.6)
    _texts(sheet, product, look, width, (0.12, 0.76, 0.84, 0.93), ink, ink)


_LAYOUTS: tuple[Callable[[Sheet, Product, Look, float], None], ...] = (
    _layout_band, _layout_oval, _layout_diagonal, _layout_minimal, _layout_panel, _layout_big,
)  # fmt: skip
