"""The two views of a training step: one nearly as photographed, one edited like a re-seller would."""

import torch
from torch import Tensor
from torch.nn import functional

from workers.trainer.tower.augment import colour, degrade, geometry, scene
from workers.trainer.tower.augment.dice import CPU, Dice
from workers.trainer.tower.augment.stamps import Stamps


class Augmenter:
    """Turns photos into training views, on the device that the photos have to be on."""

    def __init__(self, seed: int, device: torch.device = CPU) -> None:
        self.dice = Dice(seed, device)
        self.stamps = Stamps(self.dice)

    def plain(self, photos: Tensor, side: int) -> Tensor:
        """Make views that look like catalog photos: half of them untouched, the rest with mild edits.

        Args:
            photos: uint8 (n, 3, h, w).
            side: side of the views in pixels.

        Returns:
            float32 (n, 3, side, side), 0-1.
        """
        source = photos.float().div_(255)
        views = functional.interpolate(source, side, mode="bilinear", align_corners=False, antialias=True)
        rows = self.dice.some(len(views), 0.5)
        if len(rows):
            chosen = source[rows]
            canvas = scene.canvases(chosen, side, self.dice)
            place = geometry.random_placement(len(rows), self.dice, 0.4)
            mild = geometry.sample(chosen, place, canvas)
            mild = colour.shift_colours(mild, self.dice, 0.4)
            views[rows] = degrade.degrade(mild, self.dice, 0.5)
        return views

    def edited(self, photos: Tensor, side: int) -> Tensor:
        """Make views with one to many strong edits; arguments and result as for `plain`."""
        dice = self.dice
        source = scene.change_background(photos.float().div_(255), dice, 0.20)
        canvas = scene.canvases(source, side, dice)
        place = geometry.random_placement(len(source), dice, 1.0)
        pages = scene.screenshots(place, canvas, dice, 0.14)
        scene.collages(source, place, canvas, dice, 0.05)
        views = geometry.sample(source, place, canvas)
        views = colour.shift_colours(views, dice, 0.9)
        views = colour.drain_colour(views, dice, 0.22)
        for _ in range(3):
            self._stamp(views, pages, letters=True, low=0.2, high=0.8)
        for share, letters, low, high in (
            (0.22, True, 0.25, 1.0),
            (0.15, True, 0.2, 0.7),
            (0.18, False, 0.12, 0.4),
        ):
            self._stamp(views, dice.some(len(views), share), letters=letters, low=low, high=high)
        marked = dice.some(len(views), 0.10)
        if len(marked):
            views[marked] = self.stamps.tile(views[marked], dice)
        self._frame(views, dice.some(len(views), 0.10))
        return degrade.degrade(views, dice, 1.0)

    def _stamp(self, views: Tensor, rows: Tensor, *, letters: bool, low: float, high: float) -> None:
        """Stamp the chosen rows, in place."""
        if len(rows):
            views[rows] = self.stamps.put(views[rows], self.dice, letters=letters, low=low, high=high)

    def _frame(self, views: Tensor, rows: Tensor) -> None:
        """Draw a coloured frame over the rim of the chosen rows, in place."""
        if not len(rows):
            return
        axis = torch.linspace(-1, 1, views.shape[-1], device=views.device).abs()
        rim = torch.maximum(axis[None, :, None], axis[None, None, :])
        inner = self.dice.uniform(len(rows), 0.72, 0.97).view(-1, 1, 1)
        views[rows] = torch.where((rim > inner)[:, None], self.dice.colours(len(rows)), views[rows])
