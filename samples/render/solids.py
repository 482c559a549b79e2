"""Turns a flat texture and a profile into a solid of revolution: bottles, cans, jars, mugs."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

from samples.render.kit import SCALE, Floats, Sheet, View, lit
from samples.render.look import Rgb, dark, light

SWEEP = 4.3
"""Angle (radians) that a texture covers: the visible half and what turning by yaw brings into view."""


def texture(radius: float, height: float, base: Rgb) -> Sheet:
    """Return an empty texture for a solid of `radius` x `height` pixels; its middle is the front."""
    return Sheet(radius * SWEEP, height, base)


def revolve(
    surface: Sheet,
    profile: Sequence[tuple[float, float]],
    view: View,
    *,
    gloss: float = 0.6,
    lid: Rgb | None = None,
    hollow: bool = False,
) -> Image.Image:
    """Return the RGBA sprite of the solid whose radius at height y (pixels from the top) follows `profile`.

    `lid` colours the top face, or with `hollow` the inside of a cup; without one the solid ends in its narrow
    top.
    """
    heights, radii = np.array(profile, dtype=np.float32).T * SCALE
    largest, top = float(radii.max()), float(radii[0])
    rise, sag = int(view.pitch * top) + 1, int(view.pitch * float(radii[-1])) + 1
    rows = np.arange(-rise, surface.height * SCALE + sag, dtype=np.float32)
    radius = np.interp(rows, heights, radii).astype(np.float32)
    columns = np.arange(int(2 * largest) + 2 * SCALE, dtype=np.float32) + 0.5 - (largest + SCALE)
    across = columns[None, :] * (1 / radius)[:, None]
    inside = np.abs(across) < 1
    clipped = np.clip(across, -1, 1, out=across)
    below = np.multiply(clipped, clipped)
    np.subtract(1, below, out=below)
    np.sqrt(below, out=below)
    below *= (-view.pitch * radius)[:, None]
    below += rows[:, None]
    row = below.astype(np.int32)
    inside &= (row >= 0) & (row < surface.height * SCALE)
    pixels = _gather(surface, row, clipped, view.yaw)
    pixels[..., 3] = inside * np.uint8(255)
    picture = Image.fromarray(pixels, "RGBA")
    if lid is not None:
        _lid(picture, lid, top, rise, hollow=hollow)
    small = picture.reduce(SCALE)
    step = clipped[::SCALE, ::SCALE]
    shade, glow = _light(view.side, gloss)
    place = np.asarray((step + 1) * 127.5, dtype=np.uint8)
    size = (small.height, small.width)
    return lit(small.convert("RGB"), small.getchannel("A"), _fit(shade[place], size), _fit(glow[place], size))


def _gather(surface: Sheet, row: npt.NDArray[np.int32], across: Floats, yaw: float) -> npt.NDArray[np.uint8]:
    """Look every pixel up in the texture; four channels travel as one 32-bit number, which is much faster."""
    flat = np.asarray(surface.rgb.convert("RGBA")).view(np.uint32)[..., 0]
    table = np.arcsin(np.linspace(-1, 1, 2048)) + yaw
    column = ((table / SWEEP + 0.5) * flat.shape[1]).clip(0, flat.shape[1] - 1).astype(np.int32)
    step = across * np.float32(1023.5)
    step += np.float32(1023.5)
    place = np.take(column, step.astype(np.int32))
    row = np.clip(row, 0, flat.shape[0] - 1)
    row *= np.int32(flat.shape[1])
    place += row
    taken = np.take(flat.reshape(-1), place)
    return taken.view(np.uint8).reshape(*row.shape, 4)


def _lid(picture: Image.Image, fill: Rgb, radius: float, rise: int, *, hollow: bool) -> None:
    middle = picture.width / 2
    draw = ImageDraw.Draw(picture)
    draw.ellipse((middle - radius, 0, middle + radius, 2 * rise), fill=(*light(fill, 0.25), 255))
    inner = radius * 0.9
    draw.ellipse(
        (middle - inner, rise * 0.12, middle + inner, rise * 1.92),
        fill=(*(dark(fill, 0.08) if hollow else light(fill, 0.14)), 255),
    )
    if not hollow:
        return
    # The near rim hides the inside of a cup from below, so it gets darker towards the camera.
    for step in range(1, 5):
        share = inner * (1 - 0.05 * step)
        box = (middle - share, rise * (0.12 + 0.26 * step), middle + share, rise * (1.92 - 0.01 * step))
        draw.ellipse(box, fill=(*dark(fill, 0.08 + 0.07 * step), 255))


def _light(side: int, gloss: float) -> tuple[Floats, Floats]:
    """Return shading and highlights over 256 steps from the left edge of a cylinder to its right edge."""
    across = np.linspace(-1, 1, 256)
    angle = np.arcsin(across)
    shade = 0.58 + 0.48 * np.cos(angle + side * 0.55) - 0.2 * np.abs(across) ** 8
    glow = 95 * gloss * np.exp(-(((across + side * 0.52) / 0.085) ** 2))
    glow += 40 * gloss * np.exp(-(((across - side * 0.8) / 0.05) ** 2))
    return shade.astype(np.float32), glow.astype(np.float32)


def _fit(values: Floats, size: tuple[int, int]) -> Floats:
    """Cut or repeat the last row and column: halving an odd size rounds up here and down there."""
    rows, columns = size
    missing = (max(0, rows - values.shape[0]), max(0, columns - values.shape[1]))
    return np.pad(values, ((0, missing[0]), (0, missing[1])), mode="edge")[:rows, :columns]
