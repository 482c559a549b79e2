"""A job that only encodes, over a real Redis and spool; the tests play the encoders."""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from redis import Redis

from services.reconciler.retention import clear_leftovers, give_up_stalled_uploads
from shared import blocks
from shared.blocks import ModalityHeader
from shared.chunks import read_rows
from shared.errors import ProfileMismatch
from shared.inflight import InFlight
from shared.ledger import Ledger
from shared.messages import Listing, Rejection, Row, UnitHint
from shared.settings import CommonSettings
from shared.spool import Spool
from workers.trainer.encoding_job import EncodingJob, EncodingStopped, Fetched, NoEncoders, open_job
from workers.trainer.remote import embed_remotely
from workers.trainer.remote_work import RemoteWork


@pytest.fixture
def job(settings: CommonSettings) -> Iterator[EncodingJob]:
    with open_job(settings) as opened:
        yield opened


def rows(job: EncodingJob, count: int) -> tuple[Row, ...]:
    listings = [Listing(id=f"n{i}", image=job.reference(f"n{i}")) for i in range(1, count + 1)]
    return tuple(Row(row=row, listing=listing) for row, listing in enumerate(listings, 1))


def images(count: int) -> dict[str, bytes]:
    return {f"n{i}": b"a photo" for i in range(1, count + 1)}


def block(numbers: list[int], model: str = "fake", refused: int | None = None) -> bytes:
    """Return the block of rows whose vectors hold their numbers."""
    good = [number for number in numbers if number != refused]
    data = np.repeat(np.array(good, "<f2"), 2).tobytes()
    heads = [
        ModalityHeader(modality="image", model=model, dim=2, rows=tuple(good)),
        ModalityHeader(modality="text", model=model, dim=2, rows=()),
    ]
    bad = [Rejection(row=refused, code="image_broken", detail="no image")] if refused else []
    return blocks.pack([(heads[0], data), (heads[1], b"")], tuple(bad))


def encode(
    job: EncodingJob, unit: str, ledger: Ledger, spool: Spool, inflight: InFlight, data: bytes | None = None
) -> None:
    """Do a unit as an encoder would."""
    claim = ledger.units.claim(UnitHint(job_id=job.id, stage="encode", unit=unit))
    found = read_rows(spool, job.id, unit)
    for row in found:
        assert row.listing is not None
        assert spool.get((row.listing.image or "").removeprefix("spool:"))
    inflight.put_block(job.id, unit, block([row.row for row in found]) if data is None else data)
    assert ledger.units.complete(claim, encoded_rows=len(found)) == ()


def run(
    settings: CommonSettings, act: Callable[[EncodingJob], None], error: type[BaseException]
) -> EncodingJob:
    """Return a job that ended as `act` raised the error."""
    made: list[EncodingJob] = []

    def go() -> None:
        with open_job(settings) as job:
            made.append(job)
            act(job)

    with pytest.raises(error):
        go()
    return made[0]


def numbers(fetched: Iterator[Fetched]) -> list[list[int]]:
    return [[row.row for row in unit.rows] for unit in fetched]


def left(settings: CommonSettings, job: EncodingJob) -> list[str]:
    """Return what Redis and spool hold of the job."""
    with Redis.from_url(settings.redis_url.get_secret_value(), decode_responses=True) as redis:
        keys = [*redis.scan_iter(f"doppel:emb:{job.id}:*"), *redis.scan_iter(f"doppel:job:{job.id}:*")]
    return sorted([*keys, *Spool.connect(settings.spool_url).keys(f"jobs/{job.id}")])


def test_what_was_fetched_is_in_redis_and_spool_no_more(
    job: EncodingJob, ledger: Ledger, spool: Spool, inflight: InFlight
) -> None:
    job.put(rows(job, 3), images(3))
    assert (list(job.fetch()), job.waiting) == ([], 1)
    encode(job, "0", ledger, spool, inflight)
    (unit,) = job.fetch()
    assert [row.row for row in unit.rows] == [1, 2, 3]
    assert np.frombuffer(unit.matrices[0], "<f2").reshape(3, 2)[2].tolist() == [3, 3]
    assert (list(job.fetch()), job.waiting) == ([], 0)
    assert inflight.get_block(job.id, "0") is None
    assert [key for key in spool.keys(f"jobs/{job.id}") if "/images/" in key] == []


def test_halves_of_a_slow_chunk_are_fetched_with_their_rows(
    job: EncodingJob, ledger: Ledger, spool: Spool, inflight: InFlight
) -> None:
    job.put(rows(job, 5), images(5))
    for unit in ("0", "0-1"):
        ledger.units.split(ledger.units.claim(UnitHint(job_id=job.id, stage="encode", unit=unit)))
        assert list(job.fetch()) == []
    for unit in ("0-1-1", "0-0"):
        encode(job, unit, ledger, spool, inflight)
    assert sorted(numbers(job.fetch())) == [[1, 2], [4, 5]]
    encode(job, "0-1-0", ledger, spool, inflight)
    assert numbers(job.fetch()) == [[3]]
    assert job.waiting == 0


@pytest.mark.parametrize("lost", [None, b"not a block"])
def test_lost_or_damaged_embeddings_are_encoded_again(
    job: EncodingJob, ledger: Ledger, spool: Spool, inflight: InFlight, lost: bytes | None
) -> None:
    job.put(rows(job, 2), images(2))
    encode(job, "0", ledger, spool, inflight, lost or b"")
    if lost is None:
        inflight.drop_block(job.id, "0")
    assert (list(job.fetch()), job.waiting) == ([], 1)
    encode(job, "0", ledger, spool, inflight)
    assert numbers(job.fetch()) == [[1, 2]]


def test_a_job_that_was_cancelled_takes_nothing_more(settings: CommonSettings, ledger: Ledger) -> None:
    def cancelled(job: EncodingJob) -> None:
        job.put(rows(job, 1), images(1))
        ledger.cancel(job.id)
        with pytest.raises(EncodingStopped, match="cancelled"):
            job.put(rows(job, 1), images(1))
        list(job.fetch())

    job = run(settings.model_copy(update={"lease_s": 0.001}), cancelled, EncodingStopped)
    assert left(settings, job) == [f"doppel:job:{job.id}:units"]


def test_a_job_that_redis_lost_says_so(settings: CommonSettings, ledger: Ledger) -> None:
    def lost(job: EncodingJob) -> None:
        ledger.upkeep.forget(job.id)
        with pytest.raises(EncodingStopped, match="lost"):
            job.put(rows(job, 1), images(1))
        raise EncodingStopped

    job = run(settings, lost, EncodingStopped)
    assert left(settings, job) == []


def test_an_interrupted_job_is_removed(
    settings: CommonSettings, ledger: Ledger, spool: Spool, inflight: InFlight
) -> None:
    def interrupted(job: EncodingJob) -> None:
        job.put(rows(job, 2), images(2))
        encode(job, "0", ledger, spool, inflight)
        raise KeyboardInterrupt

    job = run(settings, interrupted, KeyboardInterrupt)
    assert ledger.read(job.id).status == "cancelled"
    assert left(settings, job) == [f"doppel:job:{job.id}:units"]
    clear_leftovers(ledger, settled_s=-1)
    assert left(settings, job) == []


def test_a_job_whose_process_died_is_removed_by_the_reconciler(
    job: EncodingJob, settings: CommonSettings, ledger: Ledger, spool: Spool, inflight: InFlight
) -> None:
    job.put(rows(job, 2), images(2))
    encode(job, "0", ledger, spool, inflight)
    assert give_up_stalled_uploads(ledger, spool, silent_s=60) == 0
    assert give_up_stalled_uploads(ledger, spool, silent_s=-1) == 1
    assert clear_leftovers(ledger, settled_s=-1) == 1
    assert left(settings, job) == []


def test_models_never_mix_and_refusals_are_data(job: EncodingJob, tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(b"one photo")
    (tmp_path / "b.jpg").write_bytes(b"another")
    listings = [Listing(id=name, image=f"{name[0]}.jpg") for name in ("a", "b", "a again")]
    work = RemoteWork(listings, tmp_path, None)
    chunk = work.chunk(job, 10)
    assert len(chunk.rows) == len(chunk.images) == 2
    header, matrices = blocks.unpack(block([1, 2], refused=1))
    work.take(Fetched(chunk.rows, header, matrices))
    assert work.done() == {"image": (2, 2)}, "what there is none of has no share that is done"
    found = work.embeddings()
    assert found.unreadable == dict.fromkeys(("a", "a again"), "image_broken: no image")
    assert {name: np.frombuffer(data, "<f2").tolist() for name, data in found.vectors["image"].items()} == {
        "b": [2, 2]
    }
    other, matrices = blocks.unpack(block([1], model="another"))
    with pytest.raises(ProfileMismatch, match="another"):
        work.take(Fetched(chunk.rows[:1], other, matrices))


def test_without_encoders_it_is_given_up_and_nothing_is_left(
    settings: CommonSettings, ledger: Ledger
) -> None:
    listings = [Listing(id=str(i), title=f"title {i}") for i in range(100)]
    with pytest.raises(NoEncoders, match="no encoder"):
        embed_remotely(listings, None, settings, chunk_contents=4, most_waiting=3, patience_s=0.3)
    (record,) = ledger.recent(None, 10)
    assert (record.kind, record.status, (record.error or {})["code"]) == (
        "embedding", "failed", "encoders_missing",
    )  # fmt: skip
    assert record.counts["chunks"] == 3, "so many chunks at most are before the encoders"
