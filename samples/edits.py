"""What sellers do to a photo that they copied: crops, frames, stickers, filters, screenshots."""

import random
from collections.abc import Callable

from PIL import Image, ImageDraw, ImageEnhance, ImageOps

from samples.render.kit import font
from samples.render.look import Rgb, hsv, ink_on
from samples.words import PROMO

Photo = Image.Image


def apply(photo: Photo, seed: str) -> tuple[Photo, int]:
    """Return the edited photo and the JPEG quality to save it with; the seed decides everything."""
    rng = random.Random(seed)
    if not seed.startswith("edit/"):
        return photo, rng.randint(68, 90)
    chosen = rng.sample(sorted(_EDITS), rng.choice((1, 1, 2, 2, 3)))
    for name in chosen:
        photo = _EDITS[name](photo, rng)
    return photo, rng.choice((38, 55, 70, 80, 88, 92))


def _crop(photo: Photo, rng: random.Random) -> Photo:
    width, height = photo.size
    left, top, right, bottom = (rng.uniform(0, 0.12) for _ in range(4))
    return photo.crop(
        (int(width * left), int(height * top), int(width * (1 - right)), int(height * (1 - bottom)))
    )


def _border(photo: Photo, rng: random.Random) -> Photo:
    fill = rng.choice(((255, 255, 255), (20, 20, 20), hsv(rng.random(), 0.8, 0.9)))
    return ImageOps.expand(photo, int(photo.width * rng.uniform(0.02, 0.09)), fill)


def _frame(photo: Photo, rng: random.Random) -> Photo:
    """A shop's frame: a coloured rim, a banner below with a slogan."""
    fill = hsv(rng.random(), 0.85, rng.uniform(0.5, 0.95))
    out = photo.copy()
    draw = ImageDraw.Draw(out)
    width, height = out.size
    draw.rectangle((0, 0, width - 1, height - 1), outline=fill, width=max(4, width // 50))
    draw.rectangle((0, int(height * 0.9), width, height), fill=fill)
    _write(
        draw, (width / 2, height * 0.95), rng.choice(PROMO["id"] + PROMO["en"]), ink_on(fill), height * 0.055
    )
    return out


def _watermark(photo: Photo, rng: random.Random) -> Photo:
    layer = Image.new("L", photo.size, 0)
    draw = ImageDraw.Draw(layer)
    width, height = photo.size
    text = rng.choice(("tokoceria", "SinarJaya88", "shopnest", "MetroDeals", "kiosbudi", "gudang murah"))
    for x, y in rng.choice((((0.5, 0.5),), ((0.3, 0.3), (0.7, 0.7)), ((0.72, 0.93),))):
        _write(draw, (width * x, height * y), text, rng.randint(70, 150), height * 0.07)
    if rng.random() < 0.5:
        layer = layer.rotate(20)
    return Image.composite(
        Image.new("RGB", photo.size, rng.choice(((255, 255, 255), (90, 90, 90)))), photo, layer
    )


def _sticker(photo: Photo, rng: random.Random) -> Photo:
    """A round or square badge in a corner."""
    out = photo.copy()
    draw = ImageDraw.Draw(out)
    side = photo.width * rng.uniform(0.18, 0.27)
    x, y = rng.choice((0.03, 0.7)) * photo.width, rng.choice((0.03, 0.7)) * photo.height
    fill: Rgb = rng.choice(((226, 38, 44), (250, 190, 30), (30, 140, 80), (28, 86, 190)))
    box = (x, y, x + side, y + side)
    if rng.random() < 0.6:
        draw.ellipse(box, fill=fill, outline=(255, 255, 255), width=3)
    else:
        draw.rounded_rectangle((x, y + side * 0.3, x + side * 1.1, y + side * 0.7), side * 0.1, fill=fill)
    text = rng.choice(("SALE", "COD", "PROMO", "ORI", "NEW", "HOT", "READY", "-30%"))
    _write(draw, (x + side / 2, y + side / 2), text, ink_on(fill), side * 0.28)
    return out


def _resize(photo: Photo, rng: random.Random) -> Photo:
    share = rng.uniform(0.5, 0.85)
    return photo.resize((int(photo.width * share), int(photo.height * share)), Image.Resampling.BILINEAR)


def _bright(photo: Photo, rng: random.Random) -> Photo:
    return ImageEnhance.Contrast(ImageEnhance.Brightness(photo).enhance(rng.uniform(0.78, 1.22))).enhance(
        rng.uniform(0.85, 1.2)
    )


def _colour(photo: Photo, rng: random.Random) -> Photo:
    """Another white balance and more or less colour, but never another colour of product."""
    gains = [rng.uniform(0.93, 1.07) for _ in range(3)]
    table = [min(255, int(level * gain)) for gain in gains for level in range(256)]
    return ImageEnhance.Color(photo.point(table)).enhance(rng.uniform(0.75, 1.25))


def _rotate(photo: Photo, rng: random.Random) -> Photo:
    corner = photo.getpixel((2, 2))
    fill = corner if isinstance(corner, tuple) else (255, 255, 255)
    return photo.rotate(rng.choice((-1, 1)) * rng.uniform(2, 8), Image.Resampling.BILINEAR, fillcolor=fill)


def _flip(photo: Photo, rng: random.Random) -> Photo:
    # Mirrored text gives a careless seller away, so few do it.
    return ImageOps.mirror(photo) if rng.random() < 0.4 else photo


def _screenshot(photo: Photo, rng: random.Random) -> Photo:
    """A phone's screen that shows the photo on a shop's page."""
    width, height = photo.size
    out = Image.new("RGB", (width, int(height * 1.32)), (252, 252, 252))
    top = int(height * 0.09)
    out.paste(photo, (0, top))
    draw = ImageDraw.Draw(out)
    draw.rectangle((0, 0, width, top), fill=rng.choice(((255, 255, 255), (238, 77, 45), (30, 30, 34))))
    _write(
        draw,
        (width * 0.12, top * 0.5),
        f"{rng.randint(7, 22):02d}:{rng.randint(0, 59):02d}",
        (140, 140, 140),
        top * 0.42,
    )
    draw.rounded_rectangle(
        (width * 0.84, top * 0.35, width * 0.94, top * 0.65), 3, outline=(140, 140, 140), width=2
    )
    base = top + height
    _write(
        draw,
        (width * 0.2, base + height * 0.06),
        f"Rp{rng.randint(15, 480)}.{rng.choice((0, 500, 900)):03d}",
        (226, 60, 40),
        height * 0.055,
    )
    for row, share in enumerate((0.86, 0.6)):
        y = base + height * (0.115 + row * 0.04)
        draw.rounded_rectangle((width * 0.06, y, width * share, y + height * 0.018), 3, fill=(206, 206, 208))
    return out


def _collage(photo: Photo, rng: random.Random) -> Photo:
    """The photo beside two details of itself."""
    width, height = photo.size
    out = Image.new("RGB", (int(width * 1.34), height), (255, 255, 255))
    out.paste(photo, (0, 0))
    side = int(width * 0.32)
    for row in range(2):
        x, y = int(width * rng.uniform(0.25, 0.4)), int(height * rng.uniform(0.2, 0.5))
        detail = photo.crop((x, y, x + width // 3, y + height // 3)).resize(
            (side, int(height * 0.49)), Image.Resampling.BILINEAR
        )
        out.paste(detail, (int(width * 1.02), int(row * height * 0.51)))
    return out


def _write(
    draw: ImageDraw.ImageDraw, at: tuple[float, float], text: str, fill: Rgb | int, size: float
) -> None:
    draw.text(at, text, fill=fill, font=font(0, max(9, int(size))), anchor="mm")


_EDITS: dict[str, Callable[[Photo, random.Random], Photo]] = {
    "border": _border,
    "bright": _bright,
    "collage": _collage,
    "colour": _colour,
    "crop": _crop,
    "flip": _flip,
    "frame": _frame,
    "resize": _resize,
    "rotate": _rotate,
    "screenshot": _screenshot,
    "sticker": _sticker,
    "watermark": _watermark,
}
