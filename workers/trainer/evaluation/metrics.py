"""Retrieval figures from similarity scores."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Scores = npt.NDArray[np.float32]


def ranks(scores: Scores, targets: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """Count how many gallery photos come before the right one; a tie counts half.

    Args:
        scores: (queries, gallery), higher is closer.
        targets: (queries,), position of the right photo in the gallery.

    Returns:
        (queries,), 0 where the right photo is first and alone.
    """
    own = scores[np.arange(len(scores)), targets][:, None]
    before: npt.NDArray[np.float64] = (scores > own).sum(1) + ((scores == own).sum(1) - 1) / 2
    return before


def recall_at(ranked: npt.NDArray[np.float64], k: int) -> float:
    """Give the share of queries whose right photo is among the first k."""
    return float((ranked < k).mean())


def recall_at_false_positives(scores: Scores, targets: npt.NDArray[np.int64], rate: float) -> float:
    """Give the share of queries answered rightly at a threshold on the score that few strangers pass.

    Each query counts twice: with its photo in the gallery, and as a stranger, with its photo taken out.

    Args:
        scores: (queries, gallery), higher is closer.
        targets: (queries,), position of the right photo.
        rate: share of strangers that may be accepted, such as 0.01.
    """
    rows = np.arange(len(scores))
    own = scores[rows, targets]
    without = scores.copy()
    without[rows, targets] = -np.inf
    stranger = without.max(1)
    threshold = np.quantile(stranger, 1 - rate, method="higher")
    return float(((own > stranger) & (own > threshold)).mean())


def hit_at_1(vectors: npt.NDArray[np.floating], product_ids: Sequence[str]) -> float:
    """Give the share of photos whose nearest other photo shows the same product.

    Photos that are the only one of their product are searched among but not asked about.

    Args:
        vectors: (n, d), one embedding per photo; normalised here.
        product_ids: n product ids, in the same order.
    """
    unit = np.asarray(vectors, dtype=np.float32)
    unit = unit / np.maximum(np.linalg.norm(unit, axis=1, keepdims=True), 1e-12)
    return hit_at_1_of_scores(unit @ unit.T, product_ids)


def hit_at_1_of_scores(scores: Scores, product_ids: Sequence[str]) -> float:
    """Give the same as `hit_at_1` for a matrix of scores, (n, n); ties share the hit.

    Args:
        scores: higher is closer; the diagonal is not looked at.
        product_ids: n product ids, in the same order.
    """
    ids = np.asarray(product_ids)
    names, counts = np.unique(ids, return_counts=True)
    asked = np.isin(ids, names[counts > 1])
    others = np.array(scores, dtype=np.float32)
    np.fill_diagonal(others, -np.inf)
    first = others == others.max(1, keepdims=True)
    same = ids[:, None] == ids[None, :]
    hits = (first & same).sum(1) / first.sum(1)
    return float(hits[asked].mean())
