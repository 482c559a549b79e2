"""Figures about a classifier on labelled pairs."""

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import average_precision_score, brier_score_loss, roc_auc_score

Matrix = NDArray[np.float64]
Labels = NDArray[np.bool_]


def settled_threshold(chances: Matrix, labels: Labels, tolerance: float = 0.005) -> float:
    """Return the middle of the thresholds whose F1 is within `tolerance` of the best one.

    For catalogs unlike those at hand: where F1 is flat, its very best is chance, and the middle is farthest
    from both edges.
    """
    order = np.argsort(-chances, kind="stable")
    ranked, scores = chances[order], _f1_of_first(labels[order])
    scores[:-1][ranked[:-1] == ranked[1:]] = 0
    good = ranked[scores >= scores.max() - tolerance]
    return round(float((good[0] + good[-1]) / 2), 4)


def best_threshold(chances: Matrix, labels: Labels, tolerance: float = 0.001) -> float:
    """Return the highest threshold whose F1 is within `tolerance` of the best one.

    F1 is flat around its top, and a wrong merge costs more than a missed one. It lies in the middle
    of the gap between two probabilities.
    """
    order = np.argsort(-chances, kind="stable")
    ranked, scores = chances[order], _f1_of_first(labels[order])
    # Only between two different values can a line be drawn.
    scores[:-1][ranked[:-1] == ranked[1:]] = 0
    best = int(np.flatnonzero(scores >= scores.max() - tolerance)[0])
    below = ranked[best + 1] if best + 1 < len(ranked) else 0.0
    return round(float((ranked[best] + below) / 2), 4)


def _f1_of_first(labels: Labels) -> Matrix:
    """Return the F1 of calling the first pair positive, the first two, and so on, (n,)."""
    scores: Matrix = 2 * np.cumsum(labels) / (np.arange(1, len(labels) + 1) + labels.sum())
    return scores


def figures(chances: Matrix, labels: Labels, threshold: float) -> dict[str, float]:
    """Return precision, recall and F1 at the threshold, and figures that need none."""
    positive = chances >= threshold
    hits = int((positive & labels).sum())
    precision, recall = hits / max(int(positive.sum()), 1), hits / max(int(labels.sum()), 1)
    found = {
        "pairs": float(len(labels)),
        "positives": float(labels.sum()),
        "precision": precision,
        "recall": recall,
        "f1": 2 * precision * recall / max(precision + recall, 1e-12),
        "roc_auc": float(roc_auc_score(labels, chances)),
        "pr_auc": float(average_precision_score(labels, chances)),
        "brier": float(brier_score_loss(labels, chances)),
        "calibration_error": calibration_error(chances, labels),
    }
    return {name: round(value, 4) for name, value in found.items()}


def calibration_error(chances: Matrix, labels: Labels, bins: int = 10) -> float:
    """Return the expected calibration error: the mean gap between probability and share of positives."""
    place = np.minimum((chances * bins).astype(int), bins - 1)
    gaps = [
        abs(float(chances[place == i].mean() - labels[place == i].mean())) * float((place == i).mean())
        for i in range(bins)
        if (place == i).any()
    ]
    return sum(gaps)
