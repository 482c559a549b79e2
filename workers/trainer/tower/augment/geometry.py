"""Crops, flips, turns, stretches, borders and placements: one sampling per view."""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from workers.trainer.tower.augment.dice import CPU, Dice


@dataclass
class Placement:
    """Where the canvas of each view lies over its photo; the photo spans [-1, 1] on both axes.

    Attributes:
        half: float32 (n, 2), half width and height of the canvas; below 1 crops, above 1 leaves a margin.
        centre: float32 (n, 2), centre of the canvas.
        angle: float32 (n,), rotation in radians.
        mirror: float32 (n,), -1 flips left and right, 1 does not.
        lean: float32 (n, 2), how much farther one side is than the other, to the right and downwards; 0 is
            seen straight on.
    """

    half: Tensor
    centre: Tensor
    angle: Tensor
    mirror: Tensor
    lean: Tensor

    def matrices(self) -> Tensor:
        """Give the affine matrices from canvas to photo, float32 (n, 2, 3)."""
        cos, sin = self.angle.cos(), self.angle.sin()
        first = torch.stack(
            [self.half[:, 0] * cos * self.mirror, -self.half[:, 0] * sin, self.centre[:, 0]], 1
        )
        second = torch.stack(
            [self.half[:, 1] * sin * self.mirror, self.half[:, 1] * cos, self.centre[:, 1]], 1
        )
        return torch.stack([first, second], 1)


def identity(count: int, device: torch.device = CPU) -> Placement:
    """Place every photo exactly on its canvas."""
    ones, zeros = torch.ones(count, 2, device=device), torch.zeros(count, 2, device=device)
    return Placement(ones, zeros, zeros[:, 0].clone(), ones[:, 0].clone(), zeros.clone())


def random_placement(count: int, dice: Dice, strength: float) -> Placement:
    """Draw placements; each kind of edit is present in part of the views.

    Args:
        count: number of views.
        dice: randomness.
        strength: 1 for the full edits, less for milder and rarer ones.
    """
    place = identity(count, dice.device)
    crop = dice.some(count, 0.45 * strength)
    place.half[crop] *= dice.uniform(len(crop), 1 - 0.55 * strength, 1.0)[:, None]
    stretch = dice.some(count, 0.35 * strength)
    place.half[stretch, 0] *= (dice.uniform(len(stretch), -0.4, 0.4) * strength).exp()
    margin = dice.some(count, 0.28 * strength)
    place.half[margin] = dice.uniform(len(margin), 1.02, 1 + 0.9 * strength)[:, None]
    uneven = margin[dice.chance(len(margin), 0.5)]
    place.half[uneven, dice.integers(len(uneven), 2)] = dice.uniform(len(uneven), 1.0, 1.15)
    shift = torch.stack([dice.uniform(count, -1, 1), dice.uniform(count, -1, 1)], 1)
    centred = dice.chance(count, 0.3)
    shift[centred] = 0
    # With this bound a crop stays inside its photo and a margin never cuts the photo.
    place.centre = shift * (place.half - 1).abs()
    turned = dice.some(count, 0.35 * strength)
    place.angle[turned] = dice.uniform(len(turned), -0.35, 0.35) * strength
    leaning = dice.some(count, 0.15 * strength)
    place.lean[leaning] = dice.uniform(2 * len(leaning), -0.3, 0.3).view(-1, 2) * strength
    quarter = dice.some(count, 0.18 * strength)
    place.angle[quarter] += dice.integers(len(quarter), 3).float().add(1) * (torch.pi / 2)
    place.mirror[dice.some(count, 0.3)] = -1
    return place


def sample(photos: Tensor, place: Placement, canvas: Tensor) -> Tensor:
    """Draw each photo onto its canvas.

    Args:
        photos: float32 (n, 3, h, w), at least as large as the canvas.
        place: their placements.
        canvas: float32 (n, 3, side, side), seen where the photo does not reach.

    Returns:
        float32 (n, 3, side, side).
    """
    side = canvas.shape[-1]
    axis = torch.linspace(-1 + 1 / side, 1 - 1 / side, side, device=canvas.device)
    far = (
        1
        + place.lean[:, 0, None, None] * axis[None, None, :]
        + place.lean[:, 1, None, None] * axis[None, :, None]
    )
    grid = functional.affine_grid(place.matrices(), [len(photos), 3, side, side], align_corners=False)
    grid = grid / far[..., None]
    out = torch.empty_like(canvas)
    # Bilinear sampling looks at four pixels; where the photo shrinks by more than that, it is halved first,
    # otherwise fine patterns would turn into noise that no real resizing produces.
    shrinks = place.half.amax(1) * photos.shape[-1] / side > 1.8
    for rows, halve in ((shrinks.nonzero().flatten(), True), ((~shrinks).nonzero().flatten(), False)):
        if len(rows):
            source = functional.avg_pool2d(photos[rows], 2) if halve else photos[rows]
            out[rows] = functional.grid_sample(source, grid[rows], padding_mode="border", align_corners=False)
    inside = (grid.abs() <= 1).all(-1)[:, None]
    return torch.where(inside, out, canvas)
