"""Edits of colour, light and sharpness."""

import io
import random
from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageEnhance, ImageFilter, ImageOps

Others = Sequence[Image.Image]


def recompress(photo: Image.Image, dice: random.Random, _others: Others) -> Image.Image:
    """Save as JPEG of quality 12 to 40."""
    buffer = io.BytesIO()
    photo.save(buffer, "JPEG", quality=dice.randint(12, 40))
    buffer.seek(0)
    return Image.open(buffer).convert("RGB")


def shift_colour(photo: Image.Image, dice: random.Random, _others: Others) -> Image.Image:
    """Turn the hue by up to 30 degrees and change saturation, as a phone's colour filters do."""
    hue, saturation, value = photo.convert("HSV").split()
    turn, gain = dice.randint(-21, 21), dice.uniform(0.5, 1.7)
    hue = hue.point([(level + turn) % 256 for level in range(256)])
    saturation = saturation.point([min(255, round(level * gain)) for level in range(256)])
    return Image.merge("HSV", (hue, saturation, value)).convert("RGB")


def brightness(photo: Image.Image, dice: random.Random, _others: Others) -> Image.Image:
    """Darken to 45-70 % or brighten to 135-175 %."""
    factor = dice.uniform(0.45, 0.7) if dice.random() < 0.5 else dice.uniform(1.35, 1.75)
    return ImageEnhance.Brightness(photo).enhance(factor)


def contrast(photo: Image.Image, dice: random.Random, _others: Others) -> Image.Image:
    """Flatten to 45-70 % of the contrast or raise it to 140-200 %."""
    factor = dice.uniform(0.45, 0.7) if dice.random() < 0.5 else dice.uniform(1.4, 2.0)
    return ImageEnhance.Contrast(photo).enhance(factor)


def grayscale(photo: Image.Image, _dice: random.Random, _others: Others) -> Image.Image:
    """Drop all colour."""
    return photo.convert("L").convert("RGB")


def warm_filter(photo: Image.Image, dice: random.Random, _others: Others) -> Image.Image:
    """Tint towards sepia and darken the corners: an old-photo filter."""
    tinted = Image.blend(
        photo, ImageOps.colorize(photo.convert("L"), "#2b1606", "#ffe9c0"), dice.uniform(0.4, 0.8)
    )
    mask = Image.radial_gradient("L").resize(photo.size).point([round(level * 0.7) for level in range(256)])
    return Image.composite(Image.new("RGB", photo.size), tinted, mask)


def blur(photo: Image.Image, dice: random.Random, _others: Others) -> Image.Image:
    """Blur with a radius of 0.6 to 1.4 % of the short side."""
    return photo.filter(ImageFilter.GaussianBlur(min(photo.size) * dice.uniform(0.006, 0.014)))


def noise(photo: Image.Image, dice: random.Random, _others: Others) -> Image.Image:
    """Add sensor-like noise with a spread of 12 to 28 of 255 levels."""
    pixels = np.asarray(photo, dtype=np.float32)
    grain = np.random.default_rng(dice.getrandbits(32)).normal(0, dice.uniform(12, 28), pixels.shape)
    return Image.fromarray(np.clip(pixels + grain, 0, 255).astype(np.uint8))
