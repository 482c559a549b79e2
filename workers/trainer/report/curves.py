"""Curves of a report, as numbers; at most a few hundred points each."""

from typing import Final

import numpy as np
from sklearn.metrics import precision_recall_curve, roc_curve

from workers.trainer.report.findings import Flags, JudgedPairs, Scores

Curve = dict[str, list[float]]
POINTS: Final = 200
BINS: Final = 10


def curves_of(judged: JudgedPairs) -> dict[str, Curve]:
    """Return the curves of judged pairs; none where only one kind of pair is there."""
    if len(np.unique(judged.duplicate)) < 2:
        return {}
    return {
        "precision_recall": precision_recall(judged.chances, judged.duplicate),
        "roc": roc(judged.chances, judged.duplicate),
        "threshold": by_threshold(judged.chances, judged.duplicate),
        "reliability": reliability(judged.chances, judged.duplicate),
    }


def precision_recall(chances: Scores, duplicate: Flags) -> Curve:
    """Return precision at each recall, from the highest recall down."""
    precision, recall, _ = precision_recall_curve(duplicate, chances, drop_intermediate=True)
    return _thinned({"recall": recall, "precision": precision})


def roc(chances: Scores, duplicate: Flags) -> Curve:
    """Return the true positive rate at each false positive rate."""
    false, true, _ = roc_curve(duplicate, chances)
    return _thinned({"false_positive_rate": false, "true_positive_rate": true})


def by_threshold(chances: Scores, duplicate: Flags) -> Curve:
    """Return precision, recall and F1 at thresholds from 0 to 1; precision is 1 where nothing is called."""
    thresholds = np.linspace(0, 1, POINTS // 2 + 1)
    order = np.sort(chances), np.sort(chances[duplicate])
    called, hits = (len(held) - np.searchsorted(held, thresholds, side="left") for held in order)
    precision = np.where(called > 0, hits / np.maximum(called, 1), 1.0)
    return _rounded(
        {
            "threshold": thresholds,
            "precision": precision,
            "recall": hits / max(len(order[1]), 1),
            "f1": 2 * hits / np.maximum(called + len(order[1]), 1),
        }
    )


def reliability(chances: Scores, duplicate: Flags) -> Curve:
    """Return, per tenth of the probability that holds any, its mean, the share of duplicates, the pairs."""
    place = np.minimum((chances * BINS).astype(int), BINS - 1)
    held = [place == number for number in range(BINS) if (place == number).any()]
    return _rounded(
        {
            "probability": np.array([chances[part].mean() for part in held]),
            "duplicates": np.array([duplicate[part].mean() for part in held]),
            "pairs": np.array([part.sum() for part in held], np.float64),
        }
    )


def _thinned(curve: dict[str, Scores]) -> Curve:
    size = len(next(iter(curve.values())))
    places = np.unique(np.linspace(0, size - 1, min(size, POINTS)).round().astype(int))
    return _rounded({name: values[places] for name, values in curve.items()})


def _rounded(curve: dict[str, Scores]) -> Curve:
    return {name: np.round(values.astype(np.float64), 5).tolist() for name, values in curve.items()}
