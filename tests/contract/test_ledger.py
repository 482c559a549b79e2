"""The ledger's promises, against a real Redis."""

import threading

from redis import Redis

from shared import ids
from shared.ledger import Ledger, keys
from shared.ledger.suspects import Deaths
from shared.messages import AcceptedJob, JobOptions, UnitHint
from shared.settings import CommonSettings
from tests.conftest import wait_until

OPTIONS = JobOptions(catalog="shop")


def submitted(ledger: Ledger, chunks: int = 2, rows: int = 4, slice_listings: int = 4) -> str:
    job_id = ids.new_id()
    ledger.create(job_id, OPTIONS, slice_listings)
    for chunk in range(chunks):
        ledger.add_chunk(job_id, chunk, rows)
    return job_id


def hint(job_id: str, stage: str, unit: str) -> UnitHint:
    return UnitHint.model_validate({"job_id": job_id, "stage": stage, "unit": unit})


def work(ledger: Ledger, job_id: str, stage: str, unit: str, **counts: int) -> list[tuple[str, str]]:
    claim = ledger.units.claim(hint(job_id, stage, unit))
    assert claim.answer == "claimed"
    return [(h.stage, h.unit) for h in ledger.units.complete(claim, **counts)]


def test_a_job_goes_through_its_stages(ledger: Ledger) -> None:
    job_id = submitted(ledger)
    assert ledger.read(job_id).status == "receiving"
    # Encoding may begin before the upload has ended; ingesting may not.
    assert work(ledger, job_id, "encode", "0", encoded_rows=4) == []
    hints = ledger.seal(job_id)
    assert hints is not None
    assert [(h.stage, h.unit) for h in hints] == [("ingest", "0")]
    assert work(ledger, job_id, "encode", "1", encoded_rows=4) == [("ingest", "1")]
    assert work(ledger, job_id, "ingest", "0", listings=4) == []
    assert work(ledger, job_id, "ingest", "1", listings=3, rejected=1) == [("match", "0"), ("match", "1")]
    assert work(ledger, job_id, "match", "1") == []
    assert work(ledger, job_id, "match", "0") == [("finish", "0")]
    claim = ledger.units.claim(hint(job_id, "finish", "0"))
    assert ledger.finish(job_id, "succeeded", pairs=5)
    assert ledger.units.complete(claim) == ()
    record = ledger.read(job_id)
    assert record.status == "succeeded"
    assert {k: record.counts[k] for k in ("rows", "listings", "rejected", "pairs", "encoded_rows")} == {
        "rows": 8, "listings": 7, "rejected": 1, "pairs": 5, "encoded_rows": 8,
    }  # fmt: skip


def test_a_job_without_a_good_listing_finishes(ledger: Ledger) -> None:
    job_id = submitted(ledger, chunks=1)
    ledger.seal(job_id)
    work(ledger, job_id, "encode", "0")
    assert work(ledger, job_id, "ingest", "0", rejected=4) == [("finish", "0")]


def test_a_rematch_has_nothing_to_encode(ledger: Ledger) -> None:
    job_id = ids.new_id()
    ledger.create(job_id, OPTIONS, 4, kind="rematch")
    assert [(h.stage, h.unit) for h in ledger.seal(job_id) or ()] == [("ingest", "0")]
    assert work(ledger, job_id, "ingest", "0", listings=5, rows=5) == [("match", "0"), ("match", "1")]
    work(ledger, job_id, "match", "0")
    assert work(ledger, job_id, "match", "1") == [("finish", "0")]
    assert [record.id for record in ledger.recent(None, 10)] == [job_id]
    ledger.cancel(job_id)
    assert ledger.upkeep.ended_before(ledger.upkeep.now_ms()) == [job_id]


def test_nothing_follows_the_units_of_an_embedding_and_it_needs_signs_of_life(ledger: Ledger) -> None:
    job_id = ids.new_id()
    ledger.create_embedding(job_id)
    ledger.add_chunk(job_id, 0, 4)
    assert work(ledger, job_id, "encode", "0", encoded_rows=4) == []
    assert ledger.upkeep.stalled_uploads(60_000) == []
    assert ledger.upkeep.stalled_uploads(-1) == [job_id]
    ledger.finish(job_id, "succeeded")
    assert ledger.upkeep.leftovers(ledger.upkeep.now_ms()) == [job_id]


def test_a_unit_has_one_holder(ledger: Ledger) -> None:
    job_id = submitted(ledger, chunks=1)
    answers: list[str] = []
    barrier = threading.Barrier(8)

    def claim() -> None:
        barrier.wait()
        answers.append(ledger.units.claim(hint(job_id, "encode", "0")).answer)

    threads = [threading.Thread(target=claim) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == ["busy"] * 7 + ["claimed"]


def test_only_the_first_completion_counts(ledger: Ledger) -> None:
    job_id = submitted(ledger, chunks=1)
    claim = ledger.units.claim(hint(job_id, "encode", "0"))
    ledger.units.complete(claim, encoded_rows=4)
    assert ledger.units.complete(claim, encoded_rows=4) == ()
    record = ledger.read(job_id)
    assert (record.counts["encoded"], record.counts["encoded_rows"]) == (1, 4)
    assert ledger.units.claim(hint(job_id, "encode", "0")).answer == "done"


def test_an_abandoned_unit_is_found_and_given_to_another_worker(settings: CommonSettings) -> None:
    with Ledger.connect(settings.model_copy(update={"lease_s": 0.2})) as ledger:
        job_id = submitted(ledger, chunks=1)
        ledger.units.claim(hint(job_id, "encode", "0"))
        found: list[UnitHint] = []
        wait_until(lambda: found.extend(ledger.units.due()[0]) or found)
        assert found == [hint(job_id, "encode", "0")]
        assert ledger.units.claim(found[0]).attempts == 2


def test_a_heartbeat_keeps_the_lease(settings: CommonSettings) -> None:
    with Ledger.connect(settings.model_copy(update={"lease_s": 0.3})) as ledger:
        job_id = submitted(ledger, chunks=1)
        claim = ledger.units.claim(hint(job_id, "encode", "0"))
        beats = threading.Event()
        with ledger.units.heartbeat(claim):
            beats.wait(1.0)  # more than three leases long
            assert ledger.units.due() == ((), ())
            assert ledger.units.claim(hint(job_id, "encode", "0")).answer == "busy"


def test_a_late_worker_completes_or_changes_nothing(settings: CommonSettings) -> None:
    with Ledger.connect(settings.model_copy(update={"lease_s": 0.1})) as ledger:
        job_id = submitted(ledger, chunks=1)
        late = ledger.units.claim(hint(job_id, "encode", "0"))
        wait_until(lambda: ledger.units.due()[0])
        second = ledger.units.claim(hint(job_id, "encode", "0"))
        ledger.units.complete(second, encoded_rows=4)
        ledger.units.release(late, 0)
        assert ledger.units.complete(late, encoded_rows=4) == ()
        assert ledger.read(job_id).counts["encoded_rows"] == 4


def test_a_chunk_is_halved_and_its_halves_have_had_its_attempts(settings: CommonSettings) -> None:
    with Ledger.connect(settings.model_copy(update={"lease_s": 0.05, "max_attempts": 2})) as ledger:
        job_id = submitted(ledger, chunks=1)
        ledger.units.claim(hint(job_id, "encode", "0"))
        wait_until(lambda: ledger.units.due()[0])
        claim = ledger.units.claim(hint(job_id, "encode", "0"))
        assert claim.attempts == 2
        halves = ledger.units.split(claim)
        assert [h.unit for h in halves] == ["0-0", "0-1"]
        assert ledger.units.split(claim) == ()
        ledger.seal(job_id)
        half = ledger.units.claim(hint(job_id, "encode", "0-0"))
        assert (half.answer, half.attempts) == ("claimed", 2)
        assert [h.unit for h in ledger.units.complete(half)] == ["0-0"]
        assert work(ledger, job_id, "encode", "0-1") == [("ingest", "0-1")]
        work(ledger, job_id, "ingest", "0-0", listings=2)
        assert work(ledger, job_id, "ingest", "0-1", listings=2) == [("match", "0")]


def test_lost_embeddings_send_a_chunk_back(ledger: Ledger) -> None:
    job_id = submitted(ledger, chunks=1)
    ledger.seal(job_id)
    work(ledger, job_id, "encode", "0", encoded_rows=4)
    assert [h.stage for h in ledger.units.reopen(job_id, "0", 4)] == ["encode"]
    assert ledger.units.reopen(job_id, "0", 4) == ()
    assert ledger.read(job_id).counts["encoded_rows"] == 0
    assert work(ledger, job_id, "encode", "0", encoded_rows=4) == [("ingest", "0")]


def test_an_outage_does_not_count_as_an_attempt(ledger: Ledger) -> None:
    job_id = submitted(ledger, chunks=1)
    for _ in range(5):
        claim = ledger.units.claim(hint(job_id, "encode", "0"))
        assert (claim.answer, claim.attempts) == ("claimed", 1)
        ledger.units.release(claim, 0)


def test_a_unit_that_was_given_back_gets_another_message_after_the_delay(ledger: Ledger) -> None:
    job_id = submitted(ledger, chunks=1)
    # However often: its message is used up each time, so it must not count as one that waits in a queue.
    for _ in range(3):
        ledger.units.release(ledger.units.claim(hint(job_id, "encode", "0")), 0)
        assert ledger.units.due() == ((hint(job_id, "encode", "0"),), ())
    ledger.units.release(ledger.units.claim(hint(job_id, "encode", "0")), 60)
    assert ledger.units.due() == ((), ())
    assert ledger.units.claim(hint(job_id, "encode", "0")).answer == "claimed"


def test_a_job_may_have_more_chunks_encoded_at_its_seal_than_lua_unpacks(ledger: Ledger) -> None:
    job_id = submitted(ledger, chunks=0)
    units = {f"s:encode/{chunk}": "done" for chunk in range(9000)}
    ledger._redis.hset(keys.units(job_id), mapping=units)
    assert len(ledger.seal(job_id) or ()) == 9000


def test_a_cancelled_job_takes_no_more_work(ledger: Ledger) -> None:
    job_id = submitted(ledger)
    claim = ledger.units.claim(hint(job_id, "encode", "0"))
    assert ledger.cancel(job_id)
    assert not ledger.cancel(job_id)
    assert ledger.units.complete(claim, encoded_rows=4) == ()
    assert ledger.units.claim(hint(job_id, "encode", "1")).answer == "gone"
    assert ledger.seal(job_id) is None
    assert ledger.add_chunk(job_id, 2, 1) is None
    assert not ledger.fail(job_id, "x", "y")
    assert ledger.read(job_id).status == "cancelled"


def test_a_job_is_restored_from_its_record(ledger: Ledger) -> None:
    accepted = AcceptedJob(
        job_id=ids.new_id(), sequence=41, options=OPTIONS, chunks=2, rows=8, slice_listings=4
    )
    assert [h.unit for h in ledger.restore(accepted, [4, 4])] == ["0", "1"]
    record = ledger.read(accepted.job_id)
    assert (record.status, record.sequence, record.counts["rows"]) == ("running", 41, 8)
    assert ledger.read(submitted_and_accepted(ledger)).sequence > 41


def submitted_and_accepted(ledger: Ledger) -> str:
    job_id = submitted(ledger)
    assert ledger.seal(job_id) is not None
    return job_id


def test_the_upload_that_was_accepted_last_comes_last_whichever_began_first(ledger: Ledger) -> None:
    slow = submitted(ledger)
    quick = submitted_and_accepted(ledger)
    first = ledger.place(slow)
    assert ledger.place(slow) == first, "the same call once more: its answer was lost"
    assert ledger.seal(slow) is not None
    assert ledger.read(slow).sequence == first > ledger.read(quick).sequence


def test_what_is_accepted_after_redis_lost_everything_comes_after_all_before(
    ledger: Ledger, settings: CommonSettings
) -> None:
    places = [ledger.read(submitted_and_accepted(ledger)).sequence for _ in range(3)]
    # Several in one millisecond are ahead of the clock.
    wait_until(lambda: ledger.upkeep.now_ms() > places[2])
    with Redis.from_url(settings.redis_url.get_secret_value()) as redis:
        redis.flushall()
    assert ledger.read(submitted_and_accepted(ledger)).sequence > places[2] > places[1] > places[0]


def test_an_upload_that_came_to_life_or_to_its_end_is_not_given_up(ledger: Ledger) -> None:
    accepted, alive = submitted_and_accepted(ledger), submitted(ledger)
    assert not ledger.give_up(accepted, 0, "upload_incomplete", "silent")
    assert not ledger.give_up(alive, 60_000, "upload_incomplete", "silent")
    assert ledger.read(accepted).status == "running"
    assert ledger.read(alive).status == "receiving"
    assert ledger.give_up(alive, 0, "upload_incomplete", "silent")
    assert (ledger.read(alive).error or {})["code"] == "upload_incomplete"


def test_an_idempotency_key_belongs_to_one_job(ledger: Ledger) -> None:
    assert ledger.idempotency.reserve("d", "job-1") is None
    bound = ledger.idempotency.reserve("d", "job-2")
    assert bound is not None
    assert bound["job"] == "job-1"
    assert abs(int(bound["at_ms"]) - ledger.upkeep.now_ms()) < 60_000
    ledger.idempotency.set_fingerprint("d", "f")
    assert ledger.idempotency.reserve("d", "job-2") == {**bound, "fingerprint": "f"}
    ledger.idempotency.unreserve("d")
    assert ledger.idempotency.reserve("d", "job-3") is None


def test_recent_jobs_come_newest_first(ledger: Ledger) -> None:
    made = [submitted(ledger, chunks=0) for _ in range(3)]
    assert {record.id for record in ledger.recent(None, 10)} == set(made)
    assert len(ledger.recent(None, 2)) == 2


def test_one_reconciler_leads(ledger: Ledger) -> None:
    assert ledger.upkeep.lead("r", "a", 60_000)
    assert not ledger.upkeep.lead("r", "b", 60_000)
    assert ledger.upkeep.lead("r", "a", 60_000)


def test_deaths_are_counted_against_what_was_in_hand(ledger: Ledger) -> None:
    suspects, job_id = ledger.suspects, submitted(ledger, chunks=1)
    assert suspects.accuse(job_id, "0") == Deaths({}, 0)
    suspects.hold(job_id, "0")
    suspects.hold(job_id, "0", 7)
    suspects.hold(job_id, "1", 40)
    assert suspects.accuse(job_id, "0") == Deaths({7: 1}, 0)
    assert suspects.accuse(job_id, "0") == Deaths({7: 1}, 0), "a death counts once"
    suspects.hold(job_id, "0")
    suspects.let_go(job_id, "1")
    assert suspects.accuse(job_id, "1") == Deaths({7: 1}, 0)
    assert suspects.accuse(job_id, "0") == Deaths({7: 1}, 1)
    suspects.acquit(job_id, 7)
    assert suspects.accuse(job_id, "0") == Deaths({}, 1)


def test_a_call_that_is_repeated_as_its_answer_was_lost_gets_the_same_answer(ledger: Ledger) -> None:
    job_id = submitted(ledger, chunks=1)
    lease = ("encode", "0", "token", 5000, 3)
    assert (
        ledger._script("claim", job_id, *lease) == ledger._script("claim", job_id, *lease) == ["claimed", 1]
    )
    assert (ledger.seal(job_id), ledger.seal(job_id)) == ((), ())
    ledger.cancel(job_id)
    assert ledger.seal(job_id) is None
    assert ledger.idempotency.reserve("d", job_id) is ledger.idempotency.reserve("d", job_id) is None


def test_a_unit_that_later_ones_overtook_has_lost_its_message(
    settings: CommonSettings, ledger: Ledger
) -> None:
    job_id = ids.new_id()
    ledger.create(job_id, OPTIONS, 4)
    for chunk in range(3):
        ledger.add_chunk(job_id, chunk, 4)
    with Redis.from_url(settings.redis_url.get_secret_value()) as redis:
        # Chunk 0 was sent a minute before the others, and all are due.
        sent = int(redis.hget(keys.units(job_id), "q:encode/1") or 0)
        redis.hset(keys.units(job_id), "q:encode/0", sent - 60_000)
        for chunk in range(3):
            redis.zadd(keys.LEASES, {f"{job_id} encode {chunk}": 1})
        assert [h.unit for h in ledger.units.due()[0]] == []
        assert ledger.units.claim(UnitHint(job_id=job_id, stage="encode", unit="1")).granted
        for chunk in (0, 2):
            redis.zadd(keys.LEASES, {f"{job_id} encode {chunk}": 1})
        lost, waiting = ledger.units.due()
        assert [h.unit for h in lost] == ["0"]
        assert [h.unit for h in waiting] == ["2"]
        # Sent anew, it is no older than the others.
        redis.zadd(keys.LEASES, {f"{job_id} encode 0": 1})
        assert [h.unit for h in ledger.units.due()[1]] == ["0"]
