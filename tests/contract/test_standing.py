"""How long work waits at each stage, and when something was last done, against a real Redis."""

from collections.abc import Callable

from redis import Redis

from shared.ids import new_id
from shared.ledger import Ledger, keys
from shared.messages import JobOptions, Stage, UnitHint
from shared.settings import CommonSettings
from tests.conftest import wait_until

STAGES: tuple[Stage, ...] = ("encode", "ingest", "match", "finish")


def accept(ledger: Ledger, chunks: int = 1, slice_listings: int = 4) -> str:
    job_id = new_id()
    ledger.create(job_id, JobOptions(catalog="shop"), slice_listings)
    for chunk in range(chunks):
        ledger.add_chunk(job_id, chunk, 4)
    ledger.seal(job_id)
    return job_id


def do(ledger: Ledger, job_id: str, stage: Stage, unit: str = "0", **add: int) -> None:
    ledger.units.complete(ledger.units.claim(UnitHint(job_id=job_id, stage=stage, unit=unit)), **add)


def jobs(ledger: Ledger) -> dict[Stage, int]:
    """Return the number of jobs at each stage where any is."""
    return {stage: standing.jobs for stage, standing in ledger.standing().items() if standing.jobs}


def older(ledger: Ledger, stage: Stage, ms: int) -> Callable[[], bool]:
    return lambda: (ledger.standing()[stage].oldest_s or 0) * 1000 > ms


def test_an_empty_ledger_waits_for_nothing(ledger: Ledger) -> None:
    found = ledger.standing()
    assert tuple(found) == STAGES
    assert all((s.jobs, s.oldest_s, s.done_s) == (0, None, None) for s in found.values())


def test_a_job_waits_at_each_stage_until_its_units_are_done(ledger: Ledger) -> None:
    job_id = accept(ledger, chunks=2)
    assert jobs(ledger) == {"encode": 1}
    do(ledger, job_id, "encode", "0")
    assert jobs(ledger) == {"encode": 1, "ingest": 1}
    do(ledger, job_id, "encode", "1")
    assert jobs(ledger) == {"ingest": 1}
    for unit in ("0", "1"):
        do(ledger, job_id, "ingest", unit, listings=4)
    assert jobs(ledger) == {"match": 1}
    for unit in ("0", "1"):
        do(ledger, job_id, "match", unit)
    assert jobs(ledger) == {"finish": 1}
    do(ledger, job_id, "finish")
    assert jobs(ledger) == {}
    assert all(standing.done_s is not None for standing in ledger.standing().values())


def test_getting_on_starts_the_wait_anew_and_claims_do_not(ledger: Ledger) -> None:
    job_id = accept(ledger, chunks=3)
    wait_until(older(ledger, "encode", 500))
    claim = ledger.units.claim(UnitHint(job_id=job_id, stage="encode", unit="0"))
    ledger.units.release(claim, 0)
    before = ledger.standing()["encode"]
    do(ledger, job_id, "encode", "1")
    after = ledger.standing()["encode"]
    assert before.oldest_s is not None
    assert after.oldest_s is not None
    assert before.oldest_s > 0.5
    assert after.oldest_s < before.oldest_s
    # Another job's work is none of this one's.
    wait_until(older(ledger, "encode", 500))
    do(ledger, accept(ledger), "encode")
    other = ledger.standing()["encode"]
    assert other.oldest_s is not None
    assert other.done_s is not None
    assert other.oldest_s > 0.5
    assert other.done_s < other.oldest_s


def test_a_completion_counts_once(ledger: Ledger) -> None:
    job_id = accept(ledger, chunks=2)
    for _ in range(3):
        do(ledger, job_id, "encode", "0")
    assert jobs(ledger)["encode"] == 1
    do(ledger, job_id, "encode", "1")
    assert "encode" not in jobs(ledger)


def test_halves_are_waited_for(ledger: Ledger) -> None:
    job_id = accept(ledger)
    claim = ledger.units.claim(UnitHint(job_id=job_id, stage="encode", unit="0"))
    for _ in range(2):
        ledger.units.split(claim)
    do(ledger, job_id, "encode", "0-0")
    assert jobs(ledger)["encode"] == 1
    do(ledger, job_id, "encode", "0-1")
    assert "encode" not in jobs(ledger)


def test_a_chunk_that_is_encoded_again_waits_there(ledger: Ledger) -> None:
    job_id = accept(ledger)
    do(ledger, job_id, "encode")
    for _ in range(2):
        ledger.units.reopen(job_id, "0", 4)
    assert jobs(ledger) == {"encode": 1}
    do(ledger, job_id, "encode")
    assert jobs(ledger) == {"ingest": 1}
    do(ledger, job_id, "ingest", listings=4)
    assert jobs(ledger) == {"match": 1}


def test_a_job_that_ended_waits_for_nothing(ledger: Ledger) -> None:
    for end in (ledger.cancel, lambda job: ledger.fail(job, "job_failed", "x")):
        job_id = accept(ledger, chunks=2)
        do(ledger, job_id, "encode", "0")
        end(job_id)
        assert jobs(ledger) == {}
        do(ledger, job_id, "encode", "1")
        assert jobs(ledger) == {}


def test_no_memory_is_kept_for_units_of_old(ledger: Ledger, settings: CommonSettings) -> None:
    job_id = accept(ledger)
    ledger.cancel(job_id)
    ledger.upkeep.clear(job_id)
    ledger.upkeep.forget(job_id)
    with Redis.from_url(settings.redis_url.get_secret_value(), decode_responses=True) as redis:
        left = {str(key) for key in redis.scan_iter(f"{keys.PREFIX}*")}
    # A lease that ran out is dropped by the sweep that finds it.
    assert left == {keys.SEQUENCE, keys.LEASES}
