"""Photographed screens, blur, low resolution, noise and JPEG-like quantisation."""

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
    steps, dct = STEPS.to(dice.device) * coarse, DCT.to(dice.device)
    coefficients = torch.round(dct @ (blocks - 0.5) @ dct.T / steps) * steps
    restored = dct.T @ coefficients @ dct + 0.5
    return restored.permute(0, 1, 2, 4, 3, 5).reshape(views.shape).clamp(0, 1)


def blur(views: Tensor, dice: Dice) -> Tensor:
    """Smooth with one Gaussian for the whole batch, sigma 0.4 to 1.8 pixels."""
    sigma = float(dice.uniform(1, 0.4, 1.8))
    taps = torch.exp(-((torch.arange(-3.0, 4.0, device=dice.device) / sigma) ** 2) / 2)
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


def screen_photo(views: Tensor, dice: Dice) -> Tensor:
    """Photograph a screen: the coloured interference of two pixel grids, a glare, and dull blacks."""
    count, _, side, _ = views.shape
    axis = torch.linspace(0, 1, side, device=dice.device)
    angle = dice.uniform(count, 0, torch.pi).view(-1, 1, 1, 1)
    waves = dice.uniform(count, 6, side / 3).view(-1, 1, 1, 1)
    along = angle.cos() * axis[None, None, None, :] + angle.sin() * axis[None, None, :, None]
    # Curved, as no lens holds the two grids parallel; red, green and blue dots lie side by side.
    bend = 0.15 * dice.uniform(count, -1, 1).view(-1, 1, 1, 1) * (axis[None, None, :, None] - 0.5) ** 2
    phase = torch.arange(3.0, device=dice.device).view(1, 3, 1, 1) * dice.uniform(count, 0.0, 2.0).view(
        -1, 1, 1, 1
    )
    stripes = torch.sin(2 * torch.pi * waves * (along + bend) + phase)
    middle = dice.uniform(2 * count, 0, 1).view(-1, 2, 1, 1)
    distance = (axis[None, None, None, :] - middle[:, :1]) ** 2 + (
        axis[None, None, :, None] - middle[:, 1:]
    ) ** 2
    glare = dice.uniform(count, 0.0, 0.5).view(-1, 1, 1, 1) * torch.exp(-distance * 8)
    black = dice.uniform(count, 0.0, 0.12).view(-1, 1, 1, 1)
    depth = dice.uniform(count, 0.02, 0.12).view(-1, 1, 1, 1)
    return (black + (1 - black) * views * (1 + depth * stripes) + glare).clamp(0, 1)


def degrade(views: Tensor, dice: Dice, strength: float) -> Tensor:
    """Apply the degradations, each to its own part of the views; in place."""
    count = len(views)
    for probability, edit in ((0.08, screen_photo), (0.15, blur), (0.12, coarsen), (0.30, recompress)):
        rows = dice.some(count, probability * strength)
        if len(rows):
            views[rows] = edit(views[rows], dice)
    rows = dice.some(count, 0.10 * strength)
    if len(rows):
        noise = torch.randn(views[rows].shape, generator=dice.generator, device=dice.device)
        views[rows] = (views[rows] + noise * dice.uniform(len(rows), 0.01, 0.08).view(-1, 1, 1, 1)).clamp(
            0, 1
        )
    return views
