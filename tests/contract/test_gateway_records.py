"""Idempotency keys, cancelling and waiting on the ledger itself: the moments HTTP tests cannot hit."""

import asyncio
import threading
from typing import Any

import pytest
from redis.asyncio import Redis

from services.gateway.cancellation import Canceller
from services.gateway.idempotency import Idempotency, Key
from services.gateway.problems import Problem
from services.gateway.reading import JobReader
from services.gateway.waiting import JobWaiter
from shared.ids import new_id
from shared.ledger import Ledger
from shared.messages import FinishedJob, JobOptions
from shared.settings import CommonSettings
from shared.spool import Spool, finished_key

KEY = Key("digest")
LONG_AGO = "01JD0000000000000000000000"


@pytest.fixture
def idempotency(ledger: Ledger) -> Idempotency:
    return Idempotency(ledger, wait_s=0.3)


def submission(ledger: Ledger, *, sealed: bool = True) -> str:
    job_id = new_id()
    ledger.create(job_id, JobOptions(catalog="shop"), 256)
    if sealed:
        ledger.add_chunk(job_id, 0, 1)
        ledger.seal(job_id)
    return job_id


def test_a_key_is_bound_once(ledger: Ledger, idempotency: Idempotency) -> None:
    job_id = submission(ledger)
    assert idempotency.acquire(KEY, job_id)
    assert not idempotency.acquire(KEY, new_id())
    idempotency.release(KEY, new_id())
    assert not idempotency.acquire(KEY, new_id())
    idempotency.release(KEY, job_id)
    assert idempotency.acquire(KEY, new_id())
    assert idempotency.acquire(None, new_id())


def test_the_key_of_an_upload_that_failed_is_taken_over(ledger: Ledger, idempotency: Idempotency) -> None:
    job_id = submission(ledger, sealed=False)
    assert idempotency.acquire(KEY, job_id)
    assert not idempotency.acquire(KEY, new_id())
    ledger.fail(job_id, "upload_incomplete", "its gateway died")
    assert idempotency.acquire(KEY, new_id())


def test_the_key_of_an_accepted_job_that_failed_stays_its_own(
    ledger: Ledger, idempotency: Idempotency
) -> None:
    job_id = submission(ledger)
    assert idempotency.acquire(KEY, job_id)
    ledger.fail(job_id, "profile_mismatch", "x")
    assert not idempotency.acquire(KEY, new_id())


def test_the_key_of_a_job_that_was_never_made_is_taken_over(idempotency: Idempotency) -> None:
    assert idempotency.acquire(KEY, LONG_AGO)
    assert idempotency.acquire(KEY, new_id())
    # This one may still be made.
    assert not idempotency.acquire(KEY, new_id())


def earlier(idempotency: Idempotency, fingerprint: str) -> Any:
    return asyncio.run(idempotency.earlier(KEY, fingerprint))


def test_a_request_on_its_way_is_told_to_come_back(ledger: Ledger, idempotency: Idempotency) -> None:
    job_id = submission(ledger, sealed=False)
    idempotency.acquire(KEY, job_id)
    idempotency.remember(KEY, "f")
    with pytest.raises(Problem) as caught:
        earlier(idempotency, "f")
    assert (caught.value.status, caught.value.code) == (409, "idempotency_in_progress")
    assert caught.value.headers["Retry-After"]
    ledger.seal(job_id)
    assert earlier(idempotency, "f").id == job_id
    with pytest.raises(Problem) as other:
        earlier(idempotency, "g")
    assert (other.value.status, other.value.code) == (422, "idempotency_mismatch")


class BusySpool(Spool):
    """Lets a job succeed in the moment in which its end is written."""

    ledger: Ledger
    job_id: str

    def put(self, key: str, data: bytes) -> None:
        super().put(key, data)
        self.ledger.finish(self.job_id, "succeeded", pairs=3)


def test_a_job_that_ends_while_it_is_cancelled_keeps_its_own_end(
    settings: CommonSettings, ledger: Ledger
) -> None:
    spool = BusySpool.connect(settings.spool_url)
    assert isinstance(spool, BusySpool)
    spool.ledger, spool.job_id = ledger, submission(ledger)
    record = Canceller(ledger, spool).cancel(spool.job_id)
    assert record.status == "succeeded"
    written = FinishedJob.model_validate_json(spool.get(finished_key(spool.job_id)) or b"")
    assert (written.status, written.fields["pairs"]) == ("succeeded", 3)


def test_a_lost_announcement_is_found_by_looking(settings: CommonSettings, ledger: Ledger) -> None:
    job_id = submission(ledger)

    async def wait() -> str:
        # Never listens: as if every announcement were lost.
        waiter = JobWaiter(Redis.from_url(settings.redis_url.get_secret_value()), JobReader(ledger))
        return (await waiter.wait(job_id, 10)).status

    timer = threading.Timer(0.2, ledger.finish, (job_id, "succeeded"))
    timer.start()
    assert asyncio.run(wait()) == "succeeded"
    timer.join()


def test_many_wait_for_one_job(settings: CommonSettings, ledger: Ledger) -> None:
    job_id = submission(ledger)

    async def wait() -> set[str]:
        waiter = JobWaiter(Redis.from_url(settings.redis_url.get_secret_value()), JobReader(ledger))
        async with waiter.listening():
            records = await asyncio.gather(*(waiter.wait(job_id, 10) for _ in range(30)))
        return {record.status for record in records}

    timer = threading.Timer(0.2, ledger.cancel, (job_id,))
    timer.start()
    assert asyncio.run(wait()) == {"cancelled"}
    timer.join()


def test_a_slow_upload_stays_alive_until_its_job_ends(ledger: Ledger) -> None:
    job_id = submission(ledger, sealed=False)
    assert ledger.upkeep.stalled_uploads(-1000) == [job_id]
    assert ledger.keep_receiving(job_id)
    assert ledger.upkeep.stalled_uploads(60_000) == []
    ledger.cancel(job_id)
    assert not ledger.keep_receiving(job_id)
    assert ledger.upkeep.totals() == {"receiving": 0, "running": 0, "ended": 1}
