"""The classifier: logistic regressions on piecewise linear features, as an artifact in JSON."""

from pathlib import Path
from typing import Annotated, Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, FiniteFloat, JsonValue, ValidationError, model_validator

from shared.errors import ArtifactError
from shared.messages import Message
from workers.index.features import Setting, Situation, names_of

Matrix = NDArray[np.float64]
Unit = Annotated[float, Field(ge=0, le=1)]


class Term(Message):
    """One feature's part in the log-odds: `slopes[0]·x + Σ slopes[i]·max(0, x − knots[i − 1]) − centre`.

    `centre` is the mean over the training pairs, so that an average pair gets nothing from the feature.
    """

    name: str
    slopes: tuple[FiniteFloat, ...]
    knots: tuple[FiniteFloat, ...] = ()
    centre: FiniteFloat = 0.0

    @model_validator(mode="after")
    def _knots_lie_between_slopes(self) -> Self:
        if len(self.slopes) != len(self.knots) + 1:
            raise ValueError(f"{len(self.slopes)} slopes do not fit {len(self.knots)} knots")
        return self

    def apply(self, values: Matrix) -> Matrix:
        """Return the contributions (n,) of the feature's values (n,)."""
        total = self.slopes[0] * values
        for slope, knot in zip(self.slopes[1:], self.knots, strict=True):
            total = total + slope * np.maximum(0.0, values - knot)
        return total - self.centre

    def slope_at(self, value: float) -> float:
        """Return how much one unit more of the feature would add."""
        return self.slopes[0] + sum(
            s for s, knot in zip(self.slopes[1:], self.knots, strict=True) if value > knot
        )


class Regression(Message):
    """A logistic regression."""

    intercept: FiniteFloat
    terms: tuple[Term, ...]

    def contributions(self, values: Matrix) -> Matrix:
        """Return what each feature (n, features) adds to the log-odds, in the order of the terms."""
        return np.stack([term.apply(values[:, i]) for i, term in enumerate(self.terms)], axis=1)

    def probabilities(self, values: Matrix) -> Matrix:
        """Return the probabilities (n,), rounded so that they do not depend on the batch."""
        log_odds = self.intercept + np.ascontiguousarray(self.contributions(values)).sum(axis=1)
        chances: Matrix = np.round(1 / (1 + np.exp(-log_odds)), 9)
        return chances


class SituationModel(Message):
    """The two regressions of a situation: is it a duplicate; is it a duplicate or a variant."""

    duplicate: Regression
    related: Regression
    threshold: Unit
    related_threshold: Unit


class BackgroundFile(Message):
    """Where the background for score normalisation lies, relative to the classifier, and what it must be."""

    file: str
    sha256: str
    dim: Annotated[int, Field(gt=0, le=8192)]


class Classifier(Message):
    """What `classifier.json` holds; `models` are the embeddings that it was calibrated for.

    `regressions` by setting and situation: in one catalog, a listing's other duplicates stand beside the
    pair; between two, it has none and its rank says more; without any, no word is known to be rare and
    nothing surrounds the pair.
    """

    format: Literal[2] = 2
    profile: str
    models: dict[Literal["image", "text"], str]
    background: BackgroundFile | None = None
    regressions: dict[Setting, dict[Situation, SituationModel]]
    report: Annotated[dict[str, JsonValue], Field(default_factory=dict)]


def load_classifier(path: Path) -> Classifier:
    """Read a classifier.

    Raises:
        ArtifactError: it cannot be read, or knows other features than this version computes.
    """
    try:
        classifier = Classifier.model_validate_json(path.read_bytes())
    except (OSError, ValidationError) as error:
        raise ArtifactError(f"{path} is not a classifier: {error}") from error
    for setting, models in classifier.regressions.items():
        for situation, model in models.items():
            for regression in (model.duplicate, model.related):
                if tuple(term.name for term in regression.terms) != names_of(situation, setting):
                    raise ArtifactError(
                        f"{path} has other features for {situation} than this version: calibrate anew"
                    )
    return classifier
