"""A Redis that takes no writes is an outage, not a bug; uploads give signs of life."""

import asyncio
from collections.abc import Iterator

import pytest
from redis import Redis

from services.gateway.upload.alive import kept_alive
from shared import ids
from shared.broker import Publisher, make_celery
from shared.errors import LedgerUnavailable
from shared.inflight import InFlight
from shared.ledger import Ledger
from shared.messages import JobOptions, UnitHint
from shared.settings import CommonSettings
from tests.conftest import wait_until


@pytest.fixture
def full(settings: CommonSettings, ledger: Ledger) -> Iterator[str]:
    """Fill Redis; return the id of a job that it holds."""
    job_id = ids.new_id()
    ledger.create(job_id, JobOptions(catalog="shop"), 4)
    with Redis.from_url(settings.redis_url.get_secret_value()) as redis:
        redis.config_set("maxmemory", "1")
        yield job_id
        redis.config_set("maxmemory", "0")


def test_a_full_redis_is_an_outage(
    full: str, settings: CommonSettings, ledger: Ledger, inflight: InFlight
) -> None:
    hint = UnitHint(job_id=full, stage="encode", unit="0")
    with make_celery("test", settings, publisher_only=True) as app:
        publisher = Publisher(app)
        for write in (
            ledger.ping,
            lambda: ledger.add_chunk(full, 0, 4),
            lambda: ledger.idempotency.reserve("d", full),
            lambda: inflight.put_block(full, "0", b"x"),
            lambda: inflight.put_cached("image", "m", {"d": b"v"}, 60),
            lambda: publisher.hint(hint),
            lambda: publisher.hint(hint, hint),
        ):
            with pytest.raises(LedgerUnavailable):
                write()


def test_an_upload_gives_signs_of_life(ledger: Ledger) -> None:
    job_id = ids.new_id()
    ledger.create(job_id, JobOptions(catalog="shop"), 4)

    async def silent_client() -> None:
        async with kept_alive(ledger, job_id, 0.05):
            # The record of the upload alone would be too old by now.
            await asyncio.sleep(0.5)
            await asyncio.to_thread(wait_until, lambda: not ledger.upkeep.stalled_uploads(200))

    asyncio.run(silent_client())


def test_signs_of_life_outlive_an_outage(full: str, ledger: Ledger) -> None:
    async def upload() -> None:
        async with kept_alive(ledger, full, 0.01):
            await asyncio.sleep(0.1)

    asyncio.run(upload())
