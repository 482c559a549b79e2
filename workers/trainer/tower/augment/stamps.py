"""Lettering, badges and shapes stamped over photos, from a bank of generated masks."""

import torch
from torch import Tensor
from torch.nn import functional

from workers.trainer.tower.augment.dice import Dice

HEIGHT, WIDTH = 32, 96
"""Size of a mask in pixels."""


def lettering(count: int, dice: Dice) -> Tensor:
    """Make lines of made-up letters (random 5 x 4 strokes with gaps), float32 (count, 1, HEIGHT, WIDTH)."""
    cells = (torch.rand(count, 5, 14, 4, generator=dice.generator, device=dice.device) < 0.55).float()
    cells = functional.pad(cells, (0, 1)).reshape(count, 1, 5, 70)
    for row, letters in enumerate((dice.integers(count, 11) + 4).tolist()):
        cells[row] = functional.interpolate(cells[row : row + 1, :, :, : letters * 5], (5, 70))[0]
    return functional.interpolate(
        functional.pad(cells, (1, 1, 1, 1)), (HEIGHT, WIDTH), mode="bilinear", align_corners=False
    )


def shapes(count: int, dice: Dice) -> Tensor:
    """Make discs, rings, stars and boxes, float32 (count, 1, HEIGHT, WIDTH)."""
    y = torch.linspace(-1, 1, HEIGHT, device=dice.device)[None, :, None]
    x = torch.linspace(-1, 1, WIDTH, device=dice.device)[None, None, :]
    power = dice.uniform(count, 1.2, 8.0).view(-1, 1, 1)
    points = (dice.integers(count, 10) + 3).float().view(-1, 1, 1)
    wave = dice.uniform(count, 0, 0.3).view(-1, 1, 1) * torch.cos(points * torch.atan2(y, x))
    radius = (x.abs() ** power + y.abs() ** power) ** (1 / power) + wave
    hole = dice.uniform(count, -1.0, 0.8).view(-1, 1, 1)
    return ((radius < 0.95) & (radius > hole)).float()[:, None]


class Stamps:
    """A bank of masks, and the ways to put them on photos."""

    def __init__(self, dice: Dice, size: int = 96) -> None:
        self.letters = lettering(size, dice)
        self.shapes = shapes(size, dice)

    def put(self, views: Tensor, dice: Dice, *, letters: bool, low: float, high: float) -> Tensor:
        """Stamp one mask on each view, at a random place, size, tilt, colour and opacity.

        Args:
            views: float32 (n, 3, side, side); changed in place.
            dice: randomness.
            letters: lettering or a shape.
            low: smallest width of the mask, as a share of the view's.
            high: largest.
        """
        count = len(views)
        bank = self.letters if letters else self.shapes
        masks = bank[dice.integers(count, len(bank))]
        width = dice.uniform(count, low, high)
        height = width * (dice.uniform(count, 0.15, 0.5) if letters else dice.uniform(count, 0.7, 1.3))
        tilt = dice.uniform(count, -0.5, 0.5) * dice.chance(count, 0.4)
        cos, sin = tilt.cos(), tilt.sin()
        x = dice.uniform(count, -0.9, 0.9) * (1 - width).clamp_min(0.2)
        y = dice.uniform(count, -1.0, 1.0) * (1 - height).clamp_min(0.2)
        first = torch.stack([cos / width, sin / width, -(cos * x + sin * y) / width], 1)
        second = torch.stack([-sin / height, cos / height, (sin * x - cos * y) / height], 1)
        grid = functional.affine_grid(
            torch.stack([first, second], 1), [count, 1, *views.shape[-2:]], align_corners=False
        )
        mask = functional.grid_sample(masks, grid, align_corners=False)
        mask *= dice.uniform(count, 0.6, 1.3).clamp_max(1).view(-1, 1, 1, 1)
        return views.lerp_(dice.colours(count), mask)

    def tile(self, views: Tensor, dice: Dice) -> Tensor:
        """Repeat faint lettering over the whole of each view: a watermark; in place."""
        count = len(views)
        masks = self.letters[dice.integers(count, len(self.letters))]
        angle, scale = dice.uniform(count, -0.9, 0.9), dice.uniform(count, 1.0, 3.0)
        zero = torch.zeros(count, device=dice.device)
        first = torch.stack([angle.cos() * scale, angle.sin() * scale, zero], 1)
        second = torch.stack([-angle.sin() * scale * 3, angle.cos() * scale * 3, zero], 1)
        grid = functional.affine_grid(
            torch.stack([first, second], 1), [count, 1, *views.shape[-2:]], align_corners=False
        )
        mask = functional.grid_sample(masks, (grid + 1).remainder(2) - 1, align_corners=False)
        mask *= dice.uniform(count, 0.15, 0.6).view(-1, 1, 1, 1)
        return views.lerp_(dice.colours(count), mask)
