"""The reconciler, against a real Redis and a real Celery queue."""

import threading
from collections.abc import Callable, Iterator

import pytest
from redis import Redis

from services.reconciler.ends import record_ends
from services.reconciler.main import Reconciler
from services.reconciler.retention import clear_leftovers, expire, give_up_stalled_uploads
from services.reconciler.sweep import sweep
from shared import ids
from shared.broker import Publisher, make_celery
from shared.chunks import read_rows
from shared.errors import ChunkLost
from shared.inflight import InFlight
from shared.ledger import Ledger
from shared.ledger.upkeep import Upkeep
from shared.messages import AcceptedJob, Chunk, FinishedJob, JobOptions, Listing, Row, UnitHint
from shared.routing import ENCODE_BULK, INDEX_BULK
from shared.settings import CommonSettings
from shared.spool import Spool, accepted_key, chunk_key, finished_key
from tests.conftest import wait_until

OPTIONS = JobOptions(catalog="shop")


@pytest.fixture
def publisher(settings: CommonSettings) -> Iterator[Publisher]:
    app = make_celery("test", settings, publisher_only=True)
    yield Publisher(app)
    app.close()


def spooled(spool: Spool, chunks: int = 2) -> AcceptedJob:
    """Put an accepted job into the spool, as the gateway does."""
    job_id = ids.new_id()
    for chunk in range(chunks):
        row = Row(row=chunk + 1, listing=Listing(id=str(chunk), title="a"))
        data = Chunk(job_id=job_id, rows=(row,)).model_dump_json().encode()
        spool.put(chunk_key(job_id, chunk), data)
    accepted = AcceptedJob(
        job_id=job_id, sequence=7, options=OPTIONS, chunks=chunks, rows=chunks, slice_listings=4
    )
    spool.put(accepted_key(job_id), accepted.model_dump_json().encode())
    return accepted


def test_work_of_a_vanished_worker_is_published_again(settings: CommonSettings, publisher: Publisher) -> None:
    with Ledger.connect(settings.model_copy(update={"lease_s": 0.1})) as ledger:
        job_id = ids.new_id()
        ledger.create(job_id, OPTIONS, 4)
        ledger.add_chunk(job_id, 0, 4)
        ledger.units.claim(UnitHint(job_id=job_id, stage="encode", unit="0"))
        wait_until(lambda: sweep(ledger, publisher) == 1)
        assert ledger.upkeep.queue_depth(ENCODE_BULK) == 1
        assert sweep(ledger, publisher) == 0


def test_a_queue_that_holds_the_hints_gets_no_more_of_them(
    settings: CommonSettings, ledger: Ledger, publisher: Publisher
) -> None:
    redis = Redis.from_url(settings.redis_url.get_secret_value())
    job_id = ids.new_id()
    ledger.create(job_id, OPTIONS, 4)
    for chunk in range(3):
        hint = ledger.add_chunk(job_id, chunk, 4)
        assert hint is not None
        publisher.hint(hint)
    redis.zadd("doppel:leases", dict.fromkeys(redis.zrange("doppel:leases", 0, -1), 0))
    assert sweep(ledger, publisher) == 0
    # Two of the three messages get lost.
    redis.ltrim(f"doppel:{ENCODE_BULK}", 0, 0)
    redis.zadd("doppel:leases", dict.fromkeys(redis.zrange("doppel:leases", 0, -1), 0))
    assert sweep(ledger, publisher) == 3
    redis.close()


def test_jobs_are_rebuilt_when_redis_lost_everything(
    settings: CommonSettings, ledger: Ledger, spool: Spool, publisher: Publisher
) -> None:
    running, ended, broken_off = spooled(spool), spooled(spool), ids.new_id()
    record = FinishedJob(job_id=ended.job_id, status="succeeded", fields={"pairs": 3})
    spool.put(finished_key(ended.job_id), record.model_dump_json().encode())
    spool.put(chunk_key(broken_off, 0), b"never accepted")
    reconciler = Reconciler(ledger, spool, publisher, every_s=5, retention_s=3600, settled_s=60)
    reconciler.once()
    assert ledger.read(running.job_id).status == "running"
    restored = ledger.read(ended.job_id)
    assert (restored.status, restored.counts["pairs"]) == ("succeeded", 3)
    assert not ledger.knows(broken_off)
    assert ledger.upkeep.queue_depth(ENCODE_BULK) == 2
    reconciler.once()
    assert ledger.upkeep.queue_depth(ENCODE_BULK) == 2


def test_a_job_is_rebuilt_whole_when_who_rebuilt_it_died_in_the_middle(
    ledger: Ledger, spool: Spool, publisher: Publisher
) -> None:
    accepted = spooled(spool)
    ledger.create(accepted.job_id, OPTIONS, 4)
    ledger.add_chunk(accepted.job_id, 0, 1)
    Reconciler(ledger, spool, publisher, every_s=5, retention_s=3600, settled_s=60).once()
    record = ledger.read(accepted.job_id)
    assert (record.status, record.counts["chunks"], record.counts["rows"]) == ("running", 2, 2)


def test_jobs_are_rebuilt_when_redis_is_lost_once_more_while_they_are(
    settings: CommonSettings, ledger: Ledger, spool: Spool, publisher: Publisher
) -> None:
    class Losing(Publisher):
        def hint(self, *hints: UnitHint) -> None:
            if not hints:
                return
            with Redis.from_url(settings.redis_url.get_secret_value()) as redis:
                redis.flushall()

    jobs = [spooled(spool).job_id for _ in range(2)]
    for through in (Losing(publisher._app), publisher):
        Reconciler(ledger, spool, through, every_s=5, retention_s=3600, settled_s=60).once()
    assert [ledger.read(job).status for job in jobs] == ["running"] * 2


def test_nobody_works_on_a_job_that_had_ended_while_it_is_rebuilt(
    settings: CommonSettings, ledger: Ledger, spool: Spool, publisher: Publisher
) -> None:
    ended = spooled(spool)
    record = FinishedJob(job_id=ended.job_id, status="cancelled")
    spool.put(finished_key(ended.job_id), record.model_dump_json().encode())
    Reconciler(ledger, spool, publisher, every_s=5, retention_s=3600, settled_s=60).once()
    restored = ledger.read(ended.job_id)
    assert (restored.status, restored.sealed, restored.counts["rows"]) == ("cancelled", True, 2)
    assert ledger.upkeep.queue_depth(ENCODE_BULK) == 0
    with Redis.from_url(settings.redis_url.get_secret_value()) as redis:
        assert not redis.exists("doppel:leases")


@pytest.mark.parametrize("in_spool", [None, "succeeded", "cancelled"])
def test_a_job_that_failed_stays_failed_when_redis_lost_everything(
    settings: CommonSettings, ledger: Ledger, spool: Spool, publisher: Publisher, in_spool: str | None
) -> None:
    accepted = spooled(spool)
    ledger.restore(accepted, [1, 1])
    if in_spool:
        # Who wrote this died before the ledger knew.
        record = FinishedJob.model_validate({"job_id": accepted.job_id, "status": in_spool})
        spool.put(finished_key(accepted.job_id), record.model_dump_json().encode())
    ledger.fail(accepted.job_id, "profile_mismatch", "another model")
    reconciler = Reconciler(ledger, spool, publisher, every_s=5, retention_s=3600, settled_s=60)
    reconciler.once()
    with Redis.from_url(settings.redis_url.get_secret_value()) as redis:
        redis.flushall()
    reconciler.once()
    restored = ledger.read(accepted.job_id)
    assert (restored.status, restored.counts["rows"]) == ("failed", 2)
    assert restored.error == {"code": "profile_mismatch", "detail": "another model"}


@pytest.mark.parametrize("key", [accepted_key, finished_key])
def test_a_job_whose_record_is_damaged_holds_up_no_other(
    ledger: Ledger,
    spool: Spool,
    publisher: Publisher,
    caplog: pytest.LogCaptureFixture,
    key: Callable[[str], str],
) -> None:
    # Jobs are restored in the order of their ids.
    before, damaged, after = sorted(spooled(spool).job_id for _ in range(3))
    spool.put(key(damaged), b'{"job_id": ')
    Reconciler(ledger, spool, publisher, every_s=5, retention_s=3600, settled_s=60).once()
    assert [ledger.read(job).status for job in (before, after)] == ["running"] * 2
    assert not ledger.knows(damaged)
    (told,) = [record for record in caplog.records if record.levelname == "ERROR"]
    assert vars(told)["job"] == damaged


def test_a_spool_with_nothing_but_a_damaged_record_is_searched_once(
    ledger: Ledger, spool: Spool, publisher: Publisher
) -> None:
    spool.put(accepted_key(ids.new_id()), b"[]")
    Reconciler(ledger, spool, publisher, every_s=5, retention_s=3600, settled_s=60).once()
    assert not ledger.upkeep.lost_everything()


def test_a_job_with_a_damaged_chunk_is_rebuilt_for_an_encoder_to_fail_it(
    ledger: Ledger, spool: Spool, publisher: Publisher
) -> None:
    accepted = spooled(spool)
    spool.put(chunk_key(accepted.job_id, 1), b"no chunk")
    Reconciler(ledger, spool, publisher, every_s=5, retention_s=3600, settled_s=60).once()
    assert ledger.read(accepted.job_id).status == "running"
    hint = UnitHint(job_id=accepted.job_id, stage="encode", unit="1")
    assert ledger.units.claim(hint).granted
    with pytest.raises(ChunkLost):
        read_rows(spool, accepted.job_id, "1")


def test_the_record_of_an_end_is_written_anew_where_it_is_damaged(ledger: Ledger, spool: Spool) -> None:
    accepted = spooled(spool)
    ledger.restore(accepted, [1, 1])
    spool.put(finished_key(accepted.job_id), b"{}")
    ledger.cancel(accepted.job_id)
    assert record_ends(ledger, spool) == 1
    data = spool.get(finished_key(accepted.job_id))
    assert data is not None
    assert FinishedJob.model_validate_json(data).status == "cancelled"


def test_a_rematch_is_rebuilt_when_redis_lost_everything(
    ledger: Ledger, spool: Spool, publisher: Publisher
) -> None:
    accepted = AcceptedJob(
        job_id=ids.new_id(), kind="rematch", sequence=7, options=OPTIONS, chunks=0, rows=0, slice_listings=4
    )
    spool.put(accepted_key(accepted.job_id), accepted.model_dump_json().encode())
    Reconciler(ledger, spool, publisher, every_s=5, retention_s=3600, settled_s=60).once()
    record = ledger.read(accepted.job_id)
    assert (record.kind, record.status, record.sequence) == ("rematch", "running", 7)
    assert ledger.upkeep.queue_depth(INDEX_BULK) == 1


def test_jobs_past_their_retention_are_dropped(ledger: Ledger, spool: Spool) -> None:
    accepted = spooled(spool)
    ledger.restore(accepted, [1, 1])
    assert expire(ledger, spool, retention_s=-1) == 0, "a running job is never dropped"
    ledger.cancel(accepted.job_id)
    assert expire(ledger, spool, retention_s=3600) == 0
    assert expire(ledger, spool, retention_s=-1) == 1
    assert not ledger.knows(accepted.job_id)
    assert list(spool.keys(f"jobs/{accepted.job_id}")) == []


def test_an_upload_that_is_accepted_while_it_is_given_up_for_silent_is_kept(
    ledger: Ledger, spool: Spool
) -> None:
    accepted = spooled(spool)
    ledger.create(accepted.job_id, OPTIONS, 4)

    class Meanwhile(Upkeep):
        def stalled_uploads(self, idle_ms: int) -> list[str]:
            found = super().stalled_uploads(idle_ms)
            ledger.seal(accepted.job_id)
            return found

    ledger.upkeep = Meanwhile(ledger._redis)
    assert give_up_stalled_uploads(ledger, spool, silent_s=0) == 0
    assert ledger.read(accepted.job_id).status == "running"
    assert spool.get(accepted_key(accepted.job_id)) is not None


def test_what_an_ended_job_leaves_in_redis_is_dropped(
    ledger: Ledger, inflight: InFlight, spool: Spool, settings: CommonSettings
) -> None:
    accepted = spooled(spool)
    ledger.restore(accepted, [1, 1])
    claim = ledger.units.claim(UnitHint(job_id=accepted.job_id, stage="encode", unit="0"))
    inflight.put_block(accepted.job_id, "0", b"a block that nobody will fetch")
    ledger.units.complete(claim)
    assert clear_leftovers(ledger, settled_s=-1) == 0, "a running job needs its embeddings"
    ledger.cancel(accepted.job_id)
    assert clear_leftovers(ledger, settled_s=60) == 0
    assert clear_leftovers(ledger, settled_s=-1) == 1
    assert inflight.get_block(accepted.job_id, "0") is None
    assert ledger.read(accepted.job_id).status == "cancelled"
    redis = Redis.from_url(settings.redis_url.get_secret_value(), decode_responses=True)
    assert not redis.exists(f"doppel:job:{accepted.job_id}:units")
    redis.close()


def test_an_outage_does_not_end_the_reconciler(
    settings: CommonSettings, spool: Spool, publisher: Publisher, caplog: pytest.LogCaptureFixture
) -> None:
    away = settings.model_copy(update={"redis_url": type(settings.redis_url)("redis://127.0.0.1:1/0")})
    with Ledger.connect(away) as ledger:
        stop = threading.Event()
        reconciler = Reconciler(ledger, spool, publisher, every_s=0.01, retention_s=3600, settled_s=60)
        thread = threading.Thread(target=reconciler.run, args=(stop,))
        thread.start()
        wait_until(lambda: caplog.text.count("outage, trying again") >= 2)
        stop.set()
        thread.join()
