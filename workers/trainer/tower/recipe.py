"""Every number of the training recipe, in one frozen object."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Recipe:
    """Settings of one training run; the defaults are those of the shipped weights.

    Attributes:
        start: `published` for weights that know everyday pictures, `random` for none, else a tower's digest.
        frozen_stages: leading stages of the backbone that stay as they are: edges and textures are the same
            everywhere, and these stages, which see the most pixels, cost the most to train.
        steps: optimiser steps of the whole schedule.
        seed: source of randomness (initial weights, data order, augmentation).
        photos_per_step: photos per step; each gives two views, so a step sees twice as many images.
        stages: (fraction of the run at which it starts, side of the views in pixels). Small views first:
            early steps learn colours and coarse shapes, for which more pixels would be wasted time.
        temperature: divisor of cosine similarities in the contrastive loss.
        koleo_weight: weight of the term that spreads embeddings over the sphere.
        product_weight: weight of the cross-entropy on the products of the grocery photos.
        teacher_weight: weight of the distance to the published network's embedding of the untouched photo.
        other_photo: probability that the second view of a labelled photo shows another photo of its product.
        hard_from: fraction of the run after which every other batch is made of look-alikes.
        mine_every: fraction of the run between two searches for look-alikes.
        learning_rate: peak of AdamW's cosine schedule.
        backbone_rate: the same for the backbone, as a share of it; the projection starts from nothing.
        weight_decay: AdamW's decoupled decay.
        warmup: fraction of the run with a rising learning rate.
        clip_norm: largest gradient norm.
        ema_decay: decay per step of the averaged weights, which are the ones that ship.
    """

    start: str = "published"
    frozen_stages: int = 2
    steps: int = 1000
    seed: int = 17
    photos_per_step: int = 128
    stages: tuple[tuple[float, int], ...] = ((0.0, 96), (0.35, 112), (0.70, 128))
    temperature: float = 0.06
    koleo_weight: float = 0.3
    product_weight: float = 0.15
    teacher_weight: float = 3.0
    other_photo: float = 0.35
    hard_from: float = 0.15
    mine_every: float = 0.2
    learning_rate: float = 1.5e-3
    backbone_rate: float = 0.5
    weight_decay: float = 0.03
    warmup: float = 0.05
    clip_norm: float = 5.0
    ema_decay: float = 0.998

    def side_at(self, step: int) -> int:
        """Give the side of the views at a step, in pixels."""
        progress = step / max(1, self.steps)
        return [side for start, side in self.stages if start <= progress][-1]
