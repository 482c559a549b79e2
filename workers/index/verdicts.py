"""Decides about measured pairs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from shared.messages import Verdict
from workers.index.arrays import Scores
from workers.index.classifier import Matrix, SituationModel
from workers.index.features import Situation, places_by_situation
from workers.index.scoring import Measured, Measurements
from workers.index.store.pairs import ScoredPair

# Without a classifier, as design.md section 6 has it.
FALLBACK_THRESHOLD = 0.5
# From here on a pair belongs to one product line even if no token says what differs.
SURELY_RELATED = 0.9


VERDICTS: Final[tuple[Verdict, ...]] = ("different", "variant", "duplicate")
_DIFFERENT, _VARIANT, _DUPLICATE = range(len(VERDICTS))


@dataclass(frozen=True, slots=True)
class Decided:
    """A verdict with what it rests on; `threshold` is the one that was applied to the probability."""

    verdict: Verdict
    probability: float
    threshold: float
    calibrated: bool


@dataclass(frozen=True, slots=True)
class Decisions:
    """What was decided about n pairs, column by column, each (n,)."""

    verdicts: NDArray[np.int8]
    """Places in VERDICTS."""
    probabilities: Scores
    thresholds: Scores
    calibrated: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.verdicts)

    def are(self, verdict: Verdict) -> NDArray[np.bool_]:
        """Say of each pair whether this is its verdict, (n,)."""
        return np.equal(self.verdicts, VERDICTS.index(verdict))

    def scored(self, ids: Sequence[tuple[str, str]]) -> list[ScoredPair]:
        """Return the pairs, named by their ids."""
        return [
            ScoredPair(a, b, chance, VERDICTS[verdict])
            for (a, b), chance, verdict in zip(
                ids, self.probabilities.tolist(), self.verdicts.tolist(), strict=True
            )
        ]

    def __getitem__(self, pair: int) -> Decided:
        return Decided(
            verdict=VERDICTS[self.verdicts[pair]],
            probability=float(self.probabilities[pair]),
            threshold=float(self.thresholds[pair]),
            calibrated=bool(self.calibrated[pair]),
        )


def decide(
    measured: Measurements, models: Mapping[Situation, SituationModel], threshold: float | None
) -> Decisions:
    """Decide about each pair; `threshold` is the client's wish and overrules the classifier's.

    Pairs with nothing to compare are different, with a probability of 0.
    """
    count = len(measured)
    verdicts, chances = np.full(count, _DIFFERENT, np.int8), np.zeros(count)
    thresholds, calibrated = np.full(count, FALLBACK_THRESHOLD), np.zeros(count, bool)
    conflicting = measured.conflicting()
    for situation, places in places_by_situation(measured.situations).items():
        model, conflicts = models.get(situation), conflicting[places]
        if model is None:
            found = np.clip(measured.fused[places], 0.0, 1.0)
            least = FALLBACK_THRESHOLD if threshold is None else threshold
            verdicts[places] = np.where(found < least, _DIFFERENT, np.where(conflicts, _VARIANT, _DUPLICATE))
        else:
            values = measured.matrices[situation][1]
            found = model.duplicate.probabilities(values)
            least = model.threshold if threshold is None else threshold
            variant = _is_variant(model, values, found, conflicts)
            verdicts[places] = np.where(found >= least, _DUPLICATE, np.where(variant, _VARIANT, _DIFFERENT))
        chances[places], thresholds[places], calibrated[places] = found, least, model is not None
    return Decisions(verdicts, chances, thresholds, calibrated)


def _is_variant(
    model: SituationModel, values: Matrix, duplicates: Scores, conflicts: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """Say which pairs are variants if they are no duplicates, (n,)."""
    # Whatever is a duplicate is related; the two regressions are fitted apart and may say otherwise.
    related = np.maximum(model.related.probabilities(values), duplicates)
    return (related >= model.related_threshold) & (conflicts | (related >= SURELY_RELATED))


def evidence_of(pair: Measured, models: Mapping[Situation, SituationModel]) -> dict[str, dict[str, float]]:
    """Return each feature's value, weight and contribution; contributions add up to the log-odds.

    `weight` is the slope at the value. Empty without a classifier.
    """
    model = models.get(pair.situation) if pair.situation else None
    if model is None:
        return {}
    parts = model.duplicate.contributions(np.array([pair.values]))[0]
    evidence = {
        "intercept": {
            "value": 1.0,
            "weight": model.duplicate.intercept,
            "contribution": model.duplicate.intercept,
        }
    }
    for term, value, part in zip(model.duplicate.terms, pair.values, parts, strict=True):
        evidence[term.name] = {"value": value, "weight": term.slope_at(value), "contribution": float(part)}
    return evidence
