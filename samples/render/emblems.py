"""Small drawings on packages: brands' logos, leaves, stars and what a product tastes of."""

import math

from samples.render.kit import Sheet
from samples.render.look import Look, Rgb, dark, ink_on, light, mix


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


def fruit(sheet: Sheet, look: Look, x: float, y: float, r: float) -> None:
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
