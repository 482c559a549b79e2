"""Whether what a process holds grows: a line through the second half of a soak, and a bound for its rise."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from tests.soak.site import SPARED
from tests.soak.watch import ProcessSample, Sample

# Spared all the time, but for the index worker, of which there is only one: it is spared in the second half.
JUDGED: Final = (*SPARED, "encoder.2 child", "interactive.2 child", "index")
# Of the level at the start of the half; and as much as this is noise whatever the level.
_GROWTH: Final = 0.15
_FEW: Final = {
    "rss_mb": 0.0,
    "fds": 2.0,
    "threads": 2.0,
    "redis_mb": 1.0,
    "keys": 200.0,
    "files": 100.0,
    "folders": 30.0,
}
_LEAST_SAMPLES: Final = 6
# Redis needs so few that one burst is a share of them.
_FEW_MB: Final = 8.0


@dataclass(frozen=True)
class Trend:
    """How one quantity went: its level at the start of the second half, and its rise until the end.

    `per_hour` is the slope in units per hour; `most` is the rise that is allowed; `before` is what it had, or
    more, in a tenth of the first half.
    """

    who: str
    what: str
    level: float
    rise: float
    per_hour: float
    most: float
    before: float

    @property
    def flat(self) -> bool:
        """Whether it rose no more than allowed, or only to what it had had before, as busy threads do."""
        return self.rise <= self.most or self.level + self.rise <= self.before


def line(times: Sequence[float], values: Sequence[float]) -> tuple[float, float]:
    """Return slope and value at the first time of the line whose slope is the median of all pairs' slopes.

    A fit by least squares would follow the few samples that a restart or a burst throws off.
    """
    t, v = np.array(times, float), np.array(values, float)
    i, j = np.triu_indices(len(t), 1)
    apart = t[j] > t[i]
    slope = float(np.median((v[j] - v[i])[apart] / (t[j] - t[i])[apart])) if apart.any() else 0.0
    return slope, float(np.median(v - slope * (t - t[0])))


def _trend(
    who: str,
    what: str,
    end_s: float,
    points: Iterable[tuple[float, float | None]],
    allowed: float = _GROWTH,
) -> Trend | None:
    told = [(t, v) for t, v in points if v is not None and t <= end_s]
    earlier, known = [v for t, v in told if t < end_s / 2], [(t, v) for t, v in told if t >= end_s / 2]
    if len(known) < _LEAST_SAMPLES:
        return None
    times, values = [t for t, _ in known], [v for _, v in known]
    slope, level = line(times, values)
    most = max(_FEW[what], allowed * level)
    rise = slope * (times[-1] - times[0])
    before = float(np.quantile(earlier, 0.9)) if earlier else 0.0
    figures = (level, rise, slope * 3600, most, before)
    return Trend(who, what, *(round(figure, 2) for figure in figures))


def trends(samples: Sequence[Sample], end_s: float) -> list[Trend]:
    """Return the trends of the second half of a soak that took `end_s`, of all that was not killed in it."""
    found = []
    for name in JUDGED:
        for what, allowed in (("rss_mb", _GROWTH), ("fds", 0.0), ("threads", 0.0)):
            points = [(s.at_s, getattr(p, what)) for s in samples for p in s.processes if p.name == name]
            found.append(_trend(name, what, end_s, points, allowed))
    stored: tuple[tuple[str, str, Callable[[Sample], float | None]], ...] = (
        ("redis", "redis_mb", lambda s: s.passing_mb()),
        ("redis", "keys", lambda s: s.passing_keys()),
        ("spool", "files", lambda s: s.files),
        ("spool", "folders", lambda s: s.folders),
    )
    found += [_trend(who, what, end_s, [(s.at_s, value(s)) for s in samples]) for who, what, value in stored]
    return [trend for trend in found if trend is not None]


def peaks(samples: Sequence[Sample], end_s: float) -> dict[str, tuple[float, float]]:
    """Return the most memory that a process of each name had in either half, in MB, whatever was killed."""
    found: dict[str, tuple[float, float]] = {}
    for sample in samples:
        for process in sample.processes:
            first, second = found.get(process.name, (0.0, 0.0))
            late = sample.at_s >= end_s / 2
            found[process.name] = (
                first if late else max(first, process.rss_mb),
                max(second, process.rss_mb) if late else second,
            )
    return found


def not_flat(samples: Sequence[Sample], end_s: float) -> list[str]:
    """Say what grew beyond its bound, and what could not be judged."""
    found = trends(samples, end_s)
    wrong = [
        f"{t.who}: {t.what} rose by {t.rise} from {t.level} in the second half, {t.most} allowed"
        for t in found
        if not t.flat
    ]
    for name in JUDGED:
        pids = {p.pid for s in samples if end_s / 2 <= s.at_s <= end_s for p in s.processes if p.name == name}
        if len(pids) != 1:
            wrong.append(f"{name} was to be spared in the second half, and there were {len(pids)} of it")
    for name, (first, second) in peaks(samples, end_s).items():
        if name not in JUDGED and first and second > max(first * (1 + _GROWTH), first + _FEW_MB):
            wrong.append(f"{name}: {second} MB at most in the second half, {first} MB in the first")
    return wrong


def of_process(samples: Sequence[Sample], name: str, what: str) -> tuple[list[float], list[float]]:
    """Return times and values of a process's quantity."""
    points: list[tuple[float, ProcessSample]] = [
        (s.at_s, p) for s in samples for p in s.processes if p.name == name
    ]
    return [t for t, _ in points], [getattr(p, what) for _, p in points]
