"""Headphones and lamps."""

from PIL import Image, ImageFilter

from samples.products import Product
from samples.render.curves import curve
from samples.render.emblems import emblem
from samples.render.kit import SCALE, Sheet, View
from samples.render.label import brand_text
from samples.render.look import Look, Rgb, colour_of, dark, ink_on, light, mix


def headphones(product: Product, look: Look, view: View) -> Image.Image:
    """Draw over-ear headphones from the front."""
    fill = colour_of(product.tokens["colour"])
    trim: Rgb = (dark(fill, 0.45), light(fill, 0.35), look.accent, (186, 188, 194))[look.build % 4]
    pad = (44, 44, 48) if sum(fill) > 200 else (92, 92, 98)
    sheet = Sheet(380, 380, fill)
    band = 18 + look.build % 4 * 5
    top = 14 + look.build % 3 * 12
    outer = curve(
        [(58, 230), (62, 130), (120, top + 22), (190, top), (260, top + 22), (318, 130), (322, 230)],
        10,
        closed=False,
    )
    sheet.line(outer, fill, band, body=True)
    sheet.line(outer[18:-18], dark(fill, 0.25), band * 0.4)
    sheet.text((190, top + 1), brand_text(product, look), ink_on(fill), size=11, width=70, face=look.face)
    for flip in (False, True):
        _cup(sheet, look, (fill, trim, pad), flip=flip)
    if look.build % 5 == 0:
        sheet.line(curve([(70, 330), (96, 360), (150, 366)], 6, closed=False), dark(trim, 0.2), 6, body=True)
        sheet.ellipse((146, 356, 168, 376), (40, 40, 44), body=True)
    return sheet.sprite(sheet.pillow(16, view.side, 0.75))


def _cup(sheet: Sheet, look: Look, colours: tuple[Rgb, Rgb, Rgb], *, flip: bool) -> None:
    fill, trim, pad = colours
    high, wide = 84 + look.build % 3 * 8, 44 + look.build % 4 * 5
    x, y = (312 if flip else 68), 258
    inward = -1 if flip else 1
    near, far = x + inward * (wide * 0.6), x + inward * (wide * 0.6 + 30)
    sheet.rect(
        (min(near, far) - 6, y - high + 8, max(near, far) + 6, y + high - 8), pad, radius=24, body=True
    )
    if look.build % 4 == 3:
        sheet.rect((x - wide, y - high, x + wide, y + high), fill, radius=26, body=True)
        sheet.rect((x - wide + 9, y - high + 9, x + wide - 9, y + high - 9), trim, radius=20)
    else:
        sheet.ellipse((x - wide, y - high, x + wide, y + high), fill, body=True)
        sheet.ellipse((x - wide * 0.78, y - high * 0.8, x + wide * 0.78, y + high * 0.8), trim)
        sheet.ellipse(
            (x - wide * 0.68, y - high * 0.7, x + wide * 0.68, y + high * 0.7), mix(fill, trim, 0.3)
        )
    emblem(sheet, look, x, y, wide * 0.36, ink_on(trim))
    sheet.ellipse((x - 4, y + high * 0.55, x + 4, y + high * 0.55 + 8), (110, 220, 160))


def lamp(product: Product, look: Look, view: View) -> Image.Image:
    """Draw a desk lamp: a jointed one, one with a drum shade or a ball."""
    fill = colour_of(product.tokens["colour"])
    metal: Rgb = ((52, 52, 56), (196, 164, 102), (188, 190, 194), dark(fill, 0.3))[look.build % 4]
    sheet = Sheet(320, 400, fill)
    style = look.build % 3
    (_jointed, _drum, _ball)[style](sheet, look, fill, metal)
    x = 110 if style == 0 else 160
    sheet.text((x, 374), brand_text(product, look), ink_on(metal), size=11, width=80, face=look.face)
    if look.build % 2 == 0:
        _glow(sheet, (214, 196) if style == 0 else (160, 120))
    picture = sheet.sprite(sheet.pillow(12, view.side, 0.75))
    box = picture.getbbox()
    return picture.crop(box) if box else picture


def _jointed(sheet: Sheet, look: Look, fill: Rgb, metal: Rgb) -> None:
    sheet.ellipse((40, 352, 180, 394), metal, body=True)
    sheet.line([(110, 368), (70, 220)], metal, 9, body=True)
    reach = 30 + look.build % 5 * 6
    sheet.line([(70, 220), (180, 60 + reach)], metal, 8, body=True)
    for x, y in ((70, 220), (180, 60 + reach)):
        sheet.ellipse((x - 10, y - 10, x + 10, y + 10), light(metal, 0.25), body=True)
    wide = 62 + look.build % 4 * 7
    dx, dy = 216, 150 + reach
    sheet.polygon(
        curve(
            [
                (180, 52 + reach),
                (204, 56 + reach),
                (dx + wide, dy + 6),
                (dx - wide, dy + 14),
                (166, 74 + reach),
            ],
            5,
        ),
        fill,
        body=True,
    )
    sheet.ellipse(
        (dx - wide, dy - 6, dx + wide, dy + 26),
        (255, 242, 206) if look.build % 2 == 0 else light(fill, 0.5),
        body=True,
    )


def _drum(sheet: Sheet, look: Look, fill: Rgb, metal: Rgb) -> None:
    sheet.ellipse((100, 356, 220, 394), metal, body=True)
    sheet.rect((154, 180, 166, 372), metal, body=True)
    if look.build % 4 > 1:
        sheet.ellipse((124, 270, 196, 374), mix(metal, look.second, 0.6), body=True)
    top, low = 62 + look.build % 5 * 8, 118
    sheet.polygon([(160 - top, 30), (160 + top, 30), (160 + low, 200), (160 - low, 200)], fill, body=True)
    sheet.ellipse((160 - top, 20, 160 + top, 42), light(fill, 0.35), body=True)
    sheet.ellipse((160 - low, 188, 160 + low, 214), fill, body=True)
    for k in range(-7, 8):
        sheet.line([(160 + top * k / 7.5, 36), (160 + low * k / 7.5, 206)], (*dark(fill, 0.25), 60), 2)
    if look.layout % 2:
        sheet.polygon(
            [(160 - low + 8, 176), (160 + low - 8, 176), (160 + low, 194), (160 - low, 194)], look.second
        )


def _ball(sheet: Sheet, look: Look, fill: Rgb, metal: Rgb) -> None:
    r = 84 + look.build % 5 * 7
    sheet.ellipse((96, 350, 224, 394), metal, body=True)
    sheet.rect((153, 200, 167, 370), metal, body=True)
    sheet.ellipse((160 - r, 128 - r, 160 + r, 128 + r), mix(fill, (255, 248, 228), 0.35), body=True)
    sheet.rect((128, 120 + r, 192, 138 + r), metal, radius=4, body=True)


def _glow(sheet: Sheet, at: tuple[float, float]) -> None:
    """Light the lamp: a warm spot on its shade."""
    spot = Image.new("L", (sheet.width // 4, sheet.height // 4), 0)
    x, y = at[0] / 4, at[1] / 4
    spot.paste(150, (int(x - 14), int(y - 14), int(x + 14), int(y + 14)))
    soft = spot.filter(ImageFilter.GaussianBlur(9)).resize((sheet.width * SCALE, sheet.height * SCALE))
    sheet.rgb.paste((255, 240, 196), (0, 0), soft)
