"""Fits a regression: piecewise linear in the continuous features, never against common sense."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit

from workers.index.classifier import Regression, Term
from workers.index.features import CONTINUOUS

Matrix = NDArray[np.float64]
Bounds = tuple[float | None, float | None]
# Knots where the training pairs lie densest among duplicates and non-duplicates alike.
_QUANTILES: Final = (0.25, 0.5, 0.75, 0.9)
# Between knots closer than this a slope would be learnt from a handful of pairs.
_LEAST_GAP: Final = 0.05
_FALLING: Final = frozenset({"price_gap", "strange_least", "strange_most"})


@dataclass(frozen=True, slots=True)
class Design:
    """Labelled pairs, ready to fit regressions of several strengths.

    Attributes:
        matrix: how far each value reaches into each segment between knots, less the mean (n, segments).
        means: those means (segments,).
        signs: 1 or -1 for the labels (n,).
    """

    names: Sequence[str]
    knots: Sequence[Sequence[float]]
    bounds: Sequence[Bounds]
    matrix: Matrix
    means: Matrix
    signs: Matrix

    def solve(self, strength: float, start: Matrix | None = None) -> Matrix:
        """Minimise the penalised log-loss within the bounds (L-BFGS-B).

        Returns:
            Intercept and the slope in each segment (1 + segments,).
        """

        def loss(weights: Matrix) -> tuple[float, Matrix]:
            margins = self.signs * (self.matrix @ weights[1:] + weights[0])
            pull = -self.signs * expit(-margins)
            gradient = np.concatenate([[pull.sum()], self.matrix.T @ pull + weights[1:] / strength])
            held = weights[1:] @ weights[1:] / (2 * strength)
            return float(np.logaddexp(0, -margins).sum() + held), gradient

        found: Any = minimize(
            loss,
            np.zeros(1 + self.matrix.shape[1]) if start is None else start,
            jac=True,
            method="L-BFGS-B",
            bounds=[(None, None), *self.bounds],
            options={"maxiter": 3000, "maxfun": 6000, "ftol": 1e-10},
        )
        weights: Matrix = found.x
        return weights

    def regression(self, weights: Matrix) -> Regression:
        """Return the regression that has these weights."""
        slopes, terms, place = weights[1:], [], 0
        for name, knots in zip(self.names, self.knots, strict=True):
            part = slice(place, place + len(knots) + 1)
            place = part.stop
            terms.append(
                Term(
                    name=name,
                    slopes=tuple(_short(slope) for slope in np.diff(slopes[part], prepend=0.0)),
                    knots=tuple(_short(knot) for knot in knots),
                    centre=_short(float(slopes[part] @ self.means[part])),
                )
            )
        return Regression(intercept=_short(float(weights[0])), terms=tuple(terms))


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
    design = design_of(names, features, labels, conflicts_speak=conflicts_speak)
    return design.regression(design.solve(strength))


def design_of(
    names: Sequence[str], features: Matrix, labels: NDArray[np.bool_], *, conflicts_speak: bool
) -> Design:
    """Place the knots and cut the named features (n, features) at them; see `fit_regression`."""
    knots = [_knots(name, features[:, i], labels) for i, name in enumerate(names)]
    matrix = np.concatenate([_segments(features[:, i], found) for i, found in enumerate(knots)], axis=1)
    means = matrix.mean(axis=0)
    matrix -= means
    bounds = [
        _bounds(name, conflicts_speak)
        for name, found in zip(names, knots, strict=True)
        for _ in range(len(found) + 1)
    ]
    return Design(names, knots, bounds, matrix, means, np.where(labels, 1.0, -1.0))


def _bounds(name: str, conflicts_speak: bool) -> Bounds:
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
