"""Drawing sheets with anti-aliasing, sprites, and shading that makes flat shapes look round."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from samples.render.look import Rgb

SCALE = 2
"""Sheets are drawn this many times larger than they are used."""

Floats = npt.NDArray[np.float32]
Point = tuple[float, float]
Fill = Rgb | tuple[int, int, int, int]
_FACES = ("Bold", "Black", "Medium", "BoldItalic", "Light", "BlackItalic", "Regular")


@dataclass(frozen=True, slots=True)
class View:
    """Where the camera and the lamp stand.

    `yaw` is in radians, `pitch` 0 (level) to about 0.3 (from above), `side` of the lamp -1 (left) or 1.
    """

    yaw: float
    pitch: float
    side: int
    roll: float
    """Degrees."""


@lru_cache(maxsize=256)
def font(face: int, size: int) -> ImageFont.FreeTypeFont:
    """Return a Roboto face (0-6) at `size` pixels, laid out the same whether or not Pillow finds Raqm."""
    from font_roboto import font_directory

    return ImageFont.truetype(
        f"{font_directory}/Roboto-{_FACES[face % len(_FACES)]}.ttf",
        size,
        layout_engine=ImageFont.Layout.BASIC,
    )


@lru_cache(maxsize=4096)
def text_length(face: int, text: str) -> float:
    """Return how long `text` is for every pixel of its size."""
    return font(face, 60).getlength(text) / 60


class Sheet:
    """A drawing in pixels of the finished sprite; what lies outside the body is cut off at the end."""

    def __init__(self, width: float, height: float, base: Rgb) -> None:
        self.width, self.height = int(width), int(height)
        size = (self.width * SCALE, self.height * SCALE)
        self.rgb = Image.new("RGB", size, base)
        self.mask = Image.new("L", size, 0)
        self._draw = ImageDraw.Draw(self.rgb, "RGBA")
        self._cut = ImageDraw.Draw(self.mask)

    def polygon(self, points: Sequence[Point], fill: Fill, *, body: bool = False) -> None:
        """Fill a polygon; with `body` it also becomes part of the silhouette."""
        scaled = [(x * SCALE, y * SCALE) for x, y in points]
        self._draw.polygon(scaled, fill=fill)
        if body:
            self._cut.polygon(scaled, fill=255)

    def ellipse(self, box: tuple[float, float, float, float], fill: Fill, *, body: bool = False) -> None:
        """Fill an ellipse given by its left, top, right and bottom."""
        scaled = _box(box)
        self._draw.ellipse(scaled, fill=fill)
        if body:
            self._cut.ellipse(scaled, fill=255)

    def rect(
        self, box: tuple[float, float, float, float], fill: Fill, *, radius: float = 0, body: bool = False
    ) -> None:
        """Fill a rectangle with rounded corners."""
        scaled = _box(box)
        self._draw.rounded_rectangle(scaled, radius * SCALE, fill=fill)
        if body:
            self._cut.rounded_rectangle(scaled, radius * SCALE, fill=255)

    def line(self, points: Sequence[Point], fill: Fill, width: float, *, body: bool = False) -> None:
        """Draw a line of `width` pixels through `points`."""
        scaled = [(x * SCALE, y * SCALE) for x, y in points]
        self._draw.line(
            scaled, fill=fill, width=max(1, round(width * SCALE)), joint="curve" if width > 3 else None
        )
        if body:
            self._cut.line(scaled, fill=255, width=round(width * SCALE), joint="curve")

    def hole(self, points: Sequence[Point]) -> None:
        """Cut a polygon out of the silhouette."""
        self._cut.polygon([(x * SCALE, y * SCALE) for x, y in points], fill=0)

    def hole_ellipse(self, box: tuple[float, float, float, float]) -> None:
        """Cut an ellipse out of the silhouette."""
        self._cut.ellipse(_box(box), fill=0)

    def arc(
        self, box: tuple[float, float, float, float], start: float, end: float, fill: Fill, width: float
    ) -> None:
        """Draw a part of an ellipse's outline, angles in degrees clockwise from three o'clock."""
        self._draw.arc(_box(box), start, end, fill=fill, width=max(1, round(width * SCALE)))

    def text(
        self,
        centre: Point,
        text: str,
        fill: Fill,
        *,
        size: float,
        width: float,
        face: int = 0,
        anchor: str = "mm",
    ) -> None:
        """Write one line, made smaller until it is at most `width` wide."""
        pixels = min(size, width / text_length(face, text)) * SCALE if text else size
        # Steps of three pixels: loading a face at yet another size takes longer than writing with it.
        face_size = max(8, int(pixels) if pixels < 24 else int(pixels / 3) * 3)
        at = (centre[0] * SCALE, centre[1] * SCALE)
        self._draw.text(at, text, fill=fill, font=font(face, face_size), anchor=anchor)

    def paste(self, picture: Image.Image, at: Point) -> None:
        """Put a picture, already `SCALE` times larger, with its left top corner at `at`."""
        self.rgb.paste(picture, (round(at[0] * SCALE), round(at[1] * SCALE)))

    def sprite(self, shade: Floats | None = None, glow: Floats | None = None) -> Image.Image:
        """Return RGBA at the size of use, times `shade`, plus `glow` (both height x width, levels 0-255)."""
        return lit(self.rgb.reduce(SCALE), self.mask.reduce(SCALE), shade, glow)

    def pillow(self, radius: float, side: int, depth: float = 0.5) -> Floats:
        """Return shading (height x width, about 1) that makes the silhouette bulge."""
        return pillow(self.mask.reduce(SCALE), radius, side, depth)


def lit(rgb: Image.Image, mask: Image.Image, shade: Floats | None, glow: Floats | None = None) -> Image.Image:
    """Return RGBA from colours, silhouette, shading and highlights of one size."""
    bands = list(rgb.split())
    if shade is not None or glow is not None:
        # Band by band: NumPy is several times slower on three values per pixel than on three planes.
        for at, band in enumerate(bands):
            plane = np.asarray(band, dtype=np.float32)
            plane = plane * shade if shade is not None else plane.copy()
            if glow is not None:
                plane += glow
            bands[at] = to_band(plane)
    return Image.merge("RGBA", [*bands, mask])


def to_band(plane: Floats) -> Image.Image:
    """Return height x width numbers as an 8-bit band; cuts off, in place, what is out of range."""
    np.clip(plane, 0, 255, out=plane)
    return Image.fromarray(plane.astype(np.uint8))


def pillow(mask: Image.Image, radius: float, side: int, depth: float = 0.5) -> Floats:
    """Return shading (height x width, about 1) of a cushion lit from above and from one side."""
    width, height = mask.size
    small = mask.resize((max(8, width // 4), max(8, height // 4)), Image.Resampling.BILINEAR)
    reach = max(1, round(radius / 4))
    # A rim of nothing on all sides, or a silhouette that fills its sheet would have no edge to round off.
    framed = Image.new("L", (small.width + 4 * reach, small.height + 4 * reach), 0)
    framed.paste(small, (2 * reach, 2 * reach))
    blurred = np.asarray(framed.filter(ImageFilter.GaussianBlur(reach)), dtype=np.float32) / 255
    padded = blurred[reach:-reach, reach:-reach]
    soft = padded[reach:-reach, reach:-reach]
    rows, columns = soft.shape
    across = padded[reach : reach + rows, 2 * reach :] - padded[reach : reach + rows, :columns]
    down = padded[2 * reach :, reach : reach + columns] - padded[:rows, reach : reach + columns]
    slope = across * side * 0.7 + down * 0.6
    shade = Image.fromarray((1.02 + depth * slope - 0.12 * (1 - soft)).astype(np.float32))
    return np.asarray(shade.resize((width, height), Image.Resampling.BILINEAR), dtype=np.float32)


def _box(box: tuple[float, float, float, float]) -> tuple[float, float, float, float]:
    left, top, right, bottom = box
    return left * SCALE, top * SCALE, right * SCALE, bottom * SCALE
