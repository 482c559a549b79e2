"""Decides about measured pairs."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from shared.messages import Verdict
from workers.index.classifier import SituationModel
from workers.index.features import Situation
from workers.index.scoring import Measured, by_situation

# Without a classifier, as design.md section 6 has it.
FALLBACK_THRESHOLD = 0.5
# From here on a pair belongs to one product line even if no token says what differs.
SURELY_RELATED = 0.9


@dataclass(frozen=True, slots=True)
class Decided:
    """A verdict with what it rests on; `threshold` is the one that was applied to the probability."""

    verdict: Verdict
    probability: float
    threshold: float
    calibrated: bool


NOTHING_TO_COMPARE = Decided("different", 0.0, FALLBACK_THRESHOLD, calibrated=False)


def decide(
    measured: list[Measured], models: Mapping[Situation, SituationModel], threshold: float | None
) -> list[Decided]:
    """Decide about each pair; `threshold` is the client's wish and overrules the classifier's."""
    decided = [NOTHING_TO_COMPARE] * len(measured)
    for situation, (places, values) in by_situation(measured).items():
        model = models.get(situation)
        if model is None:
            for i in places:
                decided[i] = _fall_back(measured[i], threshold)
            continue
        duplicates = model.duplicate.probabilities(values)
        # Whatever is a duplicate is related; the two regressions are fitted apart and may say otherwise.
        related = np.maximum(model.related.probabilities(values), duplicates)
        for i, chance, kin in zip(places, duplicates, related, strict=True):
            least = model.threshold if threshold is None else threshold
            verdict = _verdict(float(chance), float(kin), least, model, bool(measured[i].conflicts))
            decided[i] = Decided(verdict, float(chance), least, calibrated=True)
    return decided


def _verdict(chance: float, related: float, least: float, model: SituationModel, conflict: bool) -> Verdict:
    if chance >= least:
        return "duplicate"
    if related >= model.related_threshold and (conflict or related >= SURELY_RELATED):
        return "variant"
    return "different"


def _fall_back(pair: Measured, threshold: float | None) -> Decided:
    least = FALLBACK_THRESHOLD if threshold is None else threshold
    chance = min(max(pair.fused_sim or 0.0, 0.0), 1.0)
    verdict: Verdict = "different"
    if chance >= least:
        verdict = "variant" if pair.conflicts else "duplicate"
    return Decided(verdict, chance, least, calibrated=False)


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
