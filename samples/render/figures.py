"""Finds the drawing for a product: the one table of kinds and their shapes."""

import math
from collections.abc import Callable
from dataclasses import dataclass

from PIL import Image

from samples.products import Product
from samples.render import bottles, boxes, electric, gadgets, mugs, shoes, soft, wear
from samples.render.kit import View
from samples.render.look import Look, look_of


@dataclass(frozen=True, slots=True)
class Figure:
    """A drawn product, RGBA, cut out; `lies` where it is photographed from above rather than standing.

    `turn` is the camera's angle where the drawing itself is flat; applying it waits until the size is known.
    """

    image: Image.Image
    lies: bool
    turn: View | None

    def outline(self) -> tuple[float, float]:
        """Return width and height (pixels) once turned."""
        width, height = self.image.size
        if self.turn is None:
            return width, height
        narrow, lean, angle = _angles(self.turn, lies=self.lies)
        cos, sin = math.cos(angle), abs(math.sin(angle))
        return width * narrow * cos + height * sin + 3, height * cos + width * (sin + abs(lean)) + 3

    def scaled(self, scale: float) -> Image.Image:
        """Return the turned product, `scale` times the size of its outline."""
        wide, high = (max(8, int(length * scale)) for length in self.outline())
        if self.turn is None:
            return self.image.resize((wide, high), Image.Resampling.BILINEAR)
        narrow, lean, angle = _angles(self.turn, lies=self.lies)
        cos, sin = math.cos(angle) / scale, math.sin(angle) / scale
        width, height = self.image.size
        # Pillow wants the way back: from a place in the result to one in the drawing.
        a, b, d, e = cos / narrow, sin / narrow, lean * cos - sin, cos + lean * sin
        c = width / 2 - a * wide / 2 - b * high / 2
        f = height / 2 - d * wide / 2 - e * high / 2
        matrix = tuple(round(value, 9) for value in (a, b, c, d, e, f))
        return self.image.transform((wide, high), Image.Transform.AFFINE, matrix, Image.Resampling.BILINEAR)


def _angles(view: View, *, lies: bool) -> tuple[float, float, float]:
    """Return how much narrower, how sheared and how turned (radians) a flat drawing looks."""
    angle = math.radians(view.roll * (4 if lies else 0))
    return math.cos(view.yaw * 0.9), math.sin(view.yaw) * 0.1, angle


_Draw = Callable[[Product, Look, View], Image.Image]

_STANDING: dict[str, _Draw] = {
    "shampoo": bottles.shampoo,
    "juice": bottles.juice,
    "soda": bottles.can,
    "jar": bottles.jar,
    "vitamin": bottles.vitamin,
    "tumbler": bottles.tumbler,
    "cereal": boxes.cereal,
    "tea": boxes.tea,
    "coffee": soft.coffee,
    "snack": soft.snack,
    "cream": soft.cream,
    "mug": mugs.mug,
    "sneaker": shoes.sneaker,
    "backpack": wear.backpack,
    "lamp": electric.lamp,
}
_LYING: dict[str, _Draw] = {
    "tshirt": wear.tshirt,
    "case": gadgets.case,
    "powerbank": gadgets.powerbank,
    "watch": gadgets.watch,
    "headphones": electric.headphones,
}
# Drawn from the front only: the camera's angle is applied to the finished drawing.
_FLAT = frozenset({"coffee", "snack", "cream", "sneaker", "backpack", "lamp"}) | frozenset(_LYING)


def figure(product: Product, view: View) -> Figure:
    """Draw `product` from `view`."""
    kind, look = product.line.kind.key, look_of(product.line)
    lies = kind in _LYING
    image = (_LYING if lies else _STANDING)[kind](product, look, view)
    if "pack" in product.tokens and not product.plain:
        image = _several(image, int(product.tokens["pack"]), view.side)
    return Figure(image, lies, view if kind in _FLAT else None)


def _several(image: Image.Image, pieces: int, side: int) -> Image.Image:
    """Show up to four pieces of a pack, those behind a little smaller."""
    count = min(pieces, 4)
    width, height = image.size
    if width > height:
        return _stacked(image, min(count, 3))
    step = int(width * (0.7 if count == 2 else 0.5))
    canvas = Image.new("RGBA", (width + step * (count - 1), height), (0, 0, 0, 0))
    for place in range(count - 1, -1, -1):
        share = 1 - 0.035 * place
        piece = image if place == 0 else image.resize((int(width * share), int(height * share)))
        x = step * place if side < 0 else canvas.width - piece.width - step * place
        canvas.alpha_composite(piece, (x, height - piece.height - int(height * 0.012 * place)))
    return canvas


def _stacked(image: Image.Image, count: int) -> Image.Image:
    """Show low pieces one on top of the other, a little out of line."""
    width, height = image.size
    step, aside = int(height * 0.84), int(width * 0.05)
    canvas = Image.new("RGBA", (width + aside, height + step * (count - 1)), (0, 0, 0, 0))
    for place in range(count):
        canvas.alpha_composite(image, (aside * (place % 2), canvas.height - height - step * place))
    return canvas
