"""Repeating patterns behind the print: stripes, dots, waves, rays, leaves."""

import math
import random
from collections.abc import Callable

from samples.render.emblems import leaf, star
from samples.render.kit import Sheet
from samples.render.look import Rgb


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
