"""The short runs that are compared."""

import dataclasses
from dataclasses import dataclass
from typing import Final

from workers.trainer.tower.dataset import Corpus
from workers.trainer.tower.photos import SAMPLES
from workers.trainer.tower.recipe import Recipe
from workers.trainer.tower.starts import PUBLISHED, RANDOM


@dataclass(frozen=True)
class Variant:
    """One row of the table.

    Attributes:
        name: what is different, in words.
        recipe: settings.
        start: weights to begin with, see `choose_start`.
        whitened: fold the half-whitening into the projection.
        samples: train on the photos of the sample shop, too.
    """

    name: str
    recipe: Recipe
    start: str = PUBLISHED
    whitened: bool = True
    samples: bool = True

    @property
    def folder(self) -> str:
        """Name of the folder for its files."""
        return self.name.replace(" ", "-").replace(",", "")

    def narrow(self, corpus: Corpus) -> Corpus:
        """Leave out of the training photos what this run is not to see."""
        if self.samples:
            return corpus
        training = corpus.training
        real = sum(corpus.photos[row].collection != SAMPLES for row in training.rows)
        features = training.features
        kept = dataclasses.replace(
            training,
            rows=training.rows[:real],
            groups=training.groups[:real],
            products=training.products[:real],
            features=None if features is None else features[:real],
        )
        return dataclasses.replace(corpus, training=kept)


SHORT: Final = Recipe(steps=60, stages=((0.0, 80),), hard_from=0.5, mine_every=1.0)
"""Short, on smaller views; every other batch of its second half is of look-alikes."""


def _changed(name: str, **changes: object) -> Variant:
    return Variant(name, dataclasses.replace(SHORT, **changes))  # type: ignore[arg-type]


VARIANTS: Final = (
    Variant("recipe", SHORT),
    Variant("random start", SHORT, start=RANDOM),
    _changed("no teacher", teacher_weight=0.0),
    _changed("no look-alikes", hard_from=2.0),
    _changed("no frozen stages", frozen_stages=0),
    Variant("no sample photos", SHORT, samples=False),
    Variant("no whitening", SHORT, whitened=False),
    _changed("published weights, untrained", steps=0),
)
