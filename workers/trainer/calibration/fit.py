"""Fits a regression: piecewise linear in the continuous features, never against common sense."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit

from workers.index.classifier import Regression, Term
from workers.index.features import CONTINUOUS

Matrix = NDArray[np.float64]
# Knots where the training pairs lie densest among duplicates and non-duplicates alike.
_QUANTILES: Final = (0.25, 0.5, 0.75, 0.9)
# Between knots closer than this a slope would be learnt from a handful of pairs.
_LEAST_GAP: Final = 0.05
_FALLING: Final = frozenset({"price_gap", "strange_least", "strange_most"})


def fit_regression(
    names: Sequence[str],
    features: Matrix,
    labels: NDArray[np.bool_],
    strength: float,
    *,
    conflicts_speak: bool,
) -> Regression:
    """Return a logistic regression of the labels (n,) on the named features (n, features).

    More similarity never lowers the probability and more strangeness never raises it; with `conflicts_speak`,
    a conflict never raises it either (it may, where the label is "of one line"). Free slopes would learn from
    sellers who list a whole family under one photo that an identical photo speaks against a duplicate.

    Unweighted, as weights would spoil the probabilities; the squares of the slopes weigh the inverse of
    `strength`. Deterministic.
    """
    knots = {name: _knots(name, features[:, i], labels) for i, name in enumerate(names)}
    columns = [_segments(features[:, i], knots[name]) for i, name in enumerate(names)]
    bounds = [
        _bounds(name, conflicts_speak)
        for name, column in zip(names, columns, strict=True)
        for _ in range(column.shape[1])
    ]
    design = np.concatenate(columns, axis=1)
    means = design.mean(axis=0)
    intercept, slopes = _solve(design - means, labels, bounds, strength)
    terms, start = [], 0
    for name, column in zip(names, columns, strict=True):
        part = slice(start, start + column.shape[1])
        start = part.stop
        terms.append(
            Term(
                name=name,
                slopes=tuple(_short(slope) for slope in np.diff(slopes[part], prepend=0.0)),
                knots=tuple(_short(knot) for knot in knots[name]),
                centre=_short(float(slopes[part] @ means[part])),
            )
        )
    return Regression(intercept=_short(intercept), terms=tuple(terms))


def _solve(
    design: Matrix,
    labels: NDArray[np.bool_],
    bounds: list[tuple[float | None, float | None]],
    strength: float,
) -> tuple[float, Matrix]:
    """Minimise the penalised log-loss within the bounds (L-BFGS-B)."""
    signs = np.where(labels, 1.0, -1.0)

    def loss(weights: Matrix) -> tuple[float, Matrix]:
        margins = signs * (design @ weights[1:] + weights[0])
        pull = -signs * expit(-margins)
        gradient = np.concatenate([[pull.sum()], design.T @ pull + weights[1:] / strength])
        return float(np.logaddexp(0, -margins).sum() + weights[1:] @ weights[1:] / (2 * strength)), gradient

    start = np.zeros(design.shape[1] + 1)
    options = {"maxiter": 3000, "maxfun": 6000, "ftol": 1e-10}
    found: Any = minimize(
        loss, start, jac=True, method="L-BFGS-B", bounds=[(None, None), *bounds], options=options
    )
    return float(found.x[0]), found.x[1:]


def _bounds(name: str, conflicts_speak: bool) -> tuple[float | None, float | None]:
    if name in _FALLING or (conflicts_speak and name.endswith("_conflict")):
        return None, 0.0
    if name in CONTINUOUS or name.endswith("_match"):
        return 0.0, None
    return None, None


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


def _segments(values: Matrix, knots: list[float]) -> Matrix:
    """Return how far each value reaches into each segment between knots; the first and last are open."""
    edges = [-np.inf, *knots, np.inf]
    parts = [np.minimum(values, edges[1])]
    parts += [np.clip(values, low, high) - low for low, high in pairwise(edges[1:])]
    return np.stack(parts, axis=1)


def _short(number: float) -> float:
    return float(f"{number:.8g}")
