"""Colour cast, brightness, contrast, saturation, hue, gamma and grayscale."""

import torch
from torch import Tensor

from workers.trainer.tower.augment.dice import Dice

LUMA = torch.tensor([0.299, 0.587, 0.114])
"""Weights of red, green and blue in brightness (ITU-R BT.601)."""

TO_YIQ = torch.tensor([[0.299, 0.587, 0.114], [0.596, -0.274, -0.322], [0.211, -0.523, 0.312]])
FROM_YIQ = torch.linalg.inv(TO_YIQ)


def colour_matrices(count: int, dice: Dice, strength: float) -> Tensor:
    """Draw matrices that turn the hue and change saturation and channel gains, float32 (count, 3, 3)."""
    # Mild: a light or a filter shifts hues a little, and another colour is another product.
    angle = dice.uniform(count, -0.25, 0.25) * strength
    saturation = (dice.uniform(count, -0.9, 0.6) * strength).exp()
    turn = torch.zeros(count, 3, 3, device=dice.device)
    turn[:, 0, 0] = 1
    turn[:, 1, 1] = turn[:, 2, 2] = saturation * angle.cos()
    turn[:, 1, 2] = -saturation * angle.sin()
    turn[:, 2, 1] = saturation * angle.sin()
    gains = (dice.uniform(count * 3, -0.25, 0.25) * strength).exp().view(count, 3, 1)
    matrices: Tensor = gains * (FROM_YIQ.to(dice.device) @ turn @ TO_YIQ.to(dice.device))
    return matrices


def shift_colours(views: Tensor, dice: Dice, strength: float) -> Tensor:
    """Change the colours of a part of the views.

    Args:
        views: float32 (n, 3, h, w), 0-1; changed in place.
        dice: randomness.
        strength: 1 for the full edits, less for milder and rarer ones.
    """
    count = len(views)
    rows = dice.some(count, 0.55 * strength)
    if len(rows):
        matrices = colour_matrices(len(rows), dice, strength)
        views[rows] = torch.einsum("nij,njhw->nihw", matrices, views[rows])
    rows = dice.some(count, 0.5 * strength)
    if len(rows):
        gain = (dice.uniform(len(rows), -0.7, 0.6) * strength).exp().view(-1, 1, 1, 1)
        contrast = (dice.uniform(len(rows), -0.7, 0.4) * strength).exp().view(-1, 1, 1, 1)
        offset = dice.uniform(len(rows), -0.15, 0.15).view(-1, 1, 1, 1) * strength
        views[rows] = ((views[rows] * gain - 0.5) * contrast + 0.5 + offset).clamp_(0, 1)
    rows = dice.some(count, 0.25 * strength)
    if len(rows):
        gamma = (dice.uniform(len(rows), -0.7, 0.7) * strength).exp().view(-1, 1, 1, 1)
        views[rows] = views[rows].clamp(1e-4, 1) ** gamma
    return views.clamp_(0, 1)


def drain_colour(views: Tensor, dice: Dice, probability: float) -> Tensor:
    """Turn a part of the views grey, some of them with a sepia-like tint; in place."""
    rows = dice.some(len(views), probability)
    if len(rows):
        grey = torch.einsum("c,nchw->nhw", LUMA.to(dice.device), views[rows])[:, None]
        tint = 1 - dice.uniform(len(rows) * 3, 0, 0.3).view(-1, 3, 1, 1)
        tint[dice.chance(len(rows), 0.75)] = 1
        views[rows] = grey * tint
    return views
