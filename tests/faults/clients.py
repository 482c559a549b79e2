"""Clients that go away, repeat themselves and change their mind; messages that come twice."""

import random
import socket
from concurrent.futures import ThreadPoolExecutor

from shared.broker import Publisher, make_celery
from shared.messages import UnitHint
from shared.settings import CommonSettings
from tests.conftest import wait_until
from tests.faults.bench import Bench
from tests.faults.case import case
from tests.support import ENDED, Json, files_in, ndjson


@case("every message is delivered three times, to two encoders")
def messages_repeated(bench: Bench) -> None:
    bench.stack.start("encoder.2")
    bench.ready()
    settings = CommonSettings(redis_url=bench.stack.redis_url, spool_url=str(bench.stack.run_dir / "spool"))
    with make_celery("repeater", settings, publisher_only=True) as app:
        publisher = Publisher(app)
        job = bench.submit()
        bench.struck()
        for stage in ("encode", "ingest", "match", "encode"):
            for unit in range(60):
                publisher.hint(UnitHint(job_id=job, stage=stage, unit=str(unit)))
        publisher.hint(*(UnitHint(job_id=job, stage="finish", unit="0") for _ in range(3)))
    bench.holds(job)


@case("50 submissions at once with one key", "one job", slow=True)
def one_key_fifty_times(bench: Bench) -> None:
    bench.struck()
    with ThreadPoolExecutor(50) as pool:
        jobs = set(pool.map(lambda _: bench.insist_once("same-key"), range(50)))
    assert len(jobs) == 1
    bench.holds(jobs.pop())


@case("the client goes away in mid-upload", "no job is accepted, nothing of it stays in the spool")
def client_goes_away(bench: Bench) -> None:
    body = ndjson(bench.listings)
    with socket.create_connection(("127.0.0.1", bench.stack.gateway_port)) as client:
        head = (
            "POST /api/catalogs/broken-off/submissions HTTP/1.1\r\nHost: x\r\n"
            f"Content-Type: application/x-ndjson\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        client.sendall(head.encode() + body[: len(body) // 2])
        wait_until(lambda: _jobs(bench, "broken-off"))
        bench.struck()
    wait_until(lambda: _jobs(bench, "broken-off")[0]["status"] == "failed", timeout_s=30)
    (job,) = _jobs(bench, "broken-off")
    spooled = bench.stack.run_dir / "spool" / "jobs" / job["id"]
    wait_until(lambda: not [f for f in files_in(spooled) if f.suffix == ".json"])
    bench.drained()
    bench.observed.append(f"failed, {job['error']['code']}")


def _jobs(bench: Bench, catalog: str) -> list[Json]:
    return [job for job in bench.shop.http.get("/api/jobs").json()["items"] if job["catalog"] == catalog]


@case(
    "a job is cancelled at 12 moments, some as it ends", "one end each, which stays", slow=True, bound_s=150
)
def cancelled_at_any_moment(bench: Bench) -> None:
    dice, ends = random.Random(5), []
    for _ in range(12):
        job = bench.submit(bench.listings[:120])
        bench.hold(dice.uniform(0, 2))
        bench.shop.http.delete(f"/api/jobs/{job}")
        first = bench.shop.job(job)
        assert first["status"] in ENDED
        ends.append(first["status"])
        bench.drained()
        assert bench.shop.job(job)["status"] == first["status"]
    bench.observed.append(f"{ends.count('cancelled')} cancelled, {ends.count('succeeded')} succeeded")
