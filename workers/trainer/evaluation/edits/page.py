"""Edits that put the photo into another picture, or another picture behind it."""

import random
from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageOps

from workers.trainer.evaluation.edits.kinds import font

Others = Sequence[Image.Image]


def screenshot(photo: Image.Image, dice: random.Random, _others: Others) -> Image.Image:
    """Show the photo in a shopping app: status bar above, title, price and a button below."""
    dark = dice.random() < 0.35
    paper, ink = ((18, 18, 20), (235, 235, 235)) if dark else ((255, 255, 255), (30, 30, 30))
    width = photo.width
    page = Image.new("RGB", (width, round(max(width * dice.uniform(1.6, 2.1), photo.height * 1.35))), paper)
    top = round(page.height * dice.uniform(0.06, 0.14))
    page.paste(photo, (0, top))
    draw = ImageDraw.Draw(page)
    draw.text((8, 5), f"{dice.randint(0, 23):02}:{dice.randint(0, 59):02}", ink, font(round(width * 0.05)))
    draw.rectangle((width - 32, 8, width - 10, 18), outline=ink)
    below = top + photo.height + 8
    draw.text(
        (10, below),
        dice.choice(("Great condition, size M", "Fresh & tasty 1 l", "Summer offer")),
        ink,
        font(width // 15),
    )
    draw.text((10, below + width // 11), f"{dice.randint(3, 90)}.99 EUR", (220, 40, 40), font(width // 10))
    button = (10, page.height - width // 6, width - 10, page.height - 10)
    draw.rounded_rectangle(button, 8, dice.choice(((30, 120, 240), (240, 120, 20), (20, 160, 90))))
    draw.text(
        (width / 2, (button[1] + button[3]) / 2),
        "Add to cart",
        (255, 255, 255),
        font(width // 16),
        anchor="mm",
    )
    return page


def collage(photo: Image.Image, dice: random.Random, others: Others) -> Image.Image:
    """Put the photo among one to three others in a grid; no cell is larger than another."""
    columns, rows = dice.choice(((2, 1), (1, 2), (2, 2)))
    pictures = [photo, *others[: columns * rows - 1]]
    dice.shuffle(pictures)
    side, gap = 240, dice.randint(0, 8)
    page = Image.new("RGB", (columns * (side + gap) + gap, rows * (side + gap) + gap), (255, 255, 255))
    for i, picture in enumerate(pictures):
        cell = ImageOps.fit(picture, (side, side))
        page.paste(cell, (gap + i % columns * (side + gap), gap + i // columns * (side + gap)))
    return page


def product_mask(photo: Image.Image) -> Image.Image:
    """Guess where the product is: what differs from the rim's colours, or else the middle.

    Returns:
        Mode L, 255 on the product.
    """
    lab = np.asarray(photo.convert("LAB"), dtype=np.float32)
    lab[..., 1:] = (lab[..., 1:] + 128) % 256  # Pillow stores a and b as signed bytes
    height, width = lab.shape[:2]
    rim = np.concatenate([lab[:4].reshape(-1, 3), lab[:, :4].reshape(-1, 3), lab[:, -4:].reshape(-1, 3)])
    distance = np.linalg.norm(lab - np.median(rim, axis=0), axis=2)
    found = Image.fromarray(((distance > np.percentile(distance, 45)) * 255).astype(np.uint8))
    found = (
        found.filter(ImageFilter.MedianFilter(7))
        .filter(ImageFilter.MaxFilter(9))
        .filter(ImageFilter.MinFilter(5))
    )
    inside = np.asarray(found)[height // 4 : -height // 4, width // 4 : -width // 4].mean() / 255
    outside = np.asarray(found)[: height // 12].mean() / 255
    if inside < 0.7 or outside > 0.5:
        found = Image.new("L", photo.size, 0)
        box = (width * 0.1, height * 0.08, width * 0.9, height * 0.92)
        ImageDraw.Draw(found).rounded_rectangle(box, min(photo.size) * 0.25, 255)
    return found.filter(ImageFilter.GaussianBlur(2))


def change_background(photo: Image.Image, dice: random.Random, others: Others) -> Image.Image:
    """Cut the product out, roughly, and put it on paper, a gradient, planks or another photo, blurred."""
    kind = dice.randrange(4)
    if kind == 0:
        scene = Image.new("RGB", photo.size, tuple(dice.choices(range(190, 256), k=3)))
    elif kind == 1:
        ends = ["#" + "".join(dice.choices("0123456789abcdef", k=6)) for _ in range(2)]
        scene = ImageOps.colorize(Image.linear_gradient("L").resize(photo.size), ends[0], ends[1])
    elif kind == 2:
        scene = Image.new("RGB", photo.size, (156, 112, 70))
        draw = ImageDraw.Draw(scene)
        for y in range(0, photo.height, 24):
            shade = dice.randint(-25, 25)
            draw.rectangle((0, y, photo.width, y + 22), (170 + shade, 122 + shade, 78 + shade))
    else:
        scene = others[0].resize(photo.size).filter(ImageFilter.GaussianBlur(6))
    return Image.composite(photo, scene, product_mask(photo))
