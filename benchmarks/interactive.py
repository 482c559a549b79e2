"""Comparisons and searches: how long a person waits, alone, beside others, and while a catalog is submitted.

`python -m benchmarks.interactive [LISTINGS] [BULK] [DATA]` fills a catalog with so many listings (6,000
unless told), then asks `POST /api/dedup` (two titles with a photo each) and `POST /api/search` (a photo) in
turns, five times a second: before, during and after a submission of BULK further listings (2,000); then as
fast as it goes with 8 and 32 clients at a time.
"""

import itertools
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final, Self

import httpx

from benchmarks.encoders.cost import session_cpu_s
from benchmarks.latency import Call, Timeline, margin, told
from benchmarks.report import publish
from benchmarks.wares import Wares
from local.stack import Stack
from workers.trainer.tower.photos import default_data

KINDS: Final = ("dedup", "search")
_CATALOG: Final = "shop"
_CROWDS: Final = (8, 32)
_EVERY_S: Final = 0.2
_WARM_UP_S: Final = 3.0
_IDLE_S: Final = 20.0
_CROWD_S: Final = 8.0
_LOOK_EVERY_S: Final = 0.05
_WAIT_S: Final = 1800.0


class Asker:
    """A client: asks one question after the other, over a connection that it keeps.

    Where a question is due every so many seconds, its seconds count from then, also if the one before has not
    been answered: otherwise whatever holds up one question would keep all others from being asked meanwhile.
    """

    def __init__(self, url: str, wares: Wares, every_s: float | None = None) -> None:
        self._http = httpx.Client(base_url=url, timeout=60, trust_env=False, headers={"Prefer": "wait=30"})
        self._wares = wares
        self._every_s = every_s

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def ask(self, going_on: Callable[[], bool]) -> list[Call]:
        """Return the calls of both kinds, in turns, that were made while `going_on`; two at least.

        Raises:
            RuntimeError: a call was not answered.
        """
        calls: list[Call] = []
        due = time.monotonic()
        while going_on() or len(calls) < len(KINDS):
            for kind in KINDS:
                time.sleep(max(0.0, due - time.monotonic()))
                self._ask(kind)
                answered = time.monotonic()
                calls.append(Call(kind, due, answered - due))
                due = answered if self._every_s is None else due + self._every_s
        return calls

    def _ask(self, kind: str) -> None:
        form = {"catalog": _CATALOG, **self._wares.fields(kind)}
        answer = self._http.post(f"/api/{kind}", data=form, files=self._wares.files(kind))
        if answer.status_code != httpx.codes.OK:
            raise RuntimeError(f"{kind}: {answer.status_code} {answer.text}")


class Submission:
    """A submission that runs in a thread of its own, and the stages it was in."""

    def __init__(self, url: str, archive: Path) -> None:
        self._http = httpx.Client(base_url=url, timeout=_WAIT_S, trust_env=False)
        self._archive = archive
        self._begun: list[tuple[float, str]] = []
        self._thread = ThreadPoolExecutor(1)
        self._done = self._thread.submit(self._run)

    @property
    def running(self) -> bool:
        """Whether it has not ended."""
        return not self._done.done()

    def result(self) -> Timeline:
        """Wait for its end, and return its stages.

        Raises:
            RuntimeError: it did not succeed, or refused a listing.
        """
        try:
            self._done.result()
        finally:
            self._thread.shutdown()
            self._http.close()
        return Timeline(self._begun)

    def _run(self) -> None:
        self._see("upload")
        with self._archive.open("rb") as content:
            job = self._post(content)
        while job["status"] not in ("succeeded", "failed", "cancelled"):
            self._see(job["stage"])
            time.sleep(_LOOK_EVERY_S)
            job = self._http.get(f"/api/jobs/{job['id']}").raise_for_status().json()
        self._see("ended")
        if job["status"] != "succeeded" or job["counts"]["rejected"]:
            raise RuntimeError(f"the job was not what it should be: {job}")

    def _post(self, content: Iterable[bytes]) -> dict[str, Any]:
        path, kind = f"/api/catalogs/{_CATALOG}/submissions", {"Content-Type": "application/zip"}
        answer: dict[str, Any] = (
            self._http.post(path, content=content, headers=kind).raise_for_status().json()
        )
        return answer

    def _see(self, stage: str) -> None:
        if not self._begun or self._begun[-1][1] != stage:
            self._begun.append((time.monotonic(), stage))


def lasting(seconds: float) -> Callable[[], bool]:
    """Return what says whether so many seconds from now are not over."""
    end = time.monotonic() + seconds
    return lambda: time.monotonic() < end


def crowd(url: str, wares: Wares, clients: int, seconds: float) -> list[Call]:
    """Return the calls of so many clients at a time."""
    going_on = lasting(seconds)

    def ask(_: int) -> list[Call]:
        with Asker(url, wares) as asker:
            return asker.ask(going_on)

    with ThreadPoolExecutor(clients) as threads:
        return list(itertools.chain.from_iterable(threads.map(ask, range(clients))))


def figures_of(
    kind: str, idle: Iterable[Call], load: Iterable[Call], stages: Timeline
) -> Iterator[tuple[str, Any]]:
    """Yield what is told of the calls of one kind."""
    idle, load = ([call for call in calls if call.kind == kind] for calls in (idle, load))
    for name, calls in (("idle", idle), ("load", load)):
        yield from ((f"{name}_{figure}", value) for figure, value in told(calls).items())
    yield "load_margin", margin(idle, load)
    yield "load_worst_stage", stages.of(max(load, key=lambda call: call.seconds))
    for stage in dict.fromkeys(name for _, name in stages.begun):
        calls = [call for call in load if stages.of(call) == stage]
        if calls:
            yield from ((f"load_{stage}_{figure}", value) for figure, value in told(calls).items())


def crowd_figures(stack: Stack, wares: Wares) -> Iterator[tuple[str, float]]:
    """Yield what is told of many clients at a time, and what a call costs each process."""
    for clients in _CROWDS:
        started, before = time.monotonic(), cpu_s(stack)
        calls = crowd(stack.url, wares, clients, _CROWD_S)
        yield f"clients_{clients}_per_s", round(len(calls) / (time.monotonic() - started), 2)
        for process, after in cpu_s(stack).items():
            spent_ms = 1000 * (after - before[process]) / len(calls)
            yield f"clients_{clients}_cpu_ms.{process}", round(spent_ms, 2)
        for kind in KINDS:
            seen = told(call for call in calls if call.kind == kind)
            yield from ((f"clients_{clients}_{kind}_{figure}", value) for figure, value in seen.items())


def cpu_s(stack: Stack) -> dict[str, float]:
    """Return the CPU-seconds of each process so far."""
    return {name: session_cpu_s(process.pid) for name, process in stack.processes.items()}


def measure(stack: Stack, wares: Wares, folder: Path, bulk: int) -> dict[str, Any]:
    """Return the figures of a stack whose catalog is filled."""
    url, archive = stack.url, wares.archive(folder / "bulk.zip", bulk, fresh=True)
    with Asker(url, wares, _EVERY_S) as asker:
        asker.ask(lasting(_WARM_UP_S))
        idle = asker.ask(lasting(_IDLE_S))
        submission = Submission(url, archive)
        load = asker.ask(lambda: submission.running)
        stages = submission.result()
        # A machine that others use is as slow before as after; half of each is fair to the load between.
        idle += asker.ask(lasting(_IDLE_S))
    figures: dict[str, Any] = {}
    for kind in KINDS:
        figures |= {f"{kind}_{name}": value for name, value in figures_of(kind, idle, load, stages)}
    spans = itertools.pairwise(stages.begun)
    figures |= {f"bulk_{stage}_s": round(until - begun, 1) for (begun, stage), (until, _) in spans}
    return figures | dict(crowd_figures(stack, wares))


def main() -> None:
    """Measure, print, write the report."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 6_000
    bulk = int(sys.argv[2]) if len(sys.argv) > 2 else 2_000
    wares = Wares(Path(sys.argv[3]) if len(sys.argv) > 3 else default_data(), count + bulk)
    with tempfile.TemporaryDirectory() as folder, Stack() as stack:
        stack.up()
        stack.wait_ready(timeout_s=300)
        started = time.monotonic()
        Submission(stack.url, wares.archive(Path(folder, "catalog.zip"), count, fresh=False)).result()
        filled_s = round(time.monotonic() - started, 1)
        figures = measure(stack, wares, Path(folder), bulk)
    head = {"listings": count, "bulk_listings": bulk, "fill_s": filled_s}
    publish("interactive", {**head, **figures, "load_average": round(os.getloadavg()[0], 1)})


if __name__ == "__main__":
    main()
