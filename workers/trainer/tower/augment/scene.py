"""What surrounds a photo: canvases, screenshots, collages, and a changed background."""

import torch
from torch import Tensor
from torch.nn import functional

from workers.trainer.tower.augment.dice import Dice
from workers.trainer.tower.augment.geometry import Placement


def canvases(photos: Tensor, side: int, dice: Dice) -> Tensor:
    """Draw what is seen around the photos: plain colours, gradients, blurred selves, other photos.

    Returns:
        float32 (n, 3, side, side).
    """
    count = len(photos)
    canvas = dice.colours(count).expand(count, 3, side, side).clone()
    kind = dice.uniform(count)
    rows = (kind < 0.15).nonzero().flatten()
    canvas[rows] = canvas[rows].lerp(
        dice.colours(len(rows)), torch.linspace(0, 1, side, device=dice.device)[None, None, :, None]
    )
    rows = (kind > 0.92).nonzero().flatten()
    canvas[rows] = functional.interpolate(
        functional.adaptive_avg_pool2d(photos[rows], 6), side, mode="bilinear", align_corners=False
    )
    rows = ((kind > 0.80) & (kind < 0.92)).nonzero().flatten()
    others = (rows + 1 + dice.integers(len(rows), max(1, count - 1))) % count
    canvas[rows] = functional.interpolate(photos[others], side, mode="area")
    return canvas


def screenshots(place: Placement, canvas: Tensor, dice: Dice, probability: float) -> Tensor:
    """Turn some placements into phone screenshots: a full-width photo on a tall plain page; in place.

    Returns:
        The chosen positions, so that lettering can be put on them.
    """
    rows = dice.some(len(canvas), probability)
    place.half[rows, 0] = dice.uniform(len(rows), 1.0, 1.12)
    place.half[rows, 1] = dice.uniform(len(rows), 1.25, 2.6)
    place.centre[rows] = (place.half[rows] - 1) * torch.stack(
        [dice.uniform(len(rows), -1, 1), dice.uniform(len(rows), -0.9, 0.9)], 1
    )
    place.angle[rows], place.lean[rows] = 0.0, 0.0
    canvas[rows] = dice.colours(len(rows)).expand(-1, 3, *canvas.shape[-2:])
    return rows


def collages(photos: Tensor, place: Placement, canvas: Tensor, dice: Dice, probability: float) -> None:
    """Turn some placements into one cell of a collage whose other cells show other photos; in place."""
    count, side = len(canvas), canvas.shape[-1]
    rows = dice.some(count, probability)
    halves = torch.tensor([[2.0, 1.0], [1.0, 2.0], [2.0, 2.0]], device=dice.device)[
        dice.integers(len(rows), 3)
    ]
    corner = torch.stack([dice.signs(len(rows)), dice.signs(len(rows))], 1)
    place.half[rows], place.centre[rows], place.angle[rows] = halves, corner * (halves - 1), 0.0
    place.lean[rows] = 0.0
    for row, (half_x, half_y) in zip(rows.tolist(), halves.tolist(), strict=True):
        columns, lines = int(half_x), int(half_y)
        others = photos[(row + 1 + dice.integers(columns * lines, count - 1)) % count]
        cells = functional.interpolate(others, (side // lines, side // columns), mode="area")
        strips = [torch.cat(list(cells[i * columns : (i + 1) * columns]), 2) for i in range(lines)]
        canvas[row] = torch.cat(strips, 1)


def change_background(photos: Tensor, dice: Dice, probability: float) -> Tensor:
    """Replace what lies around the middle of some photos, or what looks like their rim; in place.

    No one marked the products in these photos, so two rough guesses stand in for a real cut-out: a soft
    super-ellipse in the middle, and everything whose colour differs from the mean of the rim.
    """
    rows = dice.some(len(photos), probability)
    count, side = len(rows), photos.shape[-1]
    if not count:
        return photos
    chosen = photos[rows]
    axis = torch.linspace(-1, 1, side, device=dice.device)
    power = dice.uniform(count, 1.6, 5.0).view(-1, 1, 1)
    x = (axis[None, None, :] - dice.uniform(count, -0.15, 0.15).view(-1, 1, 1)).abs()
    y = (axis[None, :, None] - dice.uniform(count, -0.15, 0.15).view(-1, 1, 1)).abs()
    x, y = (
        x / dice.uniform(count, 0.55, 0.95).view(-1, 1, 1),
        y / dice.uniform(count, 0.55, 0.95).view(-1, 1, 1),
    )
    middle = ((1.0 - (x**power + y**power) ** (1 / power)) * 12).sigmoid()
    rim = torch.cat(
        [chosen[:, :, :6].flatten(2), chosen[:, :, :, :6].flatten(2), chosen[:, :, :, -6:].flatten(2)], 2
    )
    distance = (chosen - rim.median(2).values[:, :, None, None]).abs().amax(1)
    distinct = ((distance - dice.uniform(count, 0.10, 0.25).view(-1, 1, 1)) * 40).sigmoid()
    by_colour = dice.chance(count, 0.6).view(-1, 1, 1)
    keep = torch.where(by_colour, distinct * (0.3 + 0.7 * middle), middle)
    keep = functional.avg_pool2d(keep[:, None], 5, stride=1, padding=2)
    photos[rows] = canvases(photos, side, dice)[rows].lerp(chosen, keep)
    return photos
