"""Sneakers, seen from the side."""

from PIL import Image, ImageOps

from samples.products import Product
from samples.render.curves import curve
from samples.render.emblems import star
from samples.render.kit import Sheet, View
from samples.render.look import Look, Rgb, colour_of, dark, ink_on, light, mix
from samples.render.wear import folds


def sneaker(product: Product, look: Look, view: View) -> Image.Image:
    """Draw the left shoe or, turned the other way, the right one."""
    fill = colour_of(product.tokens["colour"])
    second: Rgb = (light(fill, 0.4), dark(fill, 0.35), look.second, (238, 236, 230))[look.build % 4]
    sole: Rgb = ((244, 242, 236), (40, 40, 44), (222, 196, 150), light(look.accent, 0.2))[look.build // 4 % 4]
    sheet = Sheet(420, 230, fill)
    high = 14 if look.build % 5 == 0 else 48
    upper = curve(
        [(44, high + 10), (64, high), (132, high + 12), (158, high + 34), (224, 92),
            (300, 124), (370, 142), (394, 164),
            (380, 188), (200, 190), (46, 186), (34, 130)],
        7,
    )  # fmt: skip
    sheet.polygon(upper, fill, body=True)
    toe = curve([(318, 128), (372, 140), (404, 166), (400, 200), (296, 200), (300, 160)], 6)
    heel = curve([(44, high + 14), (70, high + 16), (84, 120), (78, 196), (30, 196), (26, 130)], 6)
    for part in (toe, heel):
        sheet.polygon(part, second)
    sheet.polygon(
        curve([(50, high + 12), (64, high + 2), (132, high + 14), (150, high + 36), (96, high + 30)], 6),
        dark(fill, 0.6),
    )
    _mark(sheet, look, (look.accent if look.build % 3 else ink_on(fill)))
    tongue = curve([(128, high + 14), (158, high - 2), (172, high + 24), (160, high + 44)], 5)
    sheet.polygon(tongue, light(fill, 0.15), body=True)
    laces: Rgb = (246, 246, 242) if sum(fill) < 560 else (60, 60, 64)
    steps = 5
    for k in range(steps):
        x, y = 168 + k * 25, high + 40 + (100 - high) * k / steps * 0.9
        sheet.line([(x - 14, y + 8), (x + 16, y - 2)], laces, 5)
    _sole(sheet, look, sole)
    shade = sheet.pillow(22, view.side, 0.6) * folds(sheet, product.line.art, 0.08)
    picture = sheet.sprite(shade)
    return ImageOps.mirror(picture) if view.yaw < 0 else picture


def _sole(sheet: Sheet, look: Look, sole: Rgb) -> None:
    thick = 16 + look.build % 4 * 5
    top = [(20, 180), (70, 187), (250, 191), (350, 184), (408, 166)]
    low = [
        (414, 180),
        (398, 188 + thick * 0.8),
        (330, 190 + thick),
        (60, 190 + thick),
        (22, 186 + thick),
        (14, 198),
    ]
    sheet.polygon(curve([*top, *low], 6), sole, body=True)
    sheet.line(curve([(24, 190), (250, 200), (350, 194), (410, 176)], 6, closed=False), dark(sole, 0.22), 2)
    under = [(398, 187 + thick * 0.8), (330, 187 + thick), (60, 187 + thick), (24, 184 + thick)]
    sheet.line(under, dark(sole, 0.45), 5)
    if look.build % 2:
        for x in range(50, 360, 16):
            sheet.line([(x, 203), (x + 5, 184 + thick)], mix(sole, look.second, 0.5), 3)


def _mark(sheet: Sheet, look: Look, fill: Rgb) -> None:
    """Draw the brand's mark on the side: chevrons, a star, a wave, blocks or a ring."""
    kind = look.emblem % 5
    if kind == 0:
        for x in (164, 200):
            sheet.polygon(
                [(x, 128), (x + 18, 122), (x + 44, 156), (x + 8, 188), (x - 10, 188), (x + 22, 156)], fill
            )
    elif kind == 1:
        sheet.polygon(star(214, 150, 30, 5, 0.45), fill)
    elif kind == 2:
        sheet.line(
            curve([(110, 170), (150, 130), (200, 172), (250, 136), (292, 168)], 8, closed=False), fill, 9
        )
    elif kind == 3:
        sheet.polygon([(150, 180), (196, 120), (226, 120), (180, 180)], fill)
        sheet.polygon([(200, 180), (236, 132), (266, 136), (230, 180)], light(fill, 0.35))
    else:
        sheet.ellipse((176, 122, 236, 182), fill)
        sheet.ellipse((190, 136, 222, 168), dark(fill, 0.5))
