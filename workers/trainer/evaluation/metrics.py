"""Retrieval figures from similarity scores."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

Scores = npt.NDArray[np.float32]
Floats = npt.NDArray[np.floating]

FALSE_POSITIVE_RATE: Final = 0.01


@dataclass(frozen=True)
class Answers:
    """What looking photos up gave; every array has the same shape, such as (photos, edits).

    Each query is asked twice: with its own photo in the gallery, and as a stranger, without it.

    Attributes:
        own: score of the own photo.
        other: best score of any other photo; also the stranger's best score.
        before: how many photos come before the own one; a tie counts half.
        first: chance that the own photo comes first; ties are drawn by lot.
    """

    own: Floats
    other: Floats
    before: Floats
    first: Floats

    def rows(self, rows: slice) -> "Answers":
        """Give the answers of some photos."""
        return Answers(self.own[rows], self.other[rows], self.before[rows], self.first[rows])

    def columns(self, columns: Sequence[int]) -> "Answers":
        """Give the answers of some edits."""
        places = list(columns)
        return Answers(
            self.own[:, places], self.other[:, places], self.before[:, places], self.first[:, places]
        )


def look_up(scores: Scores, targets: npt.NDArray[np.int64]) -> Answers:
    """Look each query's own photo up.

    Args:
        scores: (queries, gallery), higher is closer; a gallery of at least two.
        targets: (queries,), position of the own photo in the gallery.

    Returns:
        Arrays of shape (queries,).
    """
    rows = np.arange(len(scores))
    own = scores[rows, targets]
    ties = (scores == own[:, None]).sum(1) - 1
    better = (scores > own[:, None]).sum(1)
    without = scores.copy()
    without[rows, targets] = -np.inf
    return Answers(own, without.max(1), better + ties / 2, np.where(better == 0, 1 / (1 + ties), 0.0))


def decide(answers: Answers, threshold: float | Floats) -> tuple[Floats, Floats]:
    """Accept the first photo found where its score reaches the threshold.

    Args:
        answers: any shape.
        threshold: one, or one per answer (broadcast).

    Returns:
        Per answer, true positives (0 to 1: own photo first and accepted) and false positives (0 to 2: another
        photo accepted; once with the own photo in the gallery, once as a stranger).
    """
    accepted = np.maximum(answers.own, answers.other) >= threshold
    return answers.first * accepted, (1 - answers.first) * accepted + (answers.other >= threshold)


def decision_f1(answers: Answers, threshold: float | Floats) -> float:
    """Give the F1 of accepting or not; a false negative is an own photo that is not accepted as the first."""
    right, wrong = (part.sum() for part in decide(answers, threshold))
    return float(2 * right / (right + wrong + answers.own.size))


def best_threshold(answers: Answers) -> float:
    """Give the threshold with the highest `decision_f1` on these answers."""
    top = np.maximum(answers.own, answers.other).ravel()
    first, other = answers.first.ravel(), answers.other.ravel()
    scores = np.concatenate([top, other])
    order = np.argsort(-scores, kind="stable")
    scores = scores[order]
    right = np.concatenate([first, np.zeros_like(first)])[order].cumsum()
    wrong = np.concatenate([1 - first, np.ones_like(first)])[order].cumsum()
    f1 = 2 * right / (right + wrong + len(first))
    # A threshold takes in all answers of the same score at once.
    last_of_equals = np.append(scores[1:] != scores[:-1], True)
    return float(scores[np.where(last_of_equals, f1, -1).argmax()])


def strict_threshold(answers: Answers, rate: float = FALSE_POSITIVE_RATE) -> float:
    """Give the lowest threshold that at most this share of the strangers reaches."""
    allowed = np.quantile(answers.other, 1 - rate, method="higher")
    return float(np.nextafter(allowed, np.inf, dtype=answers.other.dtype))


def fold_thresholds(answers: Answers, choose: Callable[[Answers], float]) -> Floats:
    """Choose a threshold on one half of the photos for the other half, and the reverse (two folds).

    Args:
        answers: shape (photos, edits), at least two photos.
        choose: gives the threshold for some answers.

    Returns:
        (photos, 1), the threshold to apply to each photo, chosen without it.
    """
    thresholds = np.empty((len(answers.own), 1))
    for half in (0, 1):
        thresholds[half::2] = choose(answers.rows(slice(1 - half, None, 2)))
    return thresholds


def hit_at_1(
    vectors: npt.NDArray[np.floating], product_ids: Sequence[str], asked: Sequence[int] | None = None
) -> float:
    """Give the share of photos whose nearest other photo shows the same product.

    Photos that are the only one of their product are searched among but not asked about.

    Args:
        vectors: (n, d), one embedding per photo; normalised here.
        product_ids: n product ids, in the same order.
        asked: positions of the photos to ask about; None: all.
    """
    unit = np.asarray(vectors, dtype=np.float32)
    unit = unit / np.maximum(np.linalg.norm(unit, axis=1, keepdims=True), 1e-12)
    return hit_at_1_of_scores(unit @ unit.T, product_ids, asked)


def hit_at_1_of_scores(
    scores: Scores, product_ids: Sequence[str], asked: Sequence[int] | None = None
) -> float:
    """Give the same as `hit_at_1` for a matrix of scores, (n, n); ties share the hit.

    Args:
        scores: higher is closer; the diagonal is not looked at.
        product_ids: n product ids, in the same order.
        asked: positions of the photos to ask about; None: all.
    """
    ids = np.asarray(product_ids)
    names, counts = np.unique(ids, return_counts=True)
    chosen = np.isin(ids, names[counts > 1])
    if asked is not None:
        chosen &= np.isin(np.arange(len(ids)), asked)
    others = np.array(scores, dtype=np.float32)
    np.fill_diagonal(others, -np.inf)
    first = others == others.max(1, keepdims=True)
    same = ids[:, None] == ids[None, :]
    hits = (first & same).sum(1) / first.sum(1)
    return float(hits[chosen].mean())
