"""From measured pairs to what a report shows of them."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from workers.index.classifier import SituationModel
from workers.index.features import Situation
from workers.index.scoring import Measurements
from workers.index.verdicts import Decisions
from workers.trainer.report.findings import JudgedPairs
from workers.trainer.train.candidates import Ids, judge
from workers.trainer.train.held_out import HeldOut
from workers.trainer.train.parts import Roles
from workers.trainer.train.threshold import Rule


def judged(
    pairs: Sequence[Ids],
    measured: Measurements,
    duplicate: NDArray[np.bool_],
    decided: Decisions,
) -> JudgedPairs:
    """Return the pairs as they were decided."""
    return JudgedPairs(
        ids=list(pairs),
        chances=decided.probabilities.copy(),
        called=decided.are("duplicate"),
        duplicate=duplicate,
        similarities={str(channel): found for channel, found in measured.sims.items()},
    )


def judged_crosswise(
    pairs: Sequence[Ids],
    measured: Measurements,
    duplicate: NDArray[np.bool_],
    models: Mapping[Situation, SituationModel],
    roles: Roles,
    rule: Rule,
    fitted: frozenset[Situation],
) -> JudgedPairs:
    """Return the held-out pairs to report on, called by thresholds that none of them had a part in choosing.

    A situation that was not fitted here keeps its threshold.
    """
    found = judged(pairs, measured, duplicate, judge(measured, models))
    for situation in fitted:
        if situation in measured.matrices:
            here = measured.matrices[situation][0]
            held = HeldOut(found.chances[here], duplicate[here], roles[here])
            found.called[here] = held.called(rule)
    return found.where(HeldOut(found.chances, duplicate, roles).reported())
