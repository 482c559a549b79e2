"""A stack whose processes reach Redis through proxies and may be crashed, and what holds after a fault."""

import contextlib
import json
import sqlite3
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import Any

import httpx
from redis import Redis

from local.environment import ROOT
from local.ports import free_port
from local.stack import PROCESSES, Stack
from shared import crash
from shared.routing import QUEUES
from tests.conftest import wait_until
from tests.faults.proxy import Proxy
from tests.support import ENDED, Json, Shop, ndjson

SETTINGS = {
    "DOPPEL_CHUNK_LISTINGS": "4",
    "DOPPEL_SLICE_LISTINGS": "16",
    "DOPPEL_LEASE_S": "2",
    "DOPPEL_RECONCILE_EVERY_S": "0.5",
    "DOPPEL_VISIBILITY_TIMEOUT_S": "5",
    "DOPPEL_CACHE_TTL_S": "0",
    "DOPPEL_FETCH_TIMEOUT_S": "2",
    "DOPPEL_FETCH_PRIVATE_NETWORKS": '["127.0.0.2/32"]',
    "DOPPEL_QUERY_DEADLINE_S": "5",
}
# Generous: a slow machine is no fault.
_READY_S = 180
OTHER_MODEL = "encoder.3"
_SPARE = ("encoder.2", OTHER_MODEL, "gateway.2", "reconciler.2", "index.2")
Moment = Callable[[Json], bool]


def _partly(stage: str) -> Moment:
    def moment(job: Json) -> bool:
        done, total = job["stages"][stage]["done"], job["stages"][stage]["total"]
        return total is not None and 0 < done < total

    return moment


ENCODING, INGESTING, MATCHING = _partly("encode"), _partly("ingest"), _partly("match")


class Bench:
    """Everything a case works with. Use as a context manager."""

    def __init__(self, listings: list[Json]) -> None:
        self.listings = listings
        self.crash_dir = Path(tempfile.mkdtemp(prefix="doppel-crash-"))
        self.stack = Stack(profile="deterministic", settings=SETTINGS | {crash.VARIABLE: str(self.crash_dir)})
        self.proxies: dict[str, Proxy] = {}
        self.second_gateway = free_port()
        usual = dict(self.stack.env)
        for name in (*PROCESSES[1:], *_SPARE):
            self.proxies[name] = Proxy(self.stack.redis_port)
            self.stack.env["DOPPEL_REDIS_URL"] = f"redis://127.0.0.1:{self.proxies[name].port}/0"
            if name == "gateway.2":
                self.stack.env["DOPPEL_GATEWAY_PORT"] = str(self.second_gateway)
            elif name == OTHER_MODEL:
                self.stack.env["DOPPEL_PROFILE"] = _other_profile(self.stack.run_dir)
            self.stack.process(name)
            self.stack.env |= usual
        self.redis = Redis(port=self.stack.redis_port, decode_responses=True)
        self.shop = Shop(self.stack)
        self.restarts: Counter[str] = Counter()
        self._number = 0
        self._struck = self._healed = 0.0
        self.observed: list[str] = []
        self._healthy = True

    def __enter__(self) -> "Bench":
        self.stack.up()
        self.ready()
        return self

    def __exit__(self, *_: object) -> None:
        self.redis.close()
        self.shop.close()
        self.stack.close()
        for proxy in self.proxies.values():
            proxy.close()

    # -- doing ----------------------------------------------------------------------------------

    def begin(self) -> None:
        """Start a case: nothing armed, everything healthy."""
        for file in self.crash_dir.iterdir():
            file.unlink()
        for proxy in self.proxies.values():
            proxy.heal()
        for name in _SPARE:
            self.stack.stop(name)
        self.restarts.clear()
        self.observed = []
        self._struck = self._healed = 0.0
        if not self._healthy:
            # What the last case left behind is not this one's business.
            for name in reversed(PROCESSES):
                self.stack.kill(name)
            self.redis.close()
            self.stack.up()
        self._healthy = False
        self.supervise()
        self.ready()

    def ready(self) -> None:
        """Wait until all that was started can work."""
        self.stack.wait_ready(_READY_S)

    def end(self) -> None:
        """End a case that held: the stack goes on as it is."""
        self._healthy = True

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

    @staticmethod
    def hold(seconds: float) -> None:
        """Let a fault last."""
        threading.Event().wait(seconds)

    def arm(self, point: str, which: str = "") -> None:
        """Let the next process that comes to the point crash; with `which`, every one that meets that."""
        assert point in crash.POINTS
        (self.crash_dir / (f"{point}.{which}" if which else point)).touch()

    def crashed(self, point: str) -> bool:
        """Say whether an armed point was reached."""
        return not (self.crash_dir / point).exists()

    def supervise(self) -> None:
        """Start again what ended by itself, as a container runtime does."""
        for name, process in self.stack.processes.items():
            if process.died and name not in _SPARE:
                self.restarts[name] += 1
                self.stack.start(name)

    # -- seeing ---------------------------------------------------------------------------------

    def job(self, job_id: str) -> Json | None:
        """Return the job, None while the gateway or Redis does not know it."""
        try:
            answer = self.shop.http.get(f"/api/jobs/{job_id}")
        except httpx.HTTPError:
            return None
        return dict(answer.json()) if answer.status_code == httpx.codes.OK else None

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

    def drained(self, timeout_s: float = 40) -> None:
        """Wait until ledger and queues hold no work, and no message is unacknowledged."""

        def left() -> dict[str, Any]:
            found = {queue: self.redis.llen(f"doppel:{queue}") for queue in QUEUES}
            found |= {
                "leases": self.redis.zcard("doppel:leases"),
                "unacked": self.redis.hlen("doppel:unacked"),
            }
            return {name: count for name, count in found.items() if count}

        def empty() -> bool:
            self.supervise()
            return not left()

        wait_until(empty, timeout_s, every_s=0.05, what=left)

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

    def nothing_left(self) -> None:
        """Wait until Redis holds no embeddings, units or notes of any job, and the disk no temporary file."""

        def left() -> list[str]:
            keys = (
                *self.redis.scan_iter("doppel:emb:*", count=1000),
                *self.redis.scan_iter("doppel:job:*:*", count=1000),
                *self.redis.scan_iter("doppel:payload:*", count=1000),
            )
            spool = self.stack.run_dir / "spool"
            files = [str(f) for f in spool.rglob("*") if f.is_file() and f.suffix not in (".json", ".ndjson")]
            return [str(key) for key in keys] + [f for f in files if "/images/" not in f or "#" in f]

        wait_until(lambda: not left(), timeout_s=150, every_s=0.5, what=left)

    def recovery_s(self) -> float:
        """Return the seconds from the fault to the end of the job it met."""
        healed = self._healed if self._healed > self._struck else time.monotonic()
        return round(healed - self._struck, 1) if self._struck else 0.0


def _other_profile(folder: Path) -> str:
    """Write a profile whose images are encoded by another model; return the path of its manifest."""
    manifest = json.loads((ROOT / "artifacts" / "deterministic" / "profile.json").read_text())
    manifest["image"]["model"] += "-next"
    path = folder / "other-profile.json"
    path.write_text(json.dumps(manifest))
    return str(path)


def _stored(path: Path) -> list[int]:
    """Count a catalog's listings and their ids, and what it keeps of jobs in work."""
    with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as store:
        found = list(store.execute("SELECT count(*), count(DISTINCT id) FROM listings").fetchone())
        for table in ("finished_chunks", "job_rows", "rejections", "job_pairs"):
            found += store.execute(f"SELECT count(*) FROM {table}").fetchone()  # noqa: S608 - names above
    return found
