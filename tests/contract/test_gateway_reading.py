"""Reading jobs for many requests at a time: one look for all, and to each its own answer."""

import asyncio
import threading
from collections.abc import Iterator, Sequence

import pytest
from pydantic import SecretStr
from redis import Redis

from local.ports import free_port
from services.gateway.reading import JobReader
from shared.errors import ExpiredJob, LedgerUnavailable, UnknownJob
from shared.ids import new_id
from shared.ledger import JobRecord, Ledger, keys
from shared.messages import JobOptions
from shared.settings import CommonSettings

Answer = JobRecord | BaseException


@pytest.fixture
def redis(settings: CommonSettings) -> Iterator["Redis"]:
    with Redis.from_url(settings.redis_url.get_secret_value()) as client:
        yield client


def created(ledger: Ledger) -> str:
    job_id = new_id()
    ledger.create(job_id, JobOptions(catalog="shop"), 256)
    return job_id


def read_at_once(reader: JobReader, job_ids: list[str]) -> list[Answer]:
    async def read() -> list[Answer]:
        return list(await asyncio.gather(*map(reader.read, job_ids), return_exceptions=True))

    return asyncio.run(read())


def test_each_gets_its_own_answer(ledger: Ledger) -> None:
    there = [created(ledger) for _ in range(300)]
    asked = [*there, "nonsense", new_id(), "01JD0000000000000000000000"]
    *found, malformed, unknown, expired = read_at_once(JobReader(ledger), asked)
    assert [isinstance(record, JobRecord) and record.id for record in found] == there
    assert (type(malformed), type(unknown), type(expired)) == (UnknownJob, UnknownJob, ExpiredJob)


def test_many_who_ask_for_one_job_cost_one_look(ledger: Ledger, redis: "Redis") -> None:
    job_id = created(ledger)
    redis.config_resetstat()
    records = read_at_once(JobReader(ledger), [job_id] * 100)
    assert [isinstance(record, JobRecord) for record in records] == [True] * 100
    assert redis.info("commandstats")["cmdstat_hgetall"]["calls"] == 1


class SlowLedger(Ledger):
    """Keeps what it read to itself for a while."""

    has_read: threading.Event
    may_tell: threading.Event

    def read_many(self, job_ids: Sequence[str]) -> tuple[list[JobRecord | None], int]:
        found = super().read_many(job_ids)
        self.has_read.set()
        self.may_tell.wait(10)
        return found


def test_who_asks_during_a_look_is_not_told_what_was_before(settings: CommonSettings) -> None:
    async def ask_twice(ledger: SlowLedger) -> list[str]:
        job_id, reader = created(ledger), JobReader(ledger)
        first = asyncio.create_task(reader.read(job_id))
        await asyncio.to_thread(ledger.has_read.wait, 10)
        ledger.cancel(job_id)
        second = asyncio.create_task(reader.read(job_id))
        await asyncio.sleep(0)
        ledger.may_tell.set()
        return [(await first).status, (await second).status]

    with SlowLedger.connect(settings) as ledger:
        assert isinstance(ledger, SlowLedger)
        ledger.has_read, ledger.may_tell = threading.Event(), threading.Event()
        assert asyncio.run(ask_twice(ledger)) == ["receiving", "cancelled"]


def test_a_request_that_is_given_up_takes_no_other_with_it(ledger: Ledger) -> None:
    job_id = created(ledger)
    reader = JobReader(ledger)

    async def give_one_up() -> str:
        gone, stays = (asyncio.create_task(reader.read(job_id)) for _ in range(2))
        await asyncio.sleep(0)
        gone.cancel()
        return (await stays).id

    assert asyncio.run(give_one_up()) == job_id


def test_an_outage_is_told_to_all_and_ends(settings: CommonSettings, ledger: Ledger) -> None:
    nobody = SecretStr(f"redis://127.0.0.1:{free_port()}/0")
    with Ledger.connect(settings.model_copy(update={"redis_url": nobody}), timeout_s=1) as away:
        reader = JobReader(away)
        answers = read_at_once(reader, [new_id(), new_id()])
        assert [type(answer) for answer in answers] == [LedgerUnavailable] * 2
        # The same reader asks again.
        reader._ledger = ledger
        job_id = created(ledger)
        (found,) = read_at_once(reader, [job_id])
        assert isinstance(found, JobRecord)


def test_a_query_that_nobody_answered_in_time_has_failed(ledger: Ledger) -> None:
    late, early = new_id(), new_id()
    now_ms = ledger.upkeep.now_ms()
    ledger.create_query(late, "dedup", now_ms - 1)
    ledger.create_query(early, "dedup", now_ms + 60_000)
    first, second = read_at_once(JobReader(ledger), [late, early])
    assert isinstance(first, JobRecord)
    assert (first.status, (first.error or {})["code"]) == ("failed", "deadline_exceeded")
    assert isinstance(second, JobRecord)
    assert second.status == "running"


class ForgetfulLedger(Ledger):
    """Loses each job that it fails, as if its time to be kept had just ended."""

    def fail(self, job_id: str, code: str, detail: str) -> bool:
        failed = super().fail(job_id, code, detail)
        self._redis.delete(keys.job(job_id))
        return failed


def test_a_job_that_vanishes_during_a_look_is_missed_by_those_only_who_asked_for_it(
    settings: CommonSettings,
) -> None:
    with ForgetfulLedger.connect(settings) as ledger:
        late, early = new_id(), created(ledger)
        ledger.create_query(late, "dedup", ledger.upkeep.now_ms() - 1)
        missing, found = read_at_once(JobReader(ledger), [late, early])
        assert isinstance(missing, UnknownJob)
        assert isinstance(found, JobRecord)
