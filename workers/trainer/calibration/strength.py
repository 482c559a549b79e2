"""Chooses how strongly a regression is held back."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import StratifiedGroupKFold

from workers.trainer.calibration.fit import Matrix, fit_regression

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
    folds = list(StratifiedGroupKFold(_FOLDS).split(features, labels, groups))
    losses = {
        strength: np.array(
            [
                _loss(
                    fit_regression(names, features[fit], labels[fit], strength, conflicts_speak=True)
                    .probabilities(features[test]),
                    labels[test],
                )
                for fit, test in folds
            ]
        )
        for strength in GRID
    }  # fmt: skip
    best = min(GRID, key=lambda strength: float(losses[strength].mean()))
    bound = losses[best].mean() + losses[best].std(ddof=1) / np.sqrt(len(folds))
    return next(strength for strength in GRID if losses[strength].mean() <= bound)


def _loss(chances: Matrix, labels: NDArray[np.bool_]) -> float:
    likelihoods = np.maximum(np.where(labels, chances, 1 - chances), _LEAST)
    return float(-np.log(likelihoods).mean())
