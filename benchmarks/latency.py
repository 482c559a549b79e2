"""What a person waits for: seconds of calls, by what else went on meanwhile."""

import bisect
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

ALLOWED_S = 0.1
"""What work in bulk may add to three times the idle median, at the 95th percentile."""


@dataclass(frozen=True, slots=True)
class Call:
    """An answered call: its kind, the moment at which it was due, and the seconds until its answer."""

    kind: str
    due: float
    seconds: float


@dataclass(frozen=True, slots=True)
class Timeline:
    """The stages of a job: the moment at which each began, in order."""

    begun: Sequence[tuple[float, str]]

    def at(self, moment: float) -> str:
        """Return the stage at a moment; before the first it is the first."""
        place = bisect.bisect_right(self.begun, moment, key=lambda entry: entry[0])
        return self.begun[max(0, place - 1)][1]

    def of(self, call: Call) -> str:
        """Return the stage in the middle of a call: that in which it was held up, if it was."""
        return self.at(call.due + call.seconds / 2)


def percentile(values: Iterable[float], share: float) -> float:
    """Return the least value that `share` of all values are not above.

    Raises:
        ValueError: there are no values.
    """
    ordered = sorted(values)
    if not ordered:
        raise ValueError("no values")
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def told(calls: Iterable[Call]) -> dict[str, float]:
    """Return how many calls, median, 95th percentile and most, in milliseconds."""
    seconds = [call.seconds for call in calls]
    shares = {"p50_ms": 0.5, "p95_ms": 0.95, "max_ms": 1.0}
    figures = {name: round(1000 * percentile(seconds, share), 1) for name, share in shares.items()}
    return {"calls": len(seconds), **figures}


def margin(idle: Iterable[Call], load: Iterable[Call]) -> float:
    """Return how many times the 95th percentile under load is what it may be: at 1 and above, it holds."""
    median = percentile((call.seconds for call in idle), 0.5)
    return round((3 * median + ALLOWED_S) / percentile((call.seconds for call in load), 0.95), 3)
