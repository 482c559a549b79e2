"""Boxes seen at an angle: cereal, tea."""

import math
from collections.abc import Sequence

import numpy as np
from PIL import Image

from samples.products import Product
from samples.render.kit import SCALE, Point, Sheet, View
from samples.render.label import artwork, brand_text
from samples.render.look import Look, dark, ink_on


def cereal(product: Product, look: Look, view: View) -> Image.Image:
    """Draw an upright carton."""
    wide, high = 205 + look.proportion * 40, 300 + look.build % 5 * 14
    return _box(product, look, view, (wide, high, 60 + look.build % 4 * 12))


def tea(product: Product, look: Look, view: View) -> Image.Image:
    """Draw a small carton, wider than high."""
    wide, high = 260 + look.proportion * 50, 170 + look.build % 5 * 16
    return _box(product, look, view, (wide, high, 90 + look.build % 4 * 10))


def _box(product: Product, look: Look, view: View, size: tuple[float, float, float]) -> Image.Image:
    """Draw front, one side and the top of a box of `size` width, height, depth (pixels)."""
    wide, high, deep = size
    turn = view.yaw if abs(view.yaw) > 0.12 else 0.3 * (1 if view.yaw >= 0 else -1)
    front_w, side_w = wide * math.cos(turn), deep * math.sin(abs(turn)) * 1.3
    rise = 4 + view.pitch * deep * 0.9
    drop = side_w * 0.16
    total_w, total_h = front_w + side_w + 4, high + rise + 4
    left = 2 + (side_w if turn < 0 else 0)
    right, top, bottom = left + front_w, 2 + rise, 2 + rise + high
    edge = right if turn >= 0 else left
    out_x = edge + (side_w if turn >= 0 else -side_w)
    front_far = left if turn >= 0 else right
    lean = front_w * 0.025
    canvas = Image.new("RGBA", (int(total_w) + 1, int(total_h) + 1), (0, 0, 0, 0))
    near_top, near_bottom = (edge, top), (edge, bottom)
    far_top, far_bottom = (front_far, top + lean * 0.4), (front_far, bottom - lean)
    back_top, back_bottom = (out_x, top + drop * 0.3 - rise * 0.5), (out_x, bottom - drop)
    art, side_art = artwork(product, look, wide, high, across=0.94), _side(product, look, deep, high)
    bright = 1.03 if turn * view.side > 0 else 0.97
    front = (
        [far_top, near_top, near_bottom, far_bottom]
        if turn >= 0
        else [near_top, far_top, far_bottom, near_bottom]
    )
    side = (
        [near_top, back_top, back_bottom, near_bottom]
        if turn >= 0
        else [back_top, near_top, near_bottom, back_bottom]
    )
    lid_back = (front_far + (out_x - edge), far_top[1] - rise * 0.9)
    lid = [lid_back, back_top, near_top, far_top] if turn >= 0 else [back_top, lid_back, far_top, near_top]
    tint = art.rgb.getpixel((4, 4))
    flat = Sheet(24, 24, dark(tint, 0.02) if isinstance(tint, tuple) else look.main)  # type: ignore[arg-type]
    for sheet, corners, shade in ((flat, lid, 1.12), (side_art, side, bright * 0.72), (art, front, bright)):
        _face(canvas, sheet, corners, shade)
    return canvas


def _side(product: Product, look: Look, deep: float, high: float) -> Sheet:
    """Return the narrow side: brand along it and a table of small print."""
    ground = dark(look.main, 0.12)
    sheet, ink = Sheet(deep, high, ground), ink_on(ground)
    sheet.text(
        (deep / 2, high * 0.1),
        brand_text(product, look),
        ink,
        size=deep * 0.3,
        width=deep * 0.8,
        face=look.face,
    )
    sheet.rect((deep * 0.15, high * 0.3, deep * 0.85, high * 0.8), (248, 248, 244))
    for row in range(int(high * 0.5 / 10) - 1):
        y = high * 0.3 + 8 + row * 10
        sheet.rect((deep * 0.22, y, deep * (0.5 + (row * 7 % 5) * 0.06), y + 2), (90, 90, 94))
    return sheet


def _face(canvas: Image.Image, sheet: Sheet, corners: Sequence[Point], shade: float) -> None:
    """Lay a sheet onto the canvas so that its corners (from left top, clockwise) meet `corners`."""
    flat = sheet.rgb.reduce(SCALE).point([min(255, int(k * shade)) for k in range(256)] * 3)
    # A clear rim around the face lets the interpolation smooth its edges.
    framed = Image.new("RGBA", (flat.width + 4, flat.height + 4), (0, 0, 0, 0))
    framed.paste(flat, (2, 2))
    xs, ys = [x for x, _ in corners], [y for _, y in corners]
    left, top = math.floor(min(xs)) - 1, math.floor(min(ys)) - 1
    size = (math.ceil(max(xs)) + 1 - left, math.ceil(max(ys)) + 1 - top)
    source = [(2, 2), (flat.width + 2, 2), (flat.width + 2, flat.height + 2), (2, flat.height + 2)]
    data = perspective([(x - left, y - top) for x, y in corners], source)
    warped = framed.transform(size, Image.Transform.PERSPECTIVE, data, Image.Resampling.BILINEAR)
    canvas.alpha_composite(warped, (max(0, left), max(0, top)), (max(0, -left), max(0, -top)))


def perspective(target: Sequence[Point], source: Sequence[Point]) -> list[float]:
    """Return the eight numbers by which Pillow finds, for a point of `target`, its point in `source`."""
    rows, values = [], []
    for (x, y), (u, v) in zip(target, source, strict=True):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
        values += [u, v]
    # Rounded, so that the last bits of a linear algebra library do not reach the picture.
    return [round(float(value), 9) for value in np.linalg.solve(np.array(rows), np.array(values))]
