"""The short runs that are compared."""

import dataclasses
from dataclasses import dataclass
from typing import Final

from workers.trainer.tower.recipe import Recipe
from workers.trainer.tower.starts import PUBLISHED, RANDOM


@dataclass(frozen=True)
class Variant:
    """One row of the table.

    Attributes:
        name: what is different, in words.
        recipe: settings.
        start: weights to begin with, see `choose_start`.
    """

    name: str
    recipe: Recipe
    start: str = PUBLISHED

    @property
    def folder(self) -> str:
        """Name of the folder for its files."""
        return self.name.replace(" ", "-").replace(",", "")


SHORT: Final = Recipe(steps=60, stages=((0.0, 80),), hard_from=0.5, mine_every=1.0)
"""Short, on smaller views; every other batch of its second half is of look-alikes."""

VARIANTS: Final = (
    Variant("recipe", SHORT),
    Variant("random start", SHORT, start=RANDOM),
    Variant("no teacher", dataclasses.replace(SHORT, teacher_weight=0.0)),
    Variant("no frozen stages", dataclasses.replace(SHORT, frozen_stages=0)),
    Variant("published weights, untrained", dataclasses.replace(SHORT, steps=0)),
)
