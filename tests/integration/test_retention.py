"""What is left of a job after its retention: nothing, in the spool or in Redis."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest
from redis import Redis

from services.reconciler.main import Reconciler
from shared.broker import Publisher, make_celery
from shared.inflight import InFlight
from shared.ledger import Ledger, keys
from shared.messages import FinishedJob, UnitHint
from shared.settings import CommonSettings
from shared.spool import Spool, finished_key, page_key, summary_key
from tests.conftest import wait_until
from tests.gate import NDJSON, Gate

SUBMIT = "/api/catalogs/shop/submissions"
IMAGE = "data:image/png;base64," + base64.b64encode(b"picture").decode()


@pytest.fixture
def settings(settings: CommonSettings) -> CommonSettings:
    return settings.model_copy(update={"retention_s": 0})


@pytest.fixture
def gate(settings: CommonSettings, tmp_path: Path) -> Iterator[Gate]:
    gate = Gate(settings, tmp_path / "keys.json")
    with gate.http:
        yield gate


@pytest.fixture
def redis(settings: CommonSettings) -> Iterator[Redis]:
    with Redis.from_url(settings.redis_url.get_secret_value(), decode_responses=True) as client:
        yield client


@pytest.fixture
def reconciler(settings: CommonSettings, ledger: Ledger, spool: Spool) -> Iterator[Reconciler]:
    with make_celery("test", settings, publisher_only=True) as app:
        yield Reconciler(ledger, spool, Publisher(app), every_s=5, retention_s=-1, settled_s=-1)


def traces(redis: Redis, job_id: str) -> dict[str, object]:
    """Return every key that names the job, in its own name or in what it holds."""
    found: dict[str, object] = {}
    for key in redis.scan_iter("*", count=1000):
        kind = redis.type(key)
        if kind == "hash":
            value: object = redis.hgetall(key)
        elif kind == "zset":
            value = redis.zrange(key, 0, -1)
        elif kind == "list":
            value = [base64.b64decode(json.loads(text)["body"]) for text in redis.lrange(key, 0, -1)]
        elif kind == "set":
            value = redis.smembers(key)
        else:
            value = ""
        if job_id in f"{key} {value}":
            found[key] = value
    return found


def spooled(settings: CommonSettings) -> list[str]:
    return [str(path) for path in Path(settings.spool_url).glob("jobs/**/*")]


def age_leases(redis: Redis) -> None:
    """Let every lease run out; a job that was cancelled before its first chunk has none."""
    if leases := redis.zrange(keys.LEASES, 0, -1):
        redis.zadd(keys.LEASES, dict.fromkeys(leases, 0))


def test_nothing_is_left_of_a_job_past_its_retention(
    gate: Gate,
    settings: CommonSettings,
    ledger: Ledger,
    inflight: InFlight,
    spool: Spool,
    redis: Redis,
    reconciler: Reconciler,
) -> None:
    _, key = gate.key("submit", max_active_jobs=1)
    headers = NDJSON | {"Idempotency-Key": "same"}
    row = json.dumps({"id": "1", "title": "Cup", "image": IMAGE}).encode()
    job = gate.ask("POST", SUBMIT, key, content=row, headers=headers).json()["id"]
    # The workers' part: a block that nobody fetched, a note, pages, and messages that were taken.
    claim = ledger.units.claim(UnitHint(job_id=job, stage="encode", unit="0"))
    ledger.suspects.hold(job, "0", 1)
    inflight.put_block(job, "0", b"block")
    ledger.units.complete(claim)
    spool.put(page_key(job, "pairs", 0), b"{}\n")
    spool.put(summary_key(job), json.dumps({"pages": {"pairs": 1}}).encode())
    spool.put(finished_key(job), FinishedJob(job_id=job, status="succeeded").model_dump_json().encode())
    ledger.finish(job, "succeeded")
    for queue in ("encode.bulk", "index.bulk"):
        redis.delete(keys.queue(queue))
    assert gate.ask("GET", f"/api/jobs/{job}", key).json()["status"] == "succeeded"
    assert {path.rsplit("/", 1)[-1] for path in spooled(settings)} >= {"images", "chunks", "results"}

    age_leases(redis)
    reconciler.once()
    assert spooled(settings) == []
    # The API key's, which end by themselves.
    left = traces(redis, job)
    assert {key.split(":")[1] for key in left} == {"idem", "slots"}
    assert all(0 < redis.ttl(key) <= 2_592_000 for key in left)
    for path in ("", "/pairs", "/groups", "/rejections"):
        answer = gate.ask("GET", f"/api/jobs/{job}{path}", key)
        assert (answer.status_code, answer.json()["code"]) == (410, "job_expired")
    # A slot without a record counts for a minute, as that of a job which is being made.
    redis.zadd(next(key for key in left if "slots" in key), {job: 0})
    again = gate.ask("POST", SUBMIT, key, content=row, headers=headers)
    assert again.status_code == 202
    assert again.json()["id"] != job
    assert traces(redis, job) == {}


@pytest.mark.parametrize("end", ["broken", "cancelled"])
def test_nothing_is_left_of_an_upload_that_was_not_accepted(
    gate: Gate, settings: CommonSettings, ledger: Ledger, redis: Redis, reconciler: Reconciler, end: str
) -> None:
    _, key = gate.key("submit", max_active_jobs=1)
    rows = [json.dumps({"id": str(number), "title": "Cup", "image": IMAGE}) for number in range(100)]

    async def body() -> AsyncIterator[bytes]:
        yield ("[" + ",".join(rows)).encode()
        await asyncio.to_thread(wait_until, lambda: spooled(settings))
        if end == "cancelled":
            ledger.cancel(ledger.recent(None, 1)[0].id)
        yield b", oh" if end == "broken" else b"]"

    async def send() -> httpx.Response:
        headers = key | {"Content-Type": "application/json", "Idempotency-Key": "k"}
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(gate.app), base_url="http://test"
        ) as client:
            return await client.post(SUBMIT, content=body(), headers=headers)

    answer = asyncio.run(send())
    assert answer.json()["code"] == ("json_invalid" if end == "broken" else "job_cancelled")
    assert spooled(settings) == []
    (record,) = ledger.recent(None, 10)
    for queue in ("encode.bulk", "index.bulk"):
        redis.delete(keys.queue(queue))
    age_leases(redis)
    reconciler.once()
    assert traces(redis, record.id) == {}
    assert gate.ask("GET", f"/api/jobs/{record.id}", key).status_code == 410


def test_more_jobs_than_one_sweep_takes_expire_in_the_next(
    ledger: Ledger, spool: Spool, redis: Redis, settings: CommonSettings, reconciler: Reconciler
) -> None:
    for number in range(130):
        job = f"01JD{number:022d}"
        ledger.create_embedding(job)
        spool.put(finished_key(job), b"{}")
        ledger.finish(job, "cancelled")
    for left in (30, 0):
        reconciler.once()
        assert redis.zcard(keys.JOBS) == left
        assert len(list((Path(settings.spool_url) / "jobs").iterdir())) == left
