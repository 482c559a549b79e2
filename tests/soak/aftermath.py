"""When all trouble is over: the stores, the ledger and runs without trouble are held against the books."""

import json
import random
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

import pytest

from tests.conftest import wait_until
from tests.soak.accounting import wrong_in_store, wrong_jobs
from tests.soak.books import Books, Story
from tests.soak.customer import Customer
from tests.soak.goods import Shelf
from tests.soak.site import RETENTION_S, Site
from tests.soak.watch import spooled

_QUIET_CATALOGS: Final = 4


class Aftermath:
    """Looks at what came of it all; complaints go into the books. `jobs` are those that the ledger showed."""

    def __init__(self, site: Site, books: Books, jobs: dict[str, bool], customers: list[Customer]) -> None:
        self._site = site
        self._books = books
        self._jobs = jobs
        self._customers = customers
        self.compared = 0

    def look(self, seed: int) -> None:
        """Wait until all is at rest and look; `seed` chooses what is submitted again."""
        try:
            self._site.ready()
            self._site.drained(120)
            self._books.complain(*wrong_jobs(self._books.accepted, self._jobs))
            self._look_at_stores()
            self._compare_with_quiet(seed)
            self._site.drained(120)
            wait_until(lambda: not self._left(), RETENTION_S + 60, 1, what=self._left)
            self._site.nothing_left()
        except pytest.fail.Exception as error:
            self._books.complain(f"afterwards: {error}")

    def _look_at_stores(self) -> None:
        catalogs = self._site.stack.run_dir / "catalogs"
        for story in self._books.stories:
            if story.told:
                wrong = wrong_in_store(catalogs / story.catalog / "catalog.db", story.shelf.held)
                self._books.complain(*(f"{story.catalog}: {what}" for what in wrong))
        for catalog, (sent, status) in self._books.cancelled.items():
            file, whole = catalogs / catalog / "catalog.db", status == "succeeded"
            # One that was cancelled at once may never have got as far as a catalog.
            if whole or file.exists():
                wrong = wrong_in_store(file, sent.listings, all_of_them=whole)
                self._books.complain(*(f"{catalog}: {what}" for what in wrong))

    def _left(self) -> dict[str, int]:
        """Return what expired jobs left in Redis and in the spool."""
        found = spooled(self._site.stack.run_dir / "spool")
        found["jobs"] = int(self._site.redis.zcard("doppel:jobs"))
        # The folder of all jobs may stay.
        found["folder"] = max(0, found["folder"] - 1)
        return dict(+found)

    def _compare_with_quiet(self, seed: int) -> None:
        """Submit some stories once more, to new catalogs and without trouble."""
        told = [story for story in self._books.stories if story.whole and story.told]
        chosen = random.Random(seed).sample(told, min(_QUIET_CATALOGS, len(told)))
        with ThreadPoolExecutor(_QUIET_CATALOGS) as pool:
            self.compared = sum(pool.map(self._repeat_quietly, chosen, self._customers))

    def _repeat_quietly(self, story: Story, customer: Customer) -> int:
        shelf, catalog = Shelf(story.seed), f"quiet-{story.catalog}"
        for number, (deadly, before) in enumerate(zip(story.deadly, story.told, strict=True)):
            sent = shelf.next(deadly=deadly)
            job_id = customer.submit(sent, catalog, f"{catalog}/{number}")
            if customer.ended(job_id)["status"] != "succeeded":
                self._books.complain(f"{catalog}, job {job_id}: did not succeed without trouble")
                return number
            if (part := difference(before, customer.outcome(job_id))) is not None:
                self._books.complain(f"{story.catalog}, submission {number}: without trouble other {part}")
        return len(story.told)


def difference(before: dict[str, Any], after: dict[str, Any]) -> str | None:
    """Return the part in which two outcomes differ; None if they are the same to the byte."""
    for part in before:
        if json.dumps(before[part], sort_keys=True) != json.dumps(after[part], sort_keys=True):
            return part
    return None
