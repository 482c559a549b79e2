"""Which rows a unit covers, and how units and queries are run."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared import ids
from shared.broker import Publisher
from shared.chunks import chunk_of, read_rows, rows_of
from shared.errors import ChunkLost, CorruptBlock, LedgerUnavailable, ProfileMismatch
from shared.ledger import Claim, Ledger
from shared.messages import JobOptions, Message, Query, UnitHint
from shared.settings import CommonSettings
from shared.spool import Spool, chunk_key
from shared.work import run_query, run_unit
from tests.conftest import wait_until


@given(st.lists(st.integers(), min_size=1, max_size=70))
def test_halves_hold_every_row_once(rows: list[int]) -> None:
    whole = tuple(rows)
    assert rows_of("3-0", whole) + rows_of("3-1", whole) == whole
    assert rows_of("3-1-0", whole) + rows_of("3-1-1", whole) == rows_of("3-1", whole)
    assert chunk_of("3-1-0") == 3


@pytest.mark.parametrize("data", [None, b"{", b'{"job_id": "j"}'])
def test_a_chunk_that_cannot_be_read_is_lost(spool: Spool, data: bytes | None) -> None:
    if data is not None:
        spool.put(chunk_key("j", 3), data)
    with pytest.raises(ChunkLost, match="chunk 3"):
        read_rows(spool, "j", "3-1")


class FakePublisher(Publisher):
    """Remembers what would be sent."""

    def __init__(self) -> None:
        self.sent: list[Message] = []

    def send(self, task: str, queue: str, message: Message) -> None:
        self.sent.append(message)


@pytest.fixture
def job_hint(ledger: Ledger) -> UnitHint:
    job_id = ids.new_id()
    ledger.create(job_id, JobOptions(catalog="shop"), 4)
    hint = ledger.add_chunk(job_id, 0, 4)
    ledger.seal(job_id)
    assert hint is not None
    return hint


def test_work_is_done_once_and_its_hints_published(ledger: Ledger, job_hint: UnitHint) -> None:
    publisher, runs = FakePublisher(), []

    def work(claim: Claim) -> tuple[UnitHint, ...]:
        runs.append(claim.unit)
        return ledger.units.complete(claim, encoded_rows=4)

    for _ in range(3):
        run_unit(job_hint, ledger, publisher, work)
    assert runs == ["0"]
    assert publisher.sent == [UnitHint(job_id=job_hint.job_id, stage="ingest", unit="0")]


def test_an_outage_leaves_the_unit_to_a_later_try(ledger: Ledger, job_hint: UnitHint) -> None:
    def work(claim: Claim) -> tuple[UnitHint, ...]:
        raise LedgerUnavailable("away")

    run_unit(job_hint, ledger, FakePublisher(), work)
    claim = ledger.units.claim(job_hint)
    assert (claim.answer, claim.attempts) == ("claimed", 1)


def test_a_job_failure_ends_the_job_with_its_code(ledger: Ledger, job_hint: UnitHint) -> None:
    def work(claim: Claim) -> tuple[UnitHint, ...]:
        raise ProfileMismatch("two models")

    run_unit(job_hint, ledger, FakePublisher(), work)
    record = ledger.read(job_hint.job_id)
    assert (record.status, record.error) == ("failed", {"code": "profile_mismatch", "detail": "two models"})


def test_a_bug_is_raised_and_counted_and_fails_the_job_in_the_end(
    settings: CommonSettings, ledger: Ledger, job_hint: UnitHint
) -> None:

    with Ledger.connect(settings.model_copy(update={"lease_s": 0.05, "max_attempts": 2})) as quick:
        publisher = FakePublisher()
        run_unit(job_hint, quick, publisher, lambda claim: quick.units.complete(claim, encoded_rows=4))
        (ingest,) = publisher.sent
        assert isinstance(ingest, UnitHint)

        def work(claim: Claim) -> tuple[UnitHint, ...]:
            raise ZeroDivisionError

        for _ in range(2):
            with pytest.raises(ZeroDivisionError):
                run_unit(ingest, quick, publisher, work)
            wait_until(lambda: quick.units.due()[0])
        run_unit(ingest, quick, publisher, work)
        record = quick.read(job_hint.job_id)
        assert record.error is not None
        assert (record.status, record.error["code"]) == ("failed", "job_failed")


def asked(ledger: Ledger, seconds: float = 30) -> Query:
    job_id, deadline = ids.new_id(), int((time.time() + seconds) * 1000)
    ledger.create_query(job_id, "search", deadline)
    return Query(job_id=job_id, kind="search", listings=(), payload_keys=(), deadline_ms=deadline)


@pytest.mark.parametrize(
    ("error", "code"),
    [(ProfileMismatch("two models"), "profile_mismatch"), (CorruptBlock(""), "block_corrupt")],
)
def test_a_query_that_cannot_be_answered_fails_with_its_code(
    ledger: Ledger, error: Exception, code: str
) -> None:
    def work(query: Query) -> None:
        raise error

    query = asked(ledger)
    run_query(query, ledger, work)
    assert (ledger.read(query.job_id).error or {})["code"] == code


def test_a_bug_fails_a_query_at_once_and_is_raised(ledger: Ledger) -> None:
    def work(query: Query) -> None:
        raise ZeroDivisionError

    query = asked(ledger)
    with pytest.raises(ZeroDivisionError):
        run_query(query, ledger, work)
    assert (ledger.read(query.job_id).error or {})["code"] == "internal"


def test_an_outage_leaves_a_query_to_its_deadline(ledger: Ledger) -> None:
    def work(query: Query) -> None:
        raise LedgerUnavailable("away")

    query = asked(ledger)
    run_query(query, ledger, work)
    assert ledger.read(query.job_id).status == "running"


def test_a_late_query_is_not_worked_on(ledger: Ledger) -> None:
    done: list[Query] = []
    run_query(asked(ledger, seconds=-1), ledger, done.append)
    assert done == []
