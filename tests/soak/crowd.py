"""Those who use the stack at once: customers who submit, and somebody who asks questions in between."""

import random
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import httpx

from local.stack import Stack
from tests.soak.accounting import wrong_in_job
from tests.soak.books import Books, Story
from tests.soak.customer import Customer
from tests.soak.goods import MEAN_SIZE, Shelf, Submission

# A catalog is left for a new one when it holds so many: matching stays cheap.
_CATALOG_LISTINGS: Final = 1500
_RESENT, _CANCELLED = 0.15, 0.03
_QUESTION_EVERY_S: Final = 4.0


@dataclass
class Pace:
    """Lets no more rows through than so many a second, over all customers; `over` ends the soak.

    A customer books what a submission has on average before it makes one, and corrects that afterwards:
    otherwise all that wait would go at once.
    """

    per_s: float

    def __post_init__(self) -> None:
        self.over = threading.Event()
        self._sent = 0.0
        self._lock = threading.Lock()
        self._began = time.monotonic()

    def start(self, began: float) -> None:
        """Count from `began` on, by the monotonic clock."""
        self._began = began

    def wait(self) -> bool:
        """Wait until more may be sent; False when the soak is over."""
        while not self.over.wait(0.1):
            with self._lock:
                if self._sent <= (time.monotonic() - self._began) * self.per_s:
                    self._sent += MEAN_SIZE
                    return True
        return False

    def correct(self, rows: int) -> None:
        """Note that so many were sent and not as many as on average."""
        with self._lock:
            self._sent += rows - MEAN_SIZE


class Lane(threading.Thread):
    """A customer with a catalog at a time, who submits to it when the job before has ended.

    So the outcome of each job depends on nothing but the submissions before it.
    """

    def __init__(
        self, number: int, customer: Customer, books: Books, pace: Pace, deadly: Callable[[], bool]
    ) -> None:
        super().__init__(name=f"lane-{number}")
        self._number = number
        self._dice = random.Random(number)
        self._customer = customer
        self._books = books
        self._pace = pace
        self._deadly = deadly
        self._catalogs = 0

    def run(self) -> None:
        """Go on until the soak is over."""
        while not self._pace.over.is_set():
            self._catalogs += 1
            seed = self._number * 10_000 + self._catalogs
            story = Story(f"lane-{self._number}-{self._catalogs}", seed, Shelf(seed))
            self._books.open(story)
            try:
                while len(story.shelf.held) < _CATALOG_LISTINGS and self._pace.wait():
                    self._submit(story)
                    if self._dice.random() < _CANCELLED:
                        self._change_mind(seed + len(story.told) * 1_000_000)
            except Exception as error:  # noqa: BLE001 - the soak must go on, and must not hold
                story.whole = False
                self._books.complain(f"{story.catalog}: {error!r}")

    def _submit(self, story: Story) -> None:
        deadly = self._deadly()
        sent = story.shelf.next(deadly=deadly)
        self._pace.correct(len(sent.rows))
        job_id = self._send(sent, story.catalog, f"{story.catalog}/{len(story.told)}")
        job = self._customer.ended(job_id)
        outcome = self._customer.outcome(job_id) if job["status"] == "succeeded" else {}
        self._books.complain(
            *(f"{story.catalog}, job {job_id}: {what}" for what in wrong_in_job(sent, job, outcome))
        )
        self._books.settle(story, sent, outcome, deadly=deadly)

    def _send(self, sent: Submission, catalog: str, key: str) -> str:
        job_id = self._customer.submit(sent, catalog, key)
        again = self._customer.submit(sent, catalog, key) if self._dice.random() < _RESENT else None
        self._books.accept(job_id, resent=again)
        return job_id

    def _change_mind(self, seed: int) -> None:
        """Submit to a catalog of its own and cancel a moment later."""
        catalog, sent = f"cancelled-{seed}", Shelf(seed).next()
        job_id = self._send(sent, catalog, catalog)
        time.sleep(self._dice.uniform(0, 2))
        first = self._customer.cancel(job_id)["status"]
        time.sleep(3)
        last = self._customer.shop.job(job_id)["status"]
        if first != last or last not in ("cancelled", "succeeded"):
            self._books.complain(f"{catalog}, job {job_id}: was {first}, is {last}")
        self._books.cancel(catalog, sent, last)


class Asker(threading.Thread):
    """Compares two listings every few seconds. An answer may fail to come, but may not be wrong."""

    def __init__(self, stack: Stack, ports: Sequence[int], books: Books, over: threading.Event) -> None:
        super().__init__(name="asker")
        self._ports = ports
        self._books = books
        self._over = over
        self._dice = random.Random(0)
        self._http = httpx.Client(timeout=20, trust_env=False)

    def run(self) -> None:
        """Go on until the soak is over."""
        shelf = Shelf(77)
        titles = [str(row["title"]) for row in shelf.next().rows if row["title"]]
        while not self._over.wait(_QUESTION_EVERY_S):
            a, b = self._dice.sample(titles, 2)
            same = self._dice.random() < 0.5
            self._books.ask(self._answer(a, a if same else b, same=same))
        self._http.close()

    def _answer(self, a: str, b: str, *, same: bool) -> str:
        url = f"http://127.0.0.1:{self._dice.choice(self._ports)}/api/dedup"
        try:
            answer = self._http.post(
                url, json={"a": {"title": a}, "b": {"title": b}}, headers={"Prefer": "wait=15"}
            )
        except httpx.TransportError:
            return "no gateway"
        if answer.status_code != httpx.codes.SERVICE_UNAVAILABLE and answer.is_error:
            self._books.complain(f"a comparison: {answer.status_code} {answer.text[:200]}")
        if answer.is_error:
            return f"{answer.status_code}"
        job = answer.json()
        if job.get("status") == "succeeded":
            if (job["result"]["verdict"] == "duplicate") != same:
                self._books.complain(f"{a!r} and {b!r} were called {job['result']['verdict']}")
            return "answered"
        code = (job.get("error") or {}).get("code") or str(job.get("status"))
        if code not in ("deadline_exceeded", "running"):
            self._books.complain(f"a comparison: {code}")
        return code
