"""Fits what the data can teach: a model per situation, for pairs that were retrieved and for pairs alone."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Final

import numpy as np
from numpy.typing import NDArray

from workers.index.classifier import SituationModel
from workers.index.features import SITUATIONS, Setting, Situation, names_of
from workers.trainer.calibration.fit import fit_regression
from workers.trainer.calibration.strength import choose_strength
from workers.trainer.train.candidates import HELD, Candidates, Ids
from workers.trainer.train.held_out import HeldOut
from workers.trainer.train.parts import TRAINING, Parts, choosing
from workers.trainer.train.source import Source
from workers.trainer.train.threshold import Rule, choose_threshold

LEAST: Final = 20
"""Duplicates, and other pairs, that a situation must have both to fit on and held out."""

MOST: Final = 200_000
"""Pairs that a regression is fitted on; more would only take longer."""

Say = Callable[[str], None]
Models = dict[Situation, SituationModel]


@dataclass(frozen=True, slots=True)
class Fitted:
    """What came of fitting; `held_out` by file name, `lacking` says by situation why nothing was fitted."""

    regressions: dict[Setting, Models] = field(default_factory=dict)
    held_out: dict[str, HeldOut] = field(default_factory=dict)
    lacking: dict[Situation, str] = field(default_factory=dict)


def name_of(situation: Situation, setting: Setting) -> str:
    """Return how the regressions of a situation and setting are called in files and tables."""
    return f"{situation}_{setting}"


def fit(source: Source, parts: Parts, rule: Rule, say: Say) -> Fitted:
    """Fit every situation that has enough pairs.

    The data knows no variants: "is it related" is learnt from the duplicates, too.
    """
    fitted = Fitted()
    for situation in SITUATIONS:
        with source.open(HELD[situation]) as opened:
            pairs = source.pairs(opened)
            duplicate = source.labels(pairs)
            roles = parts.roles(pairs, duplicate)
            for setting in source.settings:
                here, features = _features(opened, pairs, situation, setting)
                reason = _too_few(duplicate[here], roles[here])
                if reason:
                    fitted.lacking[situation] = reason
                    break
                say(f"fitting {name_of(situation, setting)} on {(roles[here] == TRAINING).sum():,} pairs")
                names, firsts = names_of(situation, setting), _numbered(pairs)[here]
                model, held = _fit(names, features, duplicate[here], roles[here], firsts, rule, parts.seed)
                fitted.regressions.setdefault(setting, {})[situation] = model
                fitted.held_out[name_of(situation, setting)] = held
    return fitted


def _features(
    opened: Candidates, pairs: Sequence[Ids], situation: Situation, setting: Setting
) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
    """Return which pairs are in the situation, (n,), and the features of those.

    Nothing else of what was measured is kept: the objects take several times the memory of the numbers.
    """
    measured = opened.measure(pairs, alone=setting == "alone")
    here = np.zeros(len(measured), bool)
    if situation not in measured.matrices:
        return here, np.empty((0, len(names_of(situation, setting))))
    places, values = measured.matrices[situation]
    here[places] = True
    return here, values


def _numbered(pairs: Sequence[Ids]) -> NDArray[np.int64]:
    """Return for each pair the number of its first listing, (n,)."""
    numbers: dict[str, int] = {}
    return np.array([numbers.setdefault(a, len(numbers)) for a, _ in pairs], np.int64)


def _too_few(duplicate: NDArray[np.bool_], roles: NDArray[np.uint8]) -> str:
    """Say what a situation lacks to be fitted; empty if nothing."""
    for (name, part), (kind, label) in product(
        (("fit on", roles == TRAINING), ("choose a threshold on", choosing(roles))),
        (("duplicates", duplicate), ("other pairs", ~duplicate)),
    ):
        count = int((part & label).sum())
        if count < LEAST:
            return f"only {count} {kind} to {name}"
    return ""


def _fit(
    names: Sequence[str],
    features: NDArray[np.float64],
    duplicate: NDArray[np.bool_],
    roles: NDArray[np.uint8],
    firsts: NDArray[np.int64],
    rule: Rule,
    seed: int,
) -> tuple[SituationModel, HeldOut]:
    places = np.flatnonzero(roles == TRAINING)
    if len(places) > MOST:
        places = np.sort(np.random.default_rng(seed).choice(places, MOST, replace=False))
    strength = choose_strength(names, features[places], duplicate[places], firsts[places])
    regression, related = (
        fit_regression(names, features[places], duplicate[places], strength, conflicts_speak=speak)
        for speak in (True, False)
    )
    held = roles != TRAINING
    chances = regression.probabilities(features[held])
    kin = np.maximum(related.probabilities(features[held]), chances)
    scores = HeldOut(chances, duplicate[held], roles[held])
    chosen = choosing(scores.roles)
    model = SituationModel(
        duplicate=regression,
        related=related,
        threshold=scores.threshold(rule),
        related_threshold=choose_threshold(Rule(), kin[chosen], scores.duplicate[chosen]),
    )
    return model, scores
