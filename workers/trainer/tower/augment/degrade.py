"""Blur, low resolution, noise and JPEG-like quantisation."""

import torch
from torch import Tensor
from torch.nn import functional

from workers.trainer.tower.augment.dice import Dice

_K = torch.arange(8.0)
DCT = (
    torch.cos((2 * _K[None] + 1) * _K[:, None] * torch.pi / 16)
    * torch.where(_K == 0, 0.125, 0.25).sqrt()[:, None]
)
"""Orthonormal 8-point cosine transform, (8, 8)."""

STEPS = (2 + 1.3 * (_K[:, None] + _K[None])) / 255
"""Quantiser steps at coarseness 1: coarser for higher frequencies, as in JPEG's example tables."""


def recompress(views: Tensor, dice: Dice) -> Tensor:
    """Quantise 8 x 8 blocks in the cosine domain: the artefacts of JPEG without its container.

    Args:
        views: float32 (n, 3, side, side), side a multiple of 8.
        dice: randomness; coarseness runs from hardly visible to very blocky.
    """
    count, _, side, _ = views.shape
    coarse = dice.uniform(count, 0.0, 2.6).exp().view(-1, 1, 1, 1, 1, 1)
    blocks = views.view(count, 3, side // 8, 8, side // 8, 8).permute(0, 1, 2, 4, 3, 5)
    steps = STEPS * coarse
    coefficients = torch.round(DCT @ (blocks - 0.5) @ DCT.T / steps) * steps
    restored = DCT.T @ coefficients @ DCT + 0.5
    return restored.permute(0, 1, 2, 4, 3, 5).reshape(views.shape).clamp(0, 1)


def blur(views: Tensor, dice: Dice) -> Tensor:
    """Smooth with one Gaussian for the whole batch, sigma 0.4 to 1.8 pixels."""
    sigma = float(dice.uniform(1, 0.4, 1.8))
    taps = torch.exp(-((torch.arange(-3.0, 4.0) / sigma) ** 2) / 2)
    taps = (taps / taps.sum()).view(1, 1, 7).repeat(3, 1, 1)
    padded = functional.pad(views, (3, 3, 3, 3), mode="replicate")
    return functional.conv2d(
        functional.conv2d(padded, taps[:, :, :, None], groups=3), taps[:, :, None, :], groups=3
    )


def coarsen(views: Tensor, dice: Dice) -> Tensor:
    """Shrink to 35-80 % and enlarge again, as a small thumbnail that was scaled up."""
    side = views.shape[-1]
    small = int(side * float(dice.uniform(1, 0.35, 0.8)))
    shrunk = functional.interpolate(views, (small, small), mode="area")
    return functional.interpolate(shrunk, (side, side), mode="bilinear", align_corners=False)


def degrade(views: Tensor, dice: Dice, strength: float) -> Tensor:
    """Apply the degradations, each to its own part of the views; in place."""
    count = len(views)
    for probability, edit in ((0.15, blur), (0.12, coarsen), (0.30, recompress)):
        rows = dice.some(count, probability * strength)
        if len(rows):
            views[rows] = edit(views[rows], dice)
    rows = dice.some(count, 0.10 * strength)
    if len(rows):
        noise = torch.randn(views[rows].shape, generator=dice.generator)
        views[rows] = (views[rows] + noise * dice.uniform(len(rows), 0.01, 0.08).view(-1, 1, 1, 1)).clamp(
            0, 1
        )
    return views
