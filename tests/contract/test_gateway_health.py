"""Health over HTTP: red for each reason alone, with what to do; the tests play the workers."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from pydantic import SecretStr
from redis import Redis

from local.ports import free_port
from services.gateway.main import create_app
from services.gateway.readiness import SpoolProbe
from shared.ids import new_id
from shared.ledger import Ledger
from shared.messages import JobOptions, UnitHint
from shared.presence import Presence
from shared.settings import CommonSettings, GatewaySettings
from shared.spool import Spool
from tests.conftest import wait_until

ROLES = ("encode.bulk", "encode.interactive", "index", "reconciler")
CHECKS = {"ledger", "spool", *ROLES, "encode.bulk.progress", "index.progress", "index.behind"}
Body = dict[str, Any]


@contextmanager
def gateway(settings: CommonSettings, **limits: float) -> Iterator[TestClient]:
    with TestClient(create_app(settings, GatewaySettings(**limits))) as client:
        yield client


@pytest.fixture
def there(settings: CommonSettings) -> Iterator[Callable[[str], None]]:
    """Play workers that say that they are there, until the test ends."""
    stop = threading.Event()
    with Presence.connect(settings) as presence:
        threads = []

        def announce(role: str) -> None:
            threads.append(presence.announce(role, stop))
            wait_until(lambda: presence.counts()[role])

        yield announce
        stop.set()
        for thread in threads:
            thread.join()


def job(ledger: Ledger, chunks: int = 1) -> tuple[UnitHint, ...]:
    """Accept a job; return its units to encode."""
    job_id = new_id()
    ledger.create(job_id, JobOptions(catalog="shop"), 256)
    for chunk in range(chunks):
        ledger.add_chunk(job_id, chunk, 4)
    ledger.seal(job_id)
    return tuple(UnitHint(job_id=job_id, stage="encode", unit=str(chunk)) for chunk in range(chunks))


def wrong(body: Body) -> dict[str, str]:
    """Return the checks that do not hold, with what they say."""
    assert {check["name"] for check in body["checks"]} <= CHECKS
    found = {check["name"]: check["detail"] for check in body["checks"] if not check["ok"]}
    assert all(detail in body["detail"] for detail in found.values())
    return found


def test_ready_when_everybody_is_there_and_nothing_waits(
    settings: CommonSettings, there: Callable[[str], None]
) -> None:
    for role in ROLES:
        there(role)
    with gateway(settings) as http:
        answer = http.get("/health/ready")
        metrics = http.get("/metrics").text
    assert answer.status_code == 200
    assert answer.json()["status"] == "ok"
    assert {check["name"] for check in answer.json()["checks"] if check["ok"]} == CHECKS
    assert 'doppel_ready{check="index.behind"} 1.0' in metrics
    assert 'doppel_workers{role="encode.bulk"} 1.0' in metrics
    assert 'doppel_stage_waiting_seconds{stage="match"} 0.0' in metrics
    assert "doppel_stage_done_seconds{" not in metrics


@pytest.mark.parametrize("missing", ROLES)
def test_red_when_nobody_of_a_role_was_seen(
    settings: CommonSettings, there: Callable[[str], None], missing: str
) -> None:
    for role in ROLES:
        if role != missing:
            there(role)
    with gateway(settings) as http:
        answer = http.get("/health/ready")
        assert http.get("/health/accepting").status_code == 200
    assert (answer.status_code, answer.json()["code"]) == (503, "not_ready")
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.headers["Retry-After"]
    assert list(wrong(answer.json())) == [missing]
    assert ": start " in answer.json()["detail"]


def test_red_when_work_waits_and_nothing_is_done(
    settings: CommonSettings, ledger: Ledger, there: Callable[[str], None]
) -> None:
    for role in ROLES:
        there(role)
    first, second, third = job(ledger, chunks=3)
    with gateway(settings, stalled_s=2.5) as http:
        wait_until(lambda: http.get("/health/ready").status_code == 503)
        body = http.get("/health/ready").json()
        assert list(wrong(body)) == ["encode.bulk.progress"]
        assert "1 worker(s)" in body["detail"]
        assert 'doppel_ready{check="encode.bulk.progress"} 0.0' in http.get("/metrics").text

        # A claim is no progress, as whoever made it may hang; a completion is.
        ledger.units.complete(ledger.units.claim(first))
        wait_until(lambda: "encode.bulk.progress" not in wrong(_read(http)))
        assert 'doppel_stage_done_seconds{stage="encode"}' in http.get("/metrics").text
        ledger.units.claim(second)
        wait_until(lambda: "encode.bulk.progress" in wrong(_read(http)))

        # Nothing is left to encode; the chunks wait for the index worker now.
        for hint in (second, third):
            ledger.units.complete(ledger.units.claim(hint))
        wait_until(lambda: list(wrong(_read(http))) == ["index.progress"])
        ledger.cancel(first.job_id)
        wait_until(lambda: http.get("/health/ready").status_code == 200)


def test_red_when_a_job_waits_for_an_index_worker_that_serves_others(
    settings: CommonSettings, ledger: Ledger, there: Callable[[str], None]
) -> None:
    for role in ROLES:
        there(role)
    (waits,), served = job(ledger), job(ledger, chunks=200)
    ledger.units.complete(ledger.units.claim(waits))
    with gateway(settings, behind_s=3, stalled_s=60) as http:
        for hint in served:
            ledger.units.complete(ledger.units.claim(hint))
            ledger.units.complete(ledger.units.claim(hint.model_copy(update={"stage": "ingest"})))
            if "index.behind" in wrong(_read(http)):
                break
            threading.Event().wait(0.05)
        assert list(wrong(_read(http))) == ["index.behind"]
        ledger.units.complete(ledger.units.claim(waits.model_copy(update={"stage": "ingest"})))
        wait_until(lambda: "index.behind" not in wrong(_read(http)))


def test_a_spool_that_takes_nothing_is_red(settings: CommonSettings, there: Callable[[str], None]) -> None:
    for role in ROLES:
        there(role)
    with gateway(settings) as http:
        # A file where the probe's folder would be.
        Path(settings.spool_url, "health").write_text("")
        for path in ("/health/ready", "/health/accepting"):
            answer = http.get(path)
            assert answer.status_code == 503
            assert list(wrong(answer.json())) == ["spool"]
            assert "make space" in answer.json()["detail"]
            assert settings.spool_url not in answer.text


def test_a_spool_that_hangs_is_red_and_costs_one_thread(settings: CommonSettings) -> None:
    goes_on, asked = threading.Event(), []

    class Hanging(Spool):
        def put(self, key: str, data: bytes) -> None:
            asked.append(key)
            goes_on.wait(60)

    hanging = Hanging.connect(settings.spool_url)
    with ThreadPoolExecutor(4) as pool:
        probe = SpoolProbe(hanging, pool)
        assert [probe.takes(), probe.takes()] == [False, False]
        assert len(asked) == 1
        goes_on.set()
        assert probe.takes()
        assert probe.takes()
        assert len(asked) == 2


def test_a_redis_that_is_full_or_away_is_red(settings: CommonSettings) -> None:
    away = CommonSettings(
        redis_url=SecretStr(f"redis://127.0.0.1:{free_port()}/0"), spool_url=settings.spool_url
    )
    with gateway(away) as http:
        for path in ("/health/ready", "/health/accepting"):
            answer = http.get(path)
            assert (answer.status_code, answer.json()["code"]) == (503, "not_ready")
            assert list(wrong(answer.json())) == ["ledger"]
            assert "start Redis" in answer.json()["detail"]
            assert "127.0.0.1" not in answer.text
        assert http.get("/health/live").json() == {"status": "ok"}
        metrics = http.get("/metrics").text
        assert 'doppel_ready{check="ledger"} 0.0' in metrics
        assert 'check="index"' not in metrics
    with Redis.from_url(settings.redis_url.get_secret_value()) as redis, gateway(settings) as http:
        redis.config_set("maxmemory", "1")
        try:
            assert list(wrong(http.get("/health/accepting").json())) == ["ledger"]
        finally:
            redis.config_set("maxmemory", "0")


def _read(http: TestClient) -> Body:
    return {"detail": "", **http.get("/health/ready").json()}
