"""What a product line looks like: palette, type, pattern and proportions, all from the line's seed."""

import colorsys
import random
from dataclasses import dataclass

from samples.products import Line
from samples.words import COLOURS

Rgb = tuple[int, int, int]

FLAVOUR_RGB: dict[str, Rgb] = {
    "aloe vera": (120, 178, 92), "green tea": (150, 176, 86), "coconut": (232, 222, 200),
    "lavender": (160, 132, 200),
    "ginseng": (206, 160, 92), "orange": (244, 146, 36), "mango": (250, 176, 46), "apple": (190, 206, 84),
    "guava": (240, 140, 140), "pineapple": (248, 214, 92), "grape": (116, 62, 130), "lemon": (246, 218, 74),
    "cola": (96, 52, 38), "lychee": (240, 176, 184), "ginger": (214, 168, 92), "strawberry": (206, 40, 60),
    "lime": (160, 204, 76), "peanut": (196, 140, 82), "blueberry": (70, 66, 128), "chocolate": (92, 56, 38),
    "honey": (226, 154, 38), "pandan": (110, 168, 74), "banana": (246, 216, 98), "corn": (248, 206, 70),
    "almond": (206, 164, 118), "berry": (170, 44, 92), "jasmine": (238, 232, 200), "green": (124, 168, 84),
    "black": (70, 46, 40), "mint": (140, 210, 180), "arabica": (110, 70, 46), "robusta": (78, 48, 34),
    "house blend": (130, 88, 58), "hazelnut": (168, 118, 76), "mocha": (112, 74, 60),
    "barbecue": (156, 60, 36),
    "seaweed": (58, 110, 72), "cheese": (250, 190, 50), "spicy": (212, 46, 34), "salted egg": (244, 176, 54),
    "shea": (222, 196, 160), "rose": (232, 138, 150), "olive": (150, 156, 76), "vanilla": (244, 226, 176),
    "cucumber": (150, 198, 128), "rice": (236, 228, 210), "zinc": (120, 150, 176), "turmeric": (236, 164, 40),
    "fish oil": (240, 186, 70), "collagen": (240, 176, 168), "calcium": (210, 220, 230),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Look:
    """The drawn identity of a line; `proportion` and `build` vary the shape itself."""

    main: Rgb
    second: Rgb
    accent: Rgb
    paper: Rgb
    flavour: Rgb
    face: int
    pattern: int
    layout: int
    emblem: int
    build: int
    proportion: float
    slogan: str


_SLOGANS = (
    "since 1987", "made with care", "feel the moment", "simply good", "naturally yours", "everyday favourite",
    "original recipe", "crafted to last", "best of nature", "trusted quality",
)  # fmt: skip


def look_of(line: Line) -> Look:
    """Return the look of `line`: colours and type come from its brand, the rest from the line itself."""
    brand, own = random.Random(f"brand:{line.brand}"), random.Random(line.art)
    hue = brand.random()
    # Lines of one brand keep its type and stay near its hue, or a shop's shelf would have no brands.
    hue_line = (hue + own.choice((0, 0, 0.08, -0.08, 0.5, 0.33))) % 1
    dark = own.random() < 0.5
    main = hsv(hue_line, own.uniform(0.45, 0.9), own.uniform(0.3, 0.6) if dark else own.uniform(0.65, 0.95))
    second = hsv(
        hue_line + own.choice((0.5, 0.12, -0.12, 0.04)), own.uniform(0.35, 0.85), own.uniform(0.45, 0.95)
    )
    return Look(
        main=main,
        second=second,
        accent=hsv(own.random(), 0.75, 0.9),
        paper=own.choice(
            ((250, 248, 242), (244, 236, 220), (255, 255, 255), (236, 240, 242), (250, 240, 232))
        ),
        flavour=FLAVOUR_RGB.get(line.flavour[0], second),
        face=brand.randrange(6),
        pattern=own.randrange(9),
        layout=own.randrange(6),
        emblem=brand.randrange(9),
        build=own.randrange(60),
        proportion=own.random(),
        slogan=own.choice(_SLOGANS),
    )


def hsv(hue: float, saturation: float, value: float) -> Rgb:
    """Return an sRGB triple (0-255); the hue wraps around at 1."""
    red, green, blue = colorsys.hsv_to_rgb(hue % 1, saturation, value)
    return int(red * 255), int(green * 255), int(blue * 255)


def mix(one: Rgb, other: Rgb, share: float) -> Rgb:
    """Return `one` moved towards `other` by `share` (0-1)."""
    red, green, blue = (int(a + (b - a) * share) for a, b in zip(one, other, strict=True))
    return red, green, blue


def light(rgb: Rgb, share: float = 0.35) -> Rgb:
    """Return a lighter shade."""
    return mix(rgb, (255, 255, 255), share)


def dark(rgb: Rgb, share: float = 0.35) -> Rgb:
    """Return a darker shade."""
    return mix(rgb, (12, 12, 16), share)


def ink_on(rgb: Rgb) -> Rgb:
    """Return near-white or near-black, whichever reads better on `rgb`."""
    luminance = 0.3 * rgb[0] + 0.59 * rgb[1] + 0.11 * rgb[2]
    return (30, 28, 32) if luminance > 150 else (252, 250, 246)


def colour_of(key: str) -> Rgb:
    """Return the sRGB value of a colour of the lexicon."""
    return COLOURS[key].rgb
