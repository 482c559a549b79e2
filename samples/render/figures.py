"""Finds the drawing for a product: the one table of kinds and their shapes."""

from collections.abc import Callable
from dataclasses import dataclass

from PIL import Image

from samples.products import Product
from samples.render import bottles, boxes
from samples.render.kit import View
from samples.render.look import Look, look_of


@dataclass(frozen=True, slots=True)
class Figure:
    """A drawn product, RGBA, cut out; `lies` where it is photographed from above rather than standing."""

    image: Image.Image
    lies: bool


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
}
_LYING: dict[str, _Draw] = {}


def figure(product: Product, view: View) -> Figure:
    """Draw `product` from `view`."""
    kind, look = product.line.kind.key, look_of(product.line)
    if kind in _LYING:
        return Figure(_LYING[kind](product, look, view), lies=True)
    return Figure(_STANDING.get(kind, boxes.cereal)(product, look, view), lies=False)
