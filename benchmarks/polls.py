"""Polling: how many `GET /api/jobs/{id}` a gateway answers per CPU-second, and whether its memory grows.

`python -m benchmarks.polls [POLLS] [POLLERS]` lets so many pollers (2,000 unless told), each on a connection
that it keeps, ask so many times (100,000 unless told) after jobs that run. Three rounds: all want the job
(200), all have it already (`If-None-Match`, 304), and every second one.
"""

import asyncio
import resource
import sys
import time
from collections import Counter
from collections.abc import Sequence
from functools import partial
from typing import cast

import httptools
import httpx
import uvloop

from benchmarks.encoders.cost import session_cpu_s
from benchmarks.report import memory_mb, publish
from local.stack import Stack

_JOBS = 200
_LISTINGS = b"".join(b'{"id":"l%d","title":"Ceramic mug %d ml"}\n' % (i, i) for i in range(64))
_CONNECTED_AT_ONCE = 100


class Round:
    """Polls that are left, answers by status, and the moment at which all have come."""

    def __init__(self, polls: int) -> None:
        self._left = polls
        self._awaited = polls
        self.answers: Counter[int] = Counter()
        self.done = asyncio.get_running_loop().create_future()

    def take(self) -> bool:
        """Say whether one more is to be sent."""
        self._left -= 1
        return self._left >= 0

    def answered(self, status: int) -> None:
        """Count an answer."""
        self.answers[status] += 1
        self._awaited -= 1
        if not self._awaited:
            self.done.set_result(None)


class Poller(asyncio.Protocol):
    """One connection: the next request is sent when the answer before it is complete."""

    def __init__(self, job_id: str) -> None:
        self._path = (
            f"GET /api/jobs/{job_id} HTTP/1.1\r\nHost: doppel\r\nAccept: application/json\r\n".encode()
        )
        self._etag = b""
        self._round: Round | None = None
        self._conditional = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the connection."""
        self._transport = cast(asyncio.Transport, transport)

    def begin(self, polls: Round, *, conditional: bool) -> None:
        """Poll until the round is over; `conditional`: send the validator of the last answer along."""
        self._round, self._conditional = polls, conditional
        self._next()

    def data_received(self, data: bytes) -> None:
        """Read an answer on."""
        self._parser.feed_data(data)

    def connection_lost(self, exc: Exception | None) -> None:
        """A poller that is cut off ends the round.

        An answer will not come.
        """
        if self._round is not None and not self._round.done.done():
            self._round.done.set_exception(exc or ConnectionError("the gateway closed a connection"))

    def on_header(self, name: bytes, value: bytes) -> None:
        """Remember the validator."""
        if name.lower() == b"etag":
            self._etag = value

    def on_message_complete(self) -> None:
        """Count the answer, and ask again."""
        if self._round is not None:
            self._round.answered(self._parser.get_status_code())
            self._next()

    def _next(self) -> None:
        if self._round is None or not self._round.take():
            self._round = None
            return
        self._parser = httptools.HttpResponseParser(self)
        validator = b"If-None-Match: " + self._etag + b"\r\n" if self._conditional else b""
        self._transport.write(self._path + validator + b"\r\n")


async def connect(port: int, job_ids: Sequence[str], count: int) -> list[Poller]:
    """Return connected pollers, whose jobs are those of the list in turn."""
    loop = asyncio.get_running_loop()
    pollers: list[Poller] = []
    while len(pollers) < count:
        # No more than a listening socket takes.
        some = range(len(pollers), min(count, len(pollers) + _CONNECTED_AT_ONCE))
        ids = [job_ids[number % len(job_ids)] for number in some]
        made = [loop.create_connection(partial(Poller, job_id), "127.0.0.1", port) for job_id in ids]
        pollers += [protocol for _, protocol in await asyncio.gather(*made)]
    return pollers


async def poll(pollers: Sequence[Poller], polls: int, conditional: Sequence[bool]) -> Counter[int]:
    """Return the answers to so many polls by status; the pollers' `conditional` are those given, in turn."""
    this = Round(polls)
    for number, poller in enumerate(pollers):
        poller.begin(this, conditional=conditional[number % len(conditional)])
    await this.done
    return this.answers


async def measure(stack: Stack, job_ids: Sequence[str], polls: int, count: int) -> dict[str, float]:
    """Return the figures."""
    pid = stack.process("gateway").pid
    pollers = await connect(stack.gateway_port, job_ids, count)
    # Every poller has its validator then, and the gateway the memory that so many requests at a time take.
    for conditional in (False, True):
        await poll(pollers, 5 * count, (conditional,))
    before_mb = memory_mb(pid)
    figures: dict[str, float] = {}
    for name, asked, statuses in (
        ("polls_200", (False,), {200}),
        ("polls_304", (True,), {304}),
        ("polls", (False, True), {200, 304}),
    ):
        used, started = session_cpu_s(pid), time.monotonic()
        answers = await poll(pollers, polls, asked)
        used, wall_s = session_cpu_s(pid) - used, time.monotonic() - started
        if set(answers) != statuses:
            raise RuntimeError(f"{name}: expected {statuses}, got {dict(answers)}")
        figures |= {f"{name}_per_cpu_s": round(polls / used), f"{name}_per_s": round(polls / wall_s)}
    return figures | {
        "gateway_rss_before_mb": round(before_mb, 1),
        "gateway_rss_growth_mb": round(memory_mb(pid) - before_mb, 1),
    }


def main() -> None:
    """Measure, print, write the report."""
    polls = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    pollers = int(sys.argv[2]) if len(sys.argv) > 2 else 2_000
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    # For the gateway, too, which inherits it.
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(most, 65_536), most))
    with Stack(profile="deterministic") as stack:
        stack.up("redis", "gateway")
        stack.wait_ready()
        with httpx.Client(base_url=stack.url, timeout=60, trust_env=False) as http:
            job_ids = [
                http.post(
                    f"/api/catalogs/polled-{number}/submissions",
                    content=_LISTINGS,
                    headers={"Content-Type": "application/x-ndjson"},
                )
                .raise_for_status()
                .json()["id"]
                for number in range(_JOBS)
            ]
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            figures = runner.run(measure(stack, job_ids, polls, pollers))
    publish("polls", {"polls_per_round": polls, "pollers": pollers, **figures})


if __name__ == "__main__":
    main()
