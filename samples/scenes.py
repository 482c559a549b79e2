"""Puts a cut-out product in front of a background, with its shadow, the light and the camera's faults."""

import random
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageFilter

from samples.render.figures import Figure
from samples.render.kit import Floats, to_band
from samples.render.look import Rgb, hsv
from samples.render.textures import cut

Planes = tuple[Floats, Floats, Floats]
_BLUR = 5
"""Half the height, in pixels, of the soft edge between wall and table."""
_FILL = 0.8
"""Largest share of the frame that a product takes."""
_WOODS: tuple[Rgb, ...] = ((196, 150, 104), (160, 108, 68), (222, 194, 156), (112, 80, 58), (206, 206, 200))
_CLOTHS: tuple[Rgb, ...] = (
    (226, 220, 208),
    (176, 188, 196),
    (208, 186, 172),
    (120, 132, 140),
    (234, 226, 230),
)
_WALLS: tuple[Rgb, ...] = (
    (236, 232, 226),
    (214, 222, 226),
    (230, 214, 200),
    (200, 208, 196),
    (244, 244, 244),
)


@dataclass(frozen=True, slots=True)
class Scene:
    """A background (red, green, blue planes, each height x width, 0-255) and how a shadow falls on it."""

    planes: Planes
    shadow: float
    spread: float


def frame_size(rng: random.Random) -> tuple[int, int]:
    """Return width and height in pixels; most shops ask for squares."""
    side = rng.choice((400, 420, 440, 480, 500))
    return (side, side) if rng.random() < 0.75 else (int(side * 0.84), side)


def background(size: tuple[int, int], rng: random.Random, *, lies: bool) -> Scene:
    """Draw one of the usual backgrounds; a product that lies is seen on a surface from above."""
    drawn = rng.random()
    if drawn < 0.4:
        return _studio(size, rng, (250, 250, 250))
    if drawn < 0.55:
        return _studio(size, rng, hsv(rng.random(), rng.uniform(0.06, 0.3), rng.uniform(0.84, 0.97)))
    name = rng.choice(("wood", "wood", "cloth", "stone", "paper"))
    tint = _tint(name, rng)
    if lies:
        return Scene(_tinted(_surface(name, size, rng, 1.0), tint), 0.5, 0.03)
    return _table(name, size, tint, rng)


def _tint(name: str, rng: random.Random) -> Rgb:
    if name == "wood":
        return rng.choice(_WOODS)
    if name == "cloth":
        return rng.choice(_CLOTHS)
    if name == "stone":
        return rng.choice(((236, 234, 232), (206, 206, 208), (74, 76, 80)))
    return hsv(rng.random(), rng.uniform(0.15, 0.5), rng.uniform(0.8, 0.95))


def _studio(size: tuple[int, int], rng: random.Random, tint: Rgb) -> Scene:
    """A seamless backdrop: brighter behind the product, a little darker floor."""
    width, height = size
    down = np.linspace(0, 1, height, dtype=np.float32)
    fade = 1.02 - 0.05 * np.clip((down - rng.uniform(0.55, 0.75)) * 4, 0, 1) * rng.choice((0.0, 0.5, 1.0))
    plane = np.broadcast_to(fade[:, None], (height, width))
    return Scene(_tinted(plane, tint), 0.34, 0.05)


def _tinted(plane: Floats, tint: Rgb) -> Planes:
    red, green, blue = (plane * np.float32(level) for level in tint)
    return red, green, blue


def _surface(name: str, size: tuple[int, int], rng: random.Random, squeeze: float) -> Floats:
    """Return height x width factors around 1 of a surface's texture."""
    return cut(name, *size, (rng.randrange(1024), rng.randrange(1024)), squeeze=squeeze)


def _table(name: str, size: tuple[int, int], tint: Rgb, rng: random.Random) -> Scene:
    """A wall with a table in front of it, the edge between them out of focus."""
    width, height = size
    edge = int(height * rng.uniform(0.5, 0.72))
    table = _surface(name, (width, height - edge), rng, 2.6)
    table = table * np.linspace(0.82, 1.06, height - edge, dtype=np.float32)[:, None]
    wall, bright = rng.choice(_WALLS), rng.uniform(0.72, 1.0)
    across = np.linspace(*rng.choice(((0.86, 1.04), (1.04, 0.86))), width, dtype=np.float32) * np.float32(
        bright
    )
    share = np.linspace(0, 1, 2 * _BLUR, dtype=np.float32)[:, None]
    planes = []
    for wall_level, table_level in zip(wall, tint, strict=True):
        upper = np.broadcast_to(across * np.float32(wall_level), (edge, width))
        plane = np.concatenate([upper, table * np.float32(table_level)])
        band = plane[edge - _BLUR : edge + _BLUR]
        plane[edge - _BLUR : edge + _BLUR] = band[:1] * (1 - share) + band[-1:] * share
        planes.append(plane)
    return Scene((planes[0], planes[1], planes[2]), 0.55, 0.035)


def compose(figure: Figure, scene: Scene, rng: random.Random, side: int) -> Image.Image:
    """Return the photo: the figure on the scene, lit from `side` (-1 left, 1 right)."""
    height, width = scene.planes[0].shape
    cutout = _fitted(figure, width, height, rng)
    x = (width - cutout.width) // 2 + int(width * rng.uniform(-0.04, 0.04))
    if figure.lies:
        y = (height - cutout.height) // 2 + int(height * rng.uniform(-0.03, 0.03))
    else:
        y = int(height * rng.uniform(0.9, 0.95)) - cutout.height
    at = (max(0, x), max(0, y))
    fall = _shadow(cutout, (width, height), at, scene, side, lies=figure.lies)
    *colours, alpha = cutout.split()
    cover = np.asarray(alpha, dtype=np.float32) / 255
    rows, columns = slice(at[1], at[1] + cover.shape[0]), slice(at[0], at[0] + cover.shape[1])
    light, gains, grain = _camera((width, height), rng, side)
    bands = []
    for plane, colour, gain in zip(scene.planes, colours, gains, strict=True):
        shown = plane * fall
        part = shown[rows, columns]
        part += cover * (np.asarray(colour, dtype=np.float32) - part)
        shown *= light
        shown *= np.float32(gain)
        shown += grain
        bands.append(to_band(shown))
    return Image.merge("RGB", bands)


def _fitted(figure: Figure, width: int, height: int, rng: random.Random) -> Image.Image:
    share = _FILL * rng.uniform(0.82, 1.06)
    wide, high = figure.outline()
    return figure.scaled(min(width * share / wide, height * share / high))


def _shadow(
    cutout: Image.Image, size: tuple[int, int], at: tuple[int, int], scene: Scene, side: int, *, lies: bool
) -> Floats:
    """Return factors (height x width) that darken the ground; drawn at a quarter, as it is soft anyway."""
    width, height = size[0] // 4, size[1] // 4
    x, y = at[0] // 4, at[1] // 4
    alpha = cutout.getchannel("A").reduce(4)
    ground = Image.new("L", (width, height), 0)
    if lies:
        ground.paste(255, (x + int(-side * 2), y + 2), alpha)
    else:
        low = max(4, int(alpha.height * 0.22))
        flat = alpha.resize((alpha.width, low))
        lean = flat.transform(
            (flat.width + 2 * low, low),
            Image.Transform.AFFINE,
            (1, side * 1.6, -low - side * low * 0.9, 0, 1, 0),
        )
        ground.paste(255, (x - low, y + alpha.height - low + 1), lean)
        foot = Image.new("L", (alpha.width, 3), 255)
        ground.paste(foot, (x, y + alpha.height - 2))
    soft = ground.filter(ImageFilter.GaussianBlur(max(1.2, width * scene.spread)))
    wide = soft.resize(size, Image.Resampling.BILINEAR)
    return 1 - np.asarray(wide, dtype=np.float32) * (scene.shadow / 255)


def _camera(size: tuple[int, int], rng: random.Random, side: int) -> tuple[Floats, tuple[float, ...], Floats]:
    """Return light (height x width factors), one gain for each of red, green and blue, and sensor grain."""
    width, height = size
    strength = rng.uniform(0.0, 0.16)
    across = np.linspace(1 - side * strength / 2, 1 + side * strength / 2, width)
    edges = rng.uniform(0.0, 0.09)
    far_x, far_y = np.linspace(-1, 1, width) ** 2, np.linspace(-1, 1, height) ** 2
    light = np.outer(1 - edges * far_y, (1 - edges * far_x) * across).astype(np.float32)
    warm, exposure = rng.uniform(-0.045, 0.05), rng.uniform(0.9, 1.05)
    gains = ((1 + warm) * exposure, exposure, (1 - warm) * exposure)
    grain = cut("grain", width, height, (rng.randrange(1024), rng.randrange(1024)))
    return light, gains, grain * np.float32(rng.uniform(0.4, 1.6))
