"""A soak: a stack under load and trouble for a long time, its books, and whether what it holds stays flat."""

import time
from collections import Counter
from dataclasses import asdict, dataclass
from hashlib import sha256
from typing import Any, Final

from tests.soak.aftermath import Aftermath
from tests.soak.books import Books
from tests.soak.crowd import Asker, Lane, Pace
from tests.soak.customer import Customer
from tests.soak.flatness import not_flat, peaks, trends
from tests.soak.goods import DEADLY
from tests.soak.site import SPARED, Site
from tests.soak.troubles import Troubles
from tests.soak.watch import ProcessSample, Sample, Watch

_LANES: Final = 6
# The second half is for being measured: by then what is spared in it must have warmed up.
_EARLY: Final = 0.4
_COLUMNS: Final = (
    "minute", "rows", "jobs", "in work", "queued", "troubles", "keys", "redis MB", "spool", "index MB",
    "index fds", "wrong",
)  # fmt: skip
# In a shorter soak the caches are not yet full, and growth is told without being judged.
JUDGED_FROM_MINUTES: Final = 20


@dataclass(frozen=True)
class Plan:
    """How long, how fast, how much trouble; `least` listings have to be taken."""

    minutes: float
    per_s: float
    trouble_every_s: float
    sample_every_s: float
    least: int
    seed: int


class Soak:
    """One soak. `run` gives its report; it holds when the report's `wrong` is empty."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._seconds = plan.minutes * 60
        self._site = Site()
        self._books = Books()
        self._pace = Pace(plan.per_s)
        self._troubles = Troubles(self._site, plan.trouble_every_s, self._seconds * _EARLY, plan.seed)
        self._watch = Watch(
            self._site, plan.sample_every_s, lambda: self._books.rows, lambda: len(self._troubles.done)
        )
        self._began = 0.0

    def run(self) -> dict[str, Any]:
        """Do it, printing a line a minute."""
        with self._site as site:
            site.begin()
            for data in DEADLY:
                site.arm("image-decoding", sha256(data).hexdigest())
            customers = [Customer(site.stack, site.gateways) for _ in range(_LANES)]
            try:
                self._load(customers)
                print("the trouble is over; looking at what came of it", flush=True)
                aftermath = Aftermath(site, self._books, self._watch.jobs, customers)
                aftermath.look(self._plan.seed)
            finally:
                for customer in customers:
                    customer.close()
        return self._report(aftermath.compared, sum(customer.transport.repeats for customer in customers))

    def _load(self, customers: list[Customer]) -> None:
        self._began = time.monotonic()
        lanes = [
            Lane(number, customer, self._books, self._pace, self._is_early)
            for number, customer in enumerate(customers)
        ]
        asker = Asker(self._site.stack, self._site.gateways, self._books, self._pace.over)
        for part in (self._pace, self._watch, self._troubles):
            part.start(self._began)
        for thread in (*lanes, asker):
            thread.start()
        try:
            self._tell_progress()
        finally:
            self._pace.over.set()
            for thread in (*lanes, asker):
                thread.join()
            self._troubles.stop()
            self._watch.stop()

    def _is_early(self) -> bool:
        return time.monotonic() - self._began < self._seconds * _EARLY

    def _tell_progress(self) -> None:
        print(" ".join(f"{name:>9}" for name in _COLUMNS))
        for minute in range(1, int(self._plan.minutes) + 1):
            time.sleep(max(0.0, self._began + minute * 60 - time.monotonic()))
            seen = self._watch.samples[-1]
            index = next((process for process in seen.processes if process.name == "index"), None)
            figures = (
                minute, self._books.rows, len(self._books.accepted), seen.active, seen.queued,
                len(self._troubles.done), seen.passing_keys(), seen.redis_mb, seen.files,
                index and index.rss_mb, index and index.fds, len(self._books.wrong),
            )  # fmt: skip
            print(" ".join(f"{'-' if each is None else each:>9}" for each in figures), flush=True)
        time.sleep(max(0.0, self._began + self._seconds - time.monotonic()))

    def _report(self, compared: int, repeats: int) -> dict[str, Any]:
        plan, books, watch = self._plan, self._books, self._watch
        wrong = [*books.wrong, *self._troubles.wrong, *watch.wrong]
        if books.rows < plan.least:
            wrong.append(f"only {books.rows} listings were taken, {plan.least} were to be")
        report = {
            "wrong": wrong,
            "plan": asdict(plan),
            "early_share": _EARLY,
            "spared": list(SPARED),
            "figures": {
                "rows": books.rows,
                "rows_per_s": round(books.rows / self._seconds, 1),
                "listings": books.listings,
                "rejected": books.rejections.total(),
                "rejections": dict(sorted(books.rejections.items())),
                "jobs": len(books.accepted),
                "catalogs": sum(bool(story.told) for story in books.stories),
                "cancelled": dict(Counter(status for _, status in books.cancelled.values())),
                "twins_found": books.twins,
                "requests_repeated": repeats,
                "submissions_sent_again": books.resent,
                "queries": dict(books.queries),
                "jobs_compared_with_quiet_run": compared,
                "troubles": dict(sorted(self._troubles.counts().items())),
                "ended_by_themselves": dict(self._site.deaths),
            },
            "troubles": [asdict(trouble) for trouble in self._troubles.done],
            "samples": [asdict(sample) for sample in watch.samples],
        }
        return judged(report)


def judged(report: dict[str, Any]) -> dict[str, Any]:
    """Return a report with what its samples say of growth, and whether all held."""
    samples, minutes = samples_of(report), report["plan"]["minutes"]
    end_s, judge = minutes * 60, minutes >= JUDGED_FROM_MINUTES
    grown = not_flat(samples, end_s)
    return report | {
        "held": not report["wrong"] and not (judge and grown),
        "not_flat": grown,
        "flatness_judged": judge,
        "trends": [asdict(trend) | {"flat": trend.flat} for trend in trends(samples, end_s)],
        "peaks_mb": {name: list(pair) for name, pair in peaks(samples, end_s).items()},
    }


def samples_of(report: dict[str, Any]) -> list[Sample]:
    """Return the samples of a report that was read from a file."""
    return [
        Sample(**{**sample, "processes": [ProcessSample(**process) for process in sample["processes"]]})
        for sample in report["samples"]
    ]
