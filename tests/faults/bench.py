"""What a fault is done with: jobs to disturb, the moments to do it, and what has to hold afterwards."""

import contextlib
import json
import sqlite3
import time
from collections.abc import Callable
from functools import cached_property
from pathlib import Path

import httpx

from tests.conftest import wait_until
from tests.faults.plant import Plant
from tests.support import ENDED, Json, Shop, ndjson

Moment = Callable[[Json], bool]


def _partly(stage: str) -> Moment:
    def moment(job: Json) -> bool:
        done, total = job["stages"][stage]["done"], job["stages"][stage]["total"]
        return total is not None and 0 < done < total

    return moment


ENCODING, INGESTING, MATCHING = _partly("encode"), _partly("ingest"), _partly("match")


class Bench(Plant):
    """Everything a case works with."""

    def __init__(self, listings: list[Json]) -> None:
        super().__init__()
        self.listings = listings
        self.shop = Shop(self.stack)
        self.observed: list[str] = []
        self._number = 0
        self._struck = self._healed = 0.0

    def __exit__(self, *error: object) -> None:
        self.shop.close()
        super().__exit__(*error)

    # -- doing ----------------------------------------------------------------------------------

    def begin(self) -> None:
        """Start a case: nothing armed, everything healthy."""
        self.observed = []
        self._struck = self._healed = 0.0
        super().begin()

    def submit(self, listings: list[Json] | None = None, catalog: str | None = None, key: str = "") -> str:
        """Submit listings (by default the usual ones, to a catalog of their own); return the job's id."""
        self._number += 1
        rows = self.listings if listings is None else listings
        answer = self.post(rows, catalog or f"case-{self._number}", key).raise_for_status()
        return str(answer.json()["id"])

    def post(self, listings: list[Json], catalog: str, key: str = "") -> httpx.Response:
        """Submit listings and return whatever the answer is."""
        headers = {"Content-Type": "application/x-ndjson"} | ({"Idempotency-Key": key} if key else {})
        url = f"/api/catalogs/{catalog}/submissions"
        return self.shop.http.post(url, content=ndjson(listings), headers=headers)

    def insist(self, key: str = "insist") -> str:
        """Submit as a careful client does: repeat with the same key until there is an answer."""
        self._number += 1
        found: list[str] = []
        catalog = f"case-{self._number}"

        def accepted() -> bool:
            self.supervise()
            try:
                found.append(self.submit(None, catalog, f"{key}-{catalog}"))
            except httpx.HTTPError:
                return False
            return True

        wait_until(accepted, timeout_s=60, every_s=0.2)
        return found[0]

    def insist_once(self, key: str) -> str:
        """Submit the usual listings under a key, in one catalog; repeat while the answer is not the job."""
        found: list[str] = []

        def accepted() -> bool:
            try:
                found.append(self.submit(catalog=key, key=key))
            except httpx.HTTPError:
                return False
            return True

        wait_until(accepted, timeout_s=60, every_s=0.2)
        return found[0]

    def strike_at(self, job_id: str, moment: Moment) -> None:
        """Wait for the moment of a job at which the fault is to come."""
        wait_until(lambda: moment(self.shop.job(job_id)), timeout_s=60, every_s=0.001)
        self.struck()

    def struck(self) -> None:
        """Note that the fault comes now."""
        self._struck = self._struck or time.monotonic()

    # -- seeing ---------------------------------------------------------------------------------

    def job(self, job_id: str) -> Json | None:
        """Return the job, None while the gateway or Redis does not know it."""
        try:
            answer = self.shop.http.get(f"/api/jobs/{job_id}")
        except httpx.HTTPError:
            return None
        return dict(answer.json()) if answer.status_code == httpx.codes.OK else None

    def answers(self, url: str) -> bool:
        """Say whether a GET is answered with 200 now."""
        try:
            return self.shop.http.get(url).status_code == httpx.codes.OK
        except httpx.HTTPError:
            return False

    def ends(self, job_id: str, status: str = "succeeded", timeout_s: float = 80) -> Json:
        """Wait for the job's end and for everything to be drained; return the job."""
        job: Json = {}

        def ended() -> bool:
            self.supervise()
            job.update(self.job(job_id) or {})
            return job.get("status") in ENDED

        wait_until(ended, timeout_s, every_s=0.05, what=lambda: f"an end of {job}")
        self._healed = time.monotonic()
        assert job["status"] == status, job
        self.drained()
        return job

    def outcome(self, job_id: str) -> Json:
        """Return the outcome without the ids of groups, which depend on the catalog's name."""
        found = self.shop.outcome(job_id)
        groups = [{k: v for k, v in group.items() if k != "id"} for group in found["groups"]]
        return found | {"groups": sorted(groups, key=lambda g: str(g["canonical"]))}

    @cached_property
    def expected(self) -> Json:
        """The outcome without a fault."""
        return self.outcome(self.ends(self.submit())["id"])

    def holds(self, job_id: str, expected: Json | None = None, listings: int | None = None) -> None:
        """Wait for the job's end; then nothing may show that there was a fault."""
        job = self.ends(job_id)
        wanted = self.expected if expected is None else expected
        assert json.dumps(self.outcome(job_id)) == json.dumps(wanted)
        self.stored_once(job, wanted["counts"]["listings"] if listings is None else listings)
        self.observed.append(f"{job['status']}, same outcome")

    def stored_once(self, job: Json, listings: int) -> None:
        """Wait until the catalog holds each listing once and nothing of the job's work."""
        path = self.stack.run_dir / "catalogs" / job["catalog"] / "catalog.db"
        wait_until(lambda: _stored(path) == [listings, listings, 0, 0, 0, 0], 40, what=lambda: _stored(path))

    def recovery_s(self) -> float:
        """Return the seconds from the fault to the end of the job it met."""
        healed = self._healed if self._healed > self._struck else time.monotonic()
        return round(healed - self._struck, 1) if self._struck else 0.0


def _stored(path: Path) -> list[int]:
    """Count a catalog's listings and their ids, and what it keeps of jobs in work."""
    with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as store:
        found = list(store.execute("SELECT count(*), count(DISTINCT id) FROM listings").fetchone())
        for table in ("finished_chunks", "job_rows", "rejections", "job_pairs"):
            found += store.execute(f"SELECT count(*) FROM {table}").fetchone()  # noqa: S608 - names above
    return found
