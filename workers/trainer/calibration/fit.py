"""Fits a regression: piecewise linear in the continuous features, in the units of the features."""

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from workers.index.classifier import Regression, Term
from workers.index.features import CONTINUOUS, NAMES, Situation

Matrix = NDArray[np.float64]
# Knots where the training pairs lie densest among duplicates and non-duplicates alike.
_QUANTILES = (0.25, 0.5, 0.75, 0.9)
# Between knots closer than this a slope would be learnt from a handful of pairs.
_LEAST_GAP = 0.05


def fit_regression(
    situation: Situation, features: Matrix, labels: NDArray[np.bool_], strength: float
) -> Regression:
    """Return a logistic regression of the labels (n,) on the features (n, features).

    Unweighted, as weights would spoil the probabilities. `strength` is scikit-learn's C: its inverse weighs
    the squares of the slopes. Deterministic.
    """
    names = NAMES[situation]
    knots = {name: _knots(name, features[:, i], labels) for i, name in enumerate(names)}
    columns = [_basis(features[:, i], knots[name]) for i, name in enumerate(names)]
    design = np.concatenate(columns, axis=1)
    # All features lie between 0 and 2 already; scaling a rarely exceeded knot up would make a cliff of it.
    means = design.mean(axis=0)
    model = LogisticRegression(C=strength, solver="newton-cholesky", max_iter=200, tol=1e-6)
    model.fit(design - means, labels)
    slopes = model.coef_[0]
    terms, start = [], 0
    for name, column in zip(names, columns, strict=True):
        part = slopes[start : start + column.shape[1]]
        centre = float(part @ means[start : start + column.shape[1]])
        start += column.shape[1]
        terms.append(
            Term(
                name=name,
                slopes=tuple(_short(slope) for slope in part),
                knots=tuple(_short(knot) for knot in knots[name]),
                centre=_short(centre),
            )
        )
    return Regression(intercept=_short(float(model.intercept_[0])), terms=tuple(terms))


def _knots(name: str, values: Matrix, labels: NDArray[np.bool_]) -> list[float]:
    if name not in CONTINUOUS:
        return []
    found = [np.quantile(values[labels == label], _QUANTILES) for label in (False, True)]
    knots: list[float] = []
    last, high = float(values.min()), float(values.max())
    for knot in np.unique(np.round(np.concatenate(found), 3)).tolist():
        if knot - last >= _LEAST_GAP and high - knot >= _LEAST_GAP:
            knots.append(knot)
            last = knot
    return knots


def _basis(values: Matrix, knots: list[float]) -> Matrix:
    return np.stack([values, *(np.maximum(0.0, values - knot) for knot in knots)], axis=1)


def _short(number: float) -> float:
    return float(f"{number:.8g}")
