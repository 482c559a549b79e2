"""Which probability makes a duplicate: for the best F1, for a wanted precision, or for the least cost."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from shared.errors import DoppelError
from workers.trainer.calibration.metrics import best_threshold

Scores = NDArray[np.float64]
Flags = NDArray[np.bool_]


class BadRule(DoppelError):
    """A rule that cannot be understood; the message says how one is written."""

    code = "rule_invalid"


@dataclass(frozen=True, slots=True)
class Rule:
    """How a threshold is chosen.

    Attributes:
        kind: `f1`, `precision` or `cost`.
        precision: the wanted precision, for `precision`.
        false_positive: what a wrongly called pair costs, for `cost`.
        false_negative: what a missed duplicate costs, for `cost`.
    """

    kind: Literal["f1", "precision", "cost"] = "f1"
    precision: float = 1.0
    false_positive: float = 1.0
    false_negative: float = 1.0

    def __str__(self) -> str:
        if self.kind == "precision":
            return f"precision={self.precision:g}"
        if self.kind == "cost":
            return f"cost={self.false_positive:g}:{self.false_negative:g}"
        return "f1"


def read_rule(text: str) -> Rule:
    """Read `f1`, `precision=0.95` or `cost=5:1` (false positive to false negative).

    Raises:
        BadRule: it is none of these.
    """
    kind, _, value = text.partition("=")
    try:
        if text == "f1":
            return Rule()
        if kind == "precision" and 0 < float(value) <= 1:
            return Rule("precision", precision=float(value))
        false_positive, colon, false_negative = value.partition(":")
        costs = float(false_positive), float(false_negative)
        if kind == "cost" and colon and min(costs) >= 0 < max(costs) < float("inf"):
            return Rule("cost", false_positive=costs[0], false_negative=costs[1])
    except ValueError:
        pass
    raise BadRule(
        f"threshold {text!r}: write f1, precision=0.95 (above 0, at most 1) or cost=5:1 (wrong:missed)"
    )


def choose_threshold(rule: Rule, chances: Scores, duplicate: Flags) -> float:
    """Return the threshold that the rule chooses on labelled pairs, (n,) each.

    It lies between two probabilities that pairs have. A precision that no threshold reaches gives the
    highest that can be reached; among equals the lowest threshold is taken for a precision and the highest
    for a cost, as a wrong merge is harder to undo.
    """
    if rule.kind == "f1":
        return best_threshold(chances, duplicate)
    order = np.argsort(-chances, kind="stable")
    ranked, hits = chances[order], np.cumsum(duplicate[order])
    # Only between two different values can a line be drawn, or below the last.
    ends = np.flatnonzero(np.append(ranked[1:] != ranked[:-1], True))
    called, hits = ends + 1, hits[ends]
    if rule.kind == "precision":
        reached = hits / called
        place = int(np.flatnonzero(reached >= min(rule.precision, reached.max()))[-1])
    else:
        cost = rule.false_positive * (called - hits) + rule.false_negative * (duplicate.sum() - hits)
        if rule.false_negative * duplicate.sum() <= cost.min():
            return 1.0
        place = int(cost.argmin())
    below = ranked[ends[place] + 1] if place + 1 < len(ends) else 0.0
    return _between(float(below), float(ranked[ends[place]]))


def _between(below: float, least: float) -> float:
    """Return a short number above `below` and at most `least`."""
    middle = (below + least) / 2
    return next((short for digits in (4, 6) if below < (short := round(middle, digits)) <= least), least)
