"""Printed artwork: brand, name, flavour and size over patterns, for labels and packages."""

import math
import random
from collections.abc import Callable

from samples.products import Product
from samples.render.kit import Sheet
from samples.render.look import Look, Rgb, dark, ink_on, light, mix

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
    _LAYOUTS[look.layout % len(_LAYOUTS)](sheet, product, look, width * across)
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


def emblem(sheet: Sheet, look: Look, x: float, y: float, r: float, fill: Rgb) -> None:
    """Draw the brand's logo with radius `r`."""
    paper = ink_on(fill)
    kind = look.emblem
    if kind == 0:
        sheet.ellipse((x - r, y - r, x + r, y + r), fill)
        sheet.ellipse((x - r * 0.6, y - r * 0.6, x + r * 0.6, y + r * 0.6), paper)
    elif kind == 1:
        sheet.polygon(star(x, y, r, 5, 0.45), fill)
    elif kind == 2:
        leaf(sheet, x, y, r, fill)
    elif kind == 3:
        sheet.polygon([(x, y - r), (x + r, y), (x, y + r), (x - r, y)], fill)
        sheet.polygon([(x, y - r / 2), (x + r / 2, y), (x, y + r / 2), (x - r / 2, y)], paper)
    elif kind == 4:
        sheet.polygon(star(x, y, r, 12, 0.75), fill)
    elif kind == 5:
        for step in (-1, 0, 1):
            sheet.rect(
                (
                    x - r,
                    y + step * r * 0.7 - r * 0.2,
                    x + r * (1 - abs(step) * 0.4),
                    y + step * r * 0.7 + r * 0.2,
                ),
                fill,
                radius=r * 0.2,
            )
    elif kind == 6:
        sheet.polygon([(x - r, y + r * 0.8), (x - r * 0.2, y - r * 0.8), (x + r * 0.5, y + r * 0.8)], fill)
        sheet.polygon(
            [(x - r * 0.1, y + r * 0.8), (x + r * 0.5, y - r * 0.2), (x + r, y + r * 0.8)],
            mix(fill, paper, 0.4),
        )
    elif kind == 7:
        sheet.ellipse((x - r, y - r, x + r, y + r), fill)
        sheet.ellipse((x - r * 0.3, y - r * 1.0, x + r * 1.3, y + r * 0.6), paper)
    else:
        sheet.rect((x - r, y - r, x + r, y + r), fill, radius=r * 0.4)
        sheet.text((x, y), "&", paper, size=r * 1.6, width=r * 2, face=1)


def star(x: float, y: float, r: float, points: int, inner: float) -> list[tuple[float, float]]:
    """Return a star's outline; `inner` is the share of the radius at its notches."""
    angles = (math.pi * k / points - math.pi / 2 for k in range(points * 2))
    return [
        (x + r * (inner if k % 2 else 1) * math.cos(a), y + r * (inner if k % 2 else 1) * math.sin(a))
        for k, a in enumerate(angles)
    ]


def leaf(sheet: Sheet, x: float, y: float, r: float, fill: Rgb) -> None:
    """Draw a leaf that points up and right."""
    steps = [k / 10 for k in range(11)]
    upper = [(x - r + 2 * r * t, y + r - 2 * r * t - r * 0.7 * math.sin(math.pi * t)) for t in steps]
    lower = [
        (x - r + 2 * r * t + r * 0.7 * math.sin(math.pi * t), y + r - 2 * r * t) for t in reversed(steps)
    ]
    sheet.polygon(upper + lower, fill)
    sheet.line([(x - r, y + r), (x + r * 0.7, y - r * 0.7)], light(fill, 0.5), max(0.8, r * 0.08))


def _fruit(sheet: Sheet, look: Look, x: float, y: float, r: float) -> None:
    """Draw what the package tastes or smells of: a shaded ball, a slice, leaves or drops."""
    fill, shape = look.flavour, look.build % 4
    if shape == 0:
        for dx, dy, s in ((-0.7, 0.25, 0.75), (0.7, 0.3, 0.7), (0, 0, 1.0)):
            cx, cy, cr = x + dx * r, y + dy * r, r * s * 0.8
            sheet.ellipse((cx - cr, cy - cr, cx + cr, cy + cr), dark(fill, 0.18))
            sheet.ellipse((cx - cr * 0.95, cy - cr * 0.97, cx + cr * 0.8, cy + cr * 0.8), fill)
            sheet.ellipse((cx - cr * 0.6, cy - cr * 0.7, cx - cr * 0.1, cy - cr * 0.2), light(fill, 0.55))
        leaf(sheet, x + r * 0.35, y - r * 0.95, r * 0.35, (88, 146, 70))
    elif shape == 1:
        sheet.ellipse((x - r, y - r, x + r, y + r), fill)
        sheet.ellipse((x - r * 0.88, y - r * 0.88, x + r * 0.88, y + r * 0.88), light(fill, 0.75))
        for k in range(8):
            a, b = math.pi * (k / 4 + 0.03), math.pi * (k / 4 + 0.22)
            rim = [(x + r * 0.8 * math.cos(t), y + r * 0.8 * math.sin(t)) for t in (a, (a + b) / 2, b)]
            sheet.polygon([(x, y), *rim], fill)
    elif shape == 2:
        for k in range(-2, 3):
            leaf(
                sheet,
                x + k * r * 0.42,
                y + abs(k) * r * 0.22,
                r * 0.5,
                mix(fill, (70, 130, 60), 0.2 * abs(k)),
            )
    else:
        for dx, dy, s in ((0, 0, 1.0), (-0.8, 0.5, 0.55), (0.85, 0.35, 0.6)):
            cx, cy, cr = x + dx * r, y + dy * r, r * s * 0.7
            sheet.polygon([(cx, cy - cr * 1.8), (cx + cr * 0.9, cy), (cx - cr * 0.9, cy)], fill)
            sheet.ellipse((cx - cr, cy - cr * 0.7, cx + cr, cy + cr), fill)
            sheet.ellipse((cx - cr * 0.5, cy - cr * 0.1, cx - cr * 0.1, cy + cr * 0.5), light(fill, 0.6))


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
    brand, name, flavour, size = rows
    sheet.text(
        (x, high * brand), brand_text(product, look), ink, size=unit * 0.22, width=span, face=look.face
    )
    sheet.text(
        (x, high * name), product.line.name, second, size=unit * 0.13, width=span, face=(look.face + 2) % 6
    )
    line = " · ".join(part for part in (product.line.flavour[0], product.line.kind.nouns[0][0]) if part)
    sheet.text((x, high * flavour), line, second, size=unit * 0.085, width=span, face=6)
    if size_text(product):
        sheet.text((x, high * size), size_text(product), ink, size=unit * 0.08, width=span, face=2)


def _layout_band(sheet: Sheet, product: Product, look: Look, width: float) -> None:
    high, wide = sheet.height, sheet.width
    sheet.rect((0, high * 0.1, wide, high * 0.36), look.main)
    _texts(sheet, product, look, width, (0.23, 0.44, 0.52, 0.94), ink_on(look.main), dark(look.main, 0.5))
    _fruit(sheet, look, wide / 2, high * 0.71, min(width * 0.26, high * 0.14))
    sheet.text(
        (wide / 2, high * 0.94),
        size_text(product),
        dark(look.main, 0.5),
        size=high * 0.045,
        width=width * 0.6,
        face=2,
    )


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
    _fruit(sheet, look, x, high * 0.74, min(width * 0.26, high * 0.13))


def _layout_diagonal(sheet: Sheet, product: Product, look: Look, width: float) -> None:
    high, wide = sheet.height, sheet.width
    sheet.polygon([(0, high * 0.62), (wide, high * 0.44), (wide, high), (0, high)], look.second)
    sheet.polygon([(0, high * 0.6), (wide, high * 0.42), (wide, high * 0.44), (0, high * 0.62)], look.paper)
    ink = ink_on(look.main)
    emblem(sheet, look, wide / 2, high * 0.11, min(width, high) * 0.09, ink)
    _texts(sheet, product, look, width, (0.25, 0.37, 0.45, 0.93), ink, ink)
    _fruit(sheet, look, wide / 2, high * 0.74, min(width * 0.27, high * 0.14))


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
    _fruit(sheet, look, x, high * 0.72, min(width * 0.24, high * 0.1))


def _layout_big(sheet: Sheet, product: Product, look: Look, width: float) -> None:
    high, wide = sheet.height, sheet.width
    ink = ink_on(look.main)
    r = min(width * 0.42, high * 0.24)
    sheet.ellipse((wide / 2 - r, high * 0.44 - r, wide / 2 + r, high * 0.44 + r), look.second)
    _fruit(sheet, look, wide / 2, high * 0.44, r * 0.6)
    _texts(sheet, product, look, width, (0.12, 0.76, 0.84, 0.93), ink, ink)


def _stripes(sheet: Sheet, tint: Rgb, rng: random.Random) -> None:
    step = rng.uniform(8, 22)
    for k in range(int(sheet.width / step) + 1):
        sheet.rect((k * step, 0, k * step + step * 0.4, sheet.height), tint)


def _diagonals(sheet: Sheet, tint: Rgb, rng: random.Random) -> None:
    step = rng.uniform(12, 26)
    for k in range(-int(sheet.height / step) - 1, int(sheet.width / step) + 1):
        sheet.line([(k * step, sheet.height), (k * step + sheet.height, 0)], tint, step * 0.3)


def _dots(sheet: Sheet, tint: Rgb, rng: random.Random) -> None:
    step, r = rng.uniform(14, 26), rng.uniform(2, 5)
    for row in range(int(sheet.height / step) + 1):
        for column in range(int(sheet.width / step) + 1):
            x, y = (column + row % 2 / 2) * step, row * step
            sheet.ellipse((x - r, y - r, x + r, y + r), tint)


def _waves(sheet: Sheet, tint: Rgb, rng: random.Random) -> None:
    step, swing, turns = rng.uniform(14, 28), rng.uniform(3, 8), rng.uniform(20, 50)
    for row in range(int(sheet.height / step) + 2):
        line = [(x, row * step + swing * math.sin(x / turns * 6.28)) for x in range(0, sheet.width + 8, 8)]
        sheet.line(line, tint, 2.5)


def _bubbles(sheet: Sheet, tint: Rgb, rng: random.Random) -> None:
    for _ in range(16):
        x, y, r = rng.uniform(0, sheet.width), rng.uniform(0, sheet.height), rng.uniform(4, sheet.width / 7)
        sheet.ellipse((x - r, y - r, x + r, y + r), (*tint, 120))


def _triangles(sheet: Sheet, tint: Rgb, rng: random.Random) -> None:
    for _ in range(14):
        x, y, r = rng.uniform(0, sheet.width), rng.uniform(0, sheet.height), rng.uniform(8, sheet.width / 4)
        sheet.polygon(star(x, y, r, 3, 0.5), (*tint, 130))


def _rays(sheet: Sheet, tint: Rgb, rng: random.Random) -> None:
    x, y, far = sheet.width / 2, sheet.height * rng.uniform(0.4, 0.8), sheet.width + sheet.height
    for k in range(12):
        a, b = math.pi * k / 6, math.pi * (k + 0.5) / 6
        sheet.polygon(
            [
                (x, y),
                (x + far * math.cos(a), y + far * math.sin(a)),
                (x + far * math.cos(b), y + far * math.sin(b)),
            ],
            tint,
        )


def _leaves(sheet: Sheet, tint: Rgb, rng: random.Random) -> None:
    for _ in range(12):
        leaf(sheet, rng.uniform(0, sheet.width), rng.uniform(0, sheet.height), rng.uniform(6, 16), tint)


def _none(_sheet: Sheet, _tint: Rgb, _rng: random.Random) -> None:
    pass


PATTERNS: tuple[Callable[[Sheet, Rgb, random.Random], None], ...] = (
    _stripes, _diagonals, _dots, _waves, _bubbles, _triangles, _rays, _leaves, _none,
)  # fmt: skip
_LAYOUTS: tuple[Callable[[Sheet, Product, Look, float], None], ...] = (
    _layout_band, _layout_oval, _layout_diagonal, _layout_minimal, _layout_panel, _layout_big,
)  # fmt: skip
