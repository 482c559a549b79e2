"""From measured pairs to what a report shows of them."""

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from workers.index.classifier import SituationModel
from workers.index.features import Situation
from workers.index.scoring import Measured
from workers.index.verdicts import Decided
from workers.trainer.report.findings import JudgedPairs
from workers.trainer.train.candidates import Ids, judge
from workers.trainer.train.held_out import HeldOut
from workers.trainer.train.parts import Roles
from workers.trainer.train.threshold import Rule

SIMILARITIES: Final = ("image", "text", "lexical")


def judged(
    pairs: Sequence[Ids],
    measured: Sequence[Measured],
    duplicate: NDArray[np.bool_],
    decided: Sequence[Decided],
) -> JudgedPairs:
    """Return the pairs as they were decided."""
    return JudgedPairs(
        ids=list(pairs),
        chances=np.array([made.probability for made in decided], np.float64),
        called=np.array([made.verdict == "duplicate" for made in decided], bool),
        duplicate=duplicate,
        similarities={name: _similarity(measured, name) for name in SIMILARITIES},
    )


def judged_crosswise(
    pairs: Sequence[Ids],
    measured: Sequence[Measured],
    duplicate: NDArray[np.bool_],
    models: Mapping[Situation, SituationModel],
    roles: Roles,
    rule: Rule,
    fitted: frozenset[Situation],
) -> JudgedPairs:
    """Return the held-out pairs to report on, called by thresholds that none of them had a part in choosing.

    A situation that was not fitted here keeps its threshold.
    """
    found = judged(pairs, measured, duplicate, judge(list(measured), models))
    situations = np.array([str(pair.situation) for pair in measured])
    for situation in fitted:
        here = situations == situation
        if here.any():
            held = HeldOut(found.chances[here], duplicate[here], roles[here])
            found.called[here] = held.called(rule)
    return found.where(HeldOut(found.chances, duplicate, roles).reported())


def _similarity(measured: Sequence[Measured], name: str) -> NDArray[np.float64]:
    values = [getattr(pair, f"{name}_sim") for pair in measured]
    return np.array([np.nan if value is None else value for value in values], np.float64)
