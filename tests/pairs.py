"""Pairs made by hand."""

import numpy as np

from shared.messages import Conflict
from workers.index.features import SITUATIONS, Situation
from workers.index.pairing import Pairing
from workers.index.scoring import Measurements
from workers.index.tokens.conflicts import Comparison
from workers.index.tokens.facts import Facts
from workers.index.told import Told


def one_pair(a: Facts, b: Facts) -> Pairing:
    return Pairing([a], np.array([0]), [b], np.array([0]))


def measured_pairs(
    situation: Situation | None,
    sims: np.ndarray,
    values: np.ndarray | None = None,
    conflicts: tuple[Conflict | None, ...] = (),
) -> Measurements:
    """Pairs of one situation with similarities (n, 2) of image and text, features, and a conflict each."""
    count, (image, text) = len(sims), sims.T
    said = [Comparison("absent" if found is None else "conflict") for found in conflicts or (None,) * count]
    told = Told(said, list(conflicts or (None,) * count), np.arange(count))
    fused = np.where(np.isnan(image), text, np.where(np.isnan(text), image, (image + text) / 2))
    number = -1 if situation is None else SITUATIONS.index(situation)
    return Measurements(
        situations=np.full(count, number, np.int8),
        sims={"image": image, "text": text, "lexical": text},
        fused=fused,
        told={"colour": told},
        matrices={} if situation is None or values is None else {situation: (np.arange(count), values)},
    )
