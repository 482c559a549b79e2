"""The protocol of the notebooks on the Shopee data, for comparison with it only.

Random pairs; three features (image similarity, text similarity, half of each); a logistic regression; a
quarter held out, stratified; the threshold with the best F1 on that quarter. Random pairs are nearly all
easy: its figures say little about a catalog (see `docs/training.md`).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split

from workers.index.scoring import Measurements
from workers.trainer.calibration.metrics import best_threshold
from workers.trainer.report.findings import JudgedPairs
from workers.trainer.train.candidates import Ids

Matrix = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Notebook:
    """The fitted regression; `weights` (3,) are of image, text and fused similarity."""

    weights: Matrix
    intercept: float
    threshold: float

    def judge(self, pairs: Sequence[Ids], measured: Measurements, duplicate: Flags) -> JudgedPairs:
        """Judge any pairs."""
        return self._judged(list(pairs), three_similarities(measured), duplicate)

    def _judged(self, pairs: list[Ids], features: Matrix, duplicate: Flags) -> JudgedPairs:
        chances: Matrix = 1 / (1 + np.exp(-(features @ self.weights + self.intercept)))
        return JudgedPairs(pairs, chances, chances >= self.threshold, duplicate)


def fit_notebook(
    pairs: Sequence[Ids], measured: Measurements, duplicate: Flags, seed: int
) -> tuple[Notebook, JudgedPairs]:
    """Return the regression, and its held-out quarter as judged by it.

    Raises:
        ValueError: there are too few pairs of either kind to hold a quarter of them out.
    """
    features = three_similarities(measured)
    training, held = train_test_split(
        np.arange(len(pairs)), test_size=0.25, stratify=duplicate, random_state=seed
    )
    fitted = LogisticRegression(max_iter=1000).fit(features[training], duplicate[training])
    weights, intercept = fitted.coef_[0].astype(np.float64), float(fitted.intercept_[0])
    chances = Notebook(weights, intercept, 0.0)._judged([], features[held], duplicate[held]).chances
    found = Notebook(weights, intercept, best_threshold(chances, duplicate[held], tolerance=0.0))
    return found, found._judged([pairs[i] for i in held], features[held], duplicate[held])


def three_similarities(measured: Measurements) -> Matrix:
    """Return image, text and fused similarity, (n, 3); 0 where a side lacks what is compared."""
    return np.nan_to_num(np.stack([measured.sims["image"], measured.sims["text"], measured.fused], axis=1))
