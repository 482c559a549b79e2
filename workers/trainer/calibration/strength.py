"""Chooses how strongly a regression is held back."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import StratifiedGroupKFold

from workers.trainer.calibration.fit import Matrix, design_of

GRID: Final = (0.1, 0.3, 1.0, 3.0, 10.0)
_FOLDS: Final = 5
_LEAST: Final = 1e-9


def choose_strength(
    names: Sequence[str], features: Matrix, labels: NDArray[np.bool_], groups: NDArray[np.int64]
) -> float:
    """Return the least strength whose log-loss is within one standard error of the best one's.

    By cross-validation in five folds that never part a group (n,): the one-standard-error rule (Breiman et
    al., "Classification and Regression Trees", 1984, section 3.4.3). Deterministic.
    """
    losses: dict[float, list[float]] = {strength: [] for strength in GRID}
    folds = StratifiedGroupKFold(_FOLDS).split(features, labels, groups)
    for fit, test in folds:
        design = design_of(names, features[fit], labels[fit], conflicts_speak=True)
        weights = None
        # What a weaker one found is where a stronger one starts: a third fewer steps.
        for strength in GRID:
            weights = design.solve(strength, weights)
            chances = design.regression(weights).probabilities(features[test])
            losses[strength].append(_loss(chances, labels[test]))
    means = {strength: float(np.mean(found)) for strength, found in losses.items()}
    best = min(GRID, key=means.__getitem__)
    bound = means[best] + np.std(losses[best], ddof=1) / np.sqrt(_FOLDS)
    return next(strength for strength in GRID if means[strength] <= bound)


def _loss(chances: Matrix, labels: NDArray[np.bool_]) -> float:
    likelihoods = np.maximum(np.where(labels, chances, 1 - chances), _LEAST)
    return float(-np.log(likelihoods).mean())
