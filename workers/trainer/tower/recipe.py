"""Every number of the training recipe, in one frozen object."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Recipe:
    """Settings of one training run; the defaults are those of the shipped weights.

    Attributes:
        steps: optimiser steps of the whole schedule.
        stop_after: step at which to end early, or 0 to run the whole schedule.
        seed: source of randomness (initial weights, data order, augmentation).
        photos_per_step: photos per step; each gives two views, so a step sees twice as many images.
        stages: (fraction of the run at which it starts, side of the views in pixels). Small views first:
            early steps learn colours and coarse shapes, for which more pixels would be wasted time.
        temperature: divisor of cosine similarities in the contrastive loss.
        koleo_weight: weight of the term that spreads embeddings over the sphere.
        product_weight: weight of the cross-entropy on the products of the grocery photos.
        other_photo: probability that the second view of a labelled photo shows another photo of its product.
        hard_from: fraction of the run after which every other batch is made of look-alikes.
        mine_every: fraction of the run between two searches for look-alikes.
        learning_rate: peak of AdamW's cosine schedule.
        weight_decay: AdamW's decoupled decay.
        warmup: fraction of the run with a rising learning rate.
        clip_norm: largest gradient norm.
        ema_decay: decay per step of the averaged weights, which are the ones that ship.
        bfloat16: autocast to bfloat16. Off by default: without matrix units (AMX) it was no faster than
            float32.
    """

    steps: int = 1150
    stop_after: int = 0
    seed: int = 17
    photos_per_step: int = 128
    stages: tuple[tuple[float, int], ...] = ((0.0, 64), (0.35, 80), (0.70, 96), (0.90, 112))
    temperature: float = 0.07
    koleo_weight: float = 0.2
    product_weight: float = 0.15
    other_photo: float = 0.35
    hard_from: float = 0.25
    mine_every: float = 0.2
    learning_rate: float = 1.8e-3
    weight_decay: float = 0.03
    warmup: float = 0.05
    clip_norm: float = 5.0
    ema_decay: float = 0.998
    bfloat16: bool = False

    def side_at(self, step: int) -> int:
        """Give the side of the views at a step, in pixels."""
        progress = step / max(1, self.steps)
        return [side for start, side in self.stages if start <= progress][-1]


ANNEAL = Recipe(
    steps=60,
    seed=18,
    photos_per_step=96,
    stages=((0.0, 80),),
    hard_from=1.0,
    learning_rate=9e-4,
    warmup=0.1,
)
"""Ends a run that was stopped early: few steps, no look-alikes, from a middling learning rate to zero."""
