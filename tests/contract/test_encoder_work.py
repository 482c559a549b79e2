"""Units and queries against a real Redis and spool."""

import time
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from PIL import Image

from shared import ids
from shared.blocks import unpack
from shared.broker import Publisher
from shared.errors import SpoolUnavailable
from shared.inflight import InFlight
from shared.ledger import Claim, Ledger
from shared.ledger.load import Load
from shared.messages import Chunk, JobOptions, Listing, Message, Query, Rejection, Row, UnitHint
from shared.pressure import AHEAD_SHARE, CACHE_SHARE, ENCODE_SHARE, Pressure
from shared.routing import ANSWER_QUERY, INDEX_INTERACTIVE
from shared.spool import Spool, chunk_key, image_key
from shared.work import run_unit
from tests.encoder_fakes import FakeCache, FakeTextModel
from tests.encoder_pictures import encoded, scene
from workers.encoder.batch_encoder import BatchEncoder
from workers.encoder.chunk_work import ChunkWork, JobEnded, Watch
from workers.encoder.decoder import PillowDecoder
from workers.encoder.grid_model import GridModel
from workers.encoder.image_intake import ImageIntake
from workers.encoder.image_stage import ImageStage
from workers.encoder.pipeline import Pipeline
from workers.encoder.query_work import QueryWork
from workers.encoder.redis_cache import RedisCache
from workers.encoder.refusal import ImageRefused
from workers.encoder.sources import ListingImages
from workers.encoder.stage_times import StageTimes
from workers.encoder.text_stage import TextStage


class FakePublisher(Publisher):
    """Remembers what it was asked to send."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, str, Message]] = []
        self.hints: list[UnitHint] = []

    def send(self, task: str, queue: str, message: Message) -> None:
        self.sent.append((task, queue, message))

    def hint(self, *hints: UnitHint) -> None:
        self.hints += hints


def picture(row: int) -> bytes:
    return encoded(scene(seed=row))


class Killed(BaseException):
    """Stands for the end of the process: nothing of ours can catch it."""


class Decoder(PillowDecoder):
    """Dies of certain images."""

    deadly: frozenset[bytes] = frozenset()

    def decode(self, data: bytes) -> Image.Image:
        if data in self.deadly:
            raise Killed
        return super().decode(data)


class NoWeb:
    def get(self, reference: str) -> bytes:
        raise ImageRefused("image_unreachable", reference)


@dataclass
class Bench:
    ledger: Ledger
    spool: Spool
    inflight: InFlight
    publisher: FakePublisher
    pipeline: Pipeline
    decoder: Decoder
    pressure: Pressure

    def submit(self, rows: int, *, bad: int | None = None, sealed: bool = True) -> str:
        """Put a job of one chunk into spool and ledger; row `bad` has a broken image."""
        job = ids.new_id()
        self.ledger.create(job, JobOptions(catalog="c"), 256)
        made = []
        for row in range(1, rows + 1):
            self.spool.put(image_key(job, str(row)), b"bad" if row == bad else picture(row))
            listing = Listing(id=f"l{row}", title=f"title {row}", image=f"spool:{image_key(job, str(row))}")
            made.append(Row(row=row, listing=listing))
        made.append(Row(row=rows + 1, rejection=Rejection(row=rows + 1, code="row_invalid", detail="bad")))
        self.spool.put(chunk_key(job, 0), Chunk(job_id=job, rows=tuple(made)).model_dump_json().encode())
        self.ledger.add_chunk(job, 0, len(made))
        if sealed:
            self.ledger.seal(job)
        return job

    def work(self, budget_s: float = 60) -> ChunkWork:
        parts = (self.ledger, self.spool, self.inflight, self.pipeline, self.pressure)
        return ChunkWork(*parts, StageTimes(), budget_s=budget_s)

    def run(self, job: str, unit: str = "0", work: ChunkWork | None = None) -> None:
        hint = UnitHint(job_id=job, stage="encode", unit=unit)
        run_unit(hint, self.ledger, self.publisher, work or self.work())

    def queries(self) -> QueryWork:
        return QueryWork(self.ledger, self.inflight, self.pipeline, self.publisher)


@pytest.fixture
def bench(ledger: Ledger, spool: Spool, inflight: InFlight) -> Iterator[Bench]:
    pictures = BatchEncoder(GridModel("grid-v1"), 4)
    titles = BatchEncoder(FakeTextModel(), 4)
    pressure = Pressure(ledger.upkeep.load, every_s=0)
    cache = RedisCache(inflight, pressure, "image", pictures.model, pictures.dim, 60)
    decoder = Decoder(100_000)
    intake = ImageIntake(ListingImages(spool, NoWeb()), decoder, pictures, cache)
    stage = ImageStage(intake, pictures, cache, 4, 2)
    pipeline = Pipeline(stage, TextStage(titles, FakeCache()), pictures, titles)
    yield Bench(ledger, spool, inflight, FakePublisher(), pipeline, decoder, pressure)
    stage.close()


def test_chunk_becomes_a_block_and_its_ingestion_a_hint(bench: Bench) -> None:
    job = bench.submit(5, bad=3)
    bench.run(job)
    header, _ = unpack(bench.inflight.get_block(job, "0") or b"")
    assert [m.rows for m in header.modalities] == [(1, 2, 4, 5)] * 2
    assert [(r.row, r.code) for r in header.rejections] == [(3, "image_broken")]
    assert bench.publisher.hints == [UnitHint(job_id=job, stage="ingest", unit="0")]
    counts = bench.ledger.read(job).counts
    assert (counts["encoded"], counts["encoded_rows"]) == (1, 6)


def test_repeated_delivery_changes_nothing(bench: Bench) -> None:
    job = bench.submit(3)
    for _ in range(3):
        bench.run(job)
    assert len(bench.publisher.hints) == 1
    assert bench.ledger.read(job).counts["encoded_rows"] == 4


def run_to_the_end(bench: Bench, job: str, work: ChunkWork | None = None) -> int:
    """Run the unit as often as it takes; return how many workers died."""
    for deaths in range(20):
        try:
            bench.run(job, work=work)
        except Killed:
            bench.ledger._redis.zadd("doppel:leases", {f"{job} encode 0": 0})
            bench.ledger.units.due()
        else:
            return deaths
    pytest.fail("it never ends")


def test_listing_that_kills_its_worker_is_refused_after_three_deaths(bench: Bench) -> None:
    job = bench.submit(9)
    bench.decoder.deadly = frozenset({picture(6)})
    assert run_to_the_end(bench, job) == 3
    header, _ = unpack(bench.inflight.get_block(job, "0") or b"")
    assert [(r.row, r.listing_id, r.code) for r in header.rejections] == [(6, "l6", "encoder_crashed")]
    assert [m.rows for m in header.modalities] == [(1, 2, 3, 4, 5, 7, 8, 9)] * 2
    assert bench.ledger.read(job).counts["encoded_rows"] == 10


def test_every_listing_that_kills_its_worker_is_found(bench: Bench) -> None:
    job = bench.submit(6)
    bench.decoder.deadly = frozenset({picture(2), picture(5), picture(6)})
    assert run_to_the_end(bench, job) == 7
    header, _ = unpack(bench.inflight.get_block(job, "0") or b"")
    assert [(r.row, r.code) for r in header.rejections] == [(row, "encoder_crashed") for row in (2, 5, 6)]


def test_listing_in_hand_when_its_worker_was_killed_from_outside_is_not_to_blame(bench: Bench) -> None:
    job = bench.submit(4)
    deadly = [picture(3)], [picture(3)], []
    tries = iter(deadly)

    class Passing(ChunkWork):
        def __call__(self, claim: Claim) -> tuple[UnitHint, ...]:
            bench.decoder.deadly = frozenset(next(tries))
            return super().__call__(claim)

    parts = (bench.ledger, bench.spool, bench.inflight, bench.pipeline, bench.pressure)
    work = Passing(*parts, StageTimes(), budget_s=60)
    assert run_to_the_end(bench, job, work) == 2
    header, _ = unpack(bench.inflight.get_block(job, "0") or b"")
    assert header.rejections == ()
    assert bench.ledger.suspects.accuse(job, "1").by_row == {}


def test_outages_blame_nobody(bench: Bench) -> None:
    class Away(Spool):
        def get(self, key: str) -> bytes | None:
            if "images" in key:
                raise SpoolUnavailable(key)
            return super().get(key)

    job = bench.submit(2)
    bench.decoder.deadly = frozenset({picture(1)})
    with pytest.raises(Killed):
        bench.run(job)
    bench.decoder.deadly = frozenset()
    bench.ledger._redis.zadd("doppel:leases", {f"{job} encode 0": 0})
    real = bench.spool
    for _ in range(5):
        source = ListingImages(Away(real._store), NoWeb())
        bench.pipeline._images._intake._source = source
        bench.run(job)
    bench.pipeline._images._intake._source = ListingImages(real, NoWeb())
    bench.run(job)
    header, _ = unpack(bench.inflight.get_block(job, "0") or b"")
    assert header.rejections == ()


def test_chunk_that_kills_without_a_listing_in_hand_fails_its_job(bench: Bench) -> None:
    class Full(InFlight):
        def put_block(self, job_id: str, unit: str, block: bytes) -> None:
            raise Killed

    job = bench.submit(2)
    parts = (bench.ledger, bench.spool, Full(bench.inflight._redis), bench.pipeline, bench.pressure)
    work = ChunkWork(*parts, StageTimes(), budget_s=60)
    assert run_to_the_end(bench, job, work) == 4
    assert (bench.ledger.read(job).error or {})["code"] == "job_failed"


def test_line_of_a_chunk_tells_what_this_one_cost_and_no_other(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    times = StageTimes()
    parts = (bench.ledger, bench.spool, bench.inflight, bench.pipeline, bench.pressure)
    with times.of("left behind by a chunk that came to nothing"):
        pass
    with caplog.at_level("INFO"):
        bench.run(bench.submit(2), work=ChunkWork(*parts, times, budget_s=60))
    [line] = [record for record in caplog.records if record.message == "encoded"]
    assert set(vars(line)["cpu_s"]) == {"pack"}


def test_chunk_that_takes_too_long_is_halved_until_it_does_not(bench: Bench) -> None:
    job = bench.submit(2)
    bench.run(job, work=bench.work(budget_s=-1))
    assert [hint.unit for hint in bench.publisher.hints] == ["0-0", "0-1"]
    bench.run(job, "0-0", bench.work(budget_s=-1))
    bench.run(job, "0-1", bench.work(budget_s=-1))
    assert bench.ledger.read(job).counts["encoded_rows"] == 3


def test_cancelled_job_is_dropped_in_the_middle(bench: Bench) -> None:
    job = bench.submit(3)
    work = bench.work()
    hint = UnitHint(job_id=job, stage="encode", unit="0")

    def cancel_first(claim: object) -> tuple[UnitHint, ...]:
        bench.ledger.cancel(job)
        return work(claim)  # type: ignore[arg-type]

    run_unit(hint, bench.ledger, bench.publisher, cancel_first)
    assert bench.publisher.hints == []


def test_end_of_the_job_is_noticed_between_steps(bench: Bench) -> None:
    job, now = bench.submit(1), iter([0.0, 0.5, 2.0, 2.1, 4.0])
    watch = Watch(bench.ledger, job, 60, lambda: next(now))
    watch()
    watch()
    bench.ledger.cancel(job)
    watch()
    with pytest.raises(JobEnded):
        watch()


def test_missing_chunk_fails_the_job(bench: Bench) -> None:
    job = bench.submit(1)
    bench.spool.delete_prefix(f"jobs/{job}/chunks")
    bench.run(job)
    record = bench.ledger.read(job)
    assert (record.status, (record.error or {})["code"]) == ("failed", "chunk_lost")


def test_outage_of_the_spool_costs_no_attempt(bench: Bench) -> None:
    class Away(Spool):
        def get(self, key: str) -> bytes | None:
            raise SpoolUnavailable(key)

    job = bench.submit(1)
    for _ in range(5):
        work = ChunkWork(
            bench.ledger,
            Away(bench.spool._store),
            bench.inflight,
            bench.pipeline,
            bench.pressure,
            StageTimes(),
            budget_s=60,
        )
        bench.run(job, work=work)
    bench.run(job)
    assert bench.inflight.get_block(job, "0") is not None


def query(bench: Bench, listings: tuple[Listing, ...], keys: tuple[str | None, ...]) -> Query:
    job, deadline = ids.new_id(), int((time.time() + 30) * 1000)
    bench.ledger.create_query(job, "dedup", deadline)
    return Query(job_id=job, kind="dedup", listings=listings, payload_keys=keys, deadline_ms=deadline)


def test_query_is_encoded_and_passed_on(bench: Bench) -> None:
    key = bench.inflight.put_payload("x", 1, encoded(scene()))
    asked = query(bench, (Listing(id="a", title="t"), Listing(id="b")), (None, key))
    bench.queries()(asked)
    assert bench.publisher.sent == [(ANSWER_QUERY, INDEX_INTERACTIVE, asked)]
    header, _ = unpack(bench.inflight.get_block(asked.job_id, "query") or b"")
    assert [(m.modality, m.rows) for m in header.modalities] == [("image", (1,)), ("text", (0,))]


@pytest.mark.parametrize(
    ("listing", "payload", "code"),
    [
        (Listing(id="a", title="t"), b"no image", "image_broken"),
        (Listing(id="a", title="t"), b"", "image_empty"),
        (Listing(id="a", title="🔥"), None, "listing_empty"),
        (Listing(id="a", title="t", image="http://x.example/a"), None, "image_unreachable"),
    ],
)
def test_refused_query_fails_with_its_code(
    bench: Bench, listing: Listing, payload: bytes | None, code: str
) -> None:
    key = None if payload is None else bench.inflight.put_payload("x", 0, payload)
    asked = query(bench, (listing,), (key,))
    bench.queries()(asked)
    record = bench.ledger.read(asked.job_id)
    assert (record.status, (record.error or {})["code"]) == ("failed", code)
    assert bench.publisher.sent == []


def test_query_whose_image_is_gone_fails(bench: Bench) -> None:
    asked = query(bench, (Listing(id="a"),), ("doppel:payload:gone:0",))
    bench.queries()(asked)
    assert (bench.ledger.read(asked.job_id).error or {})["code"] == "image_missing"


def test_cache_ignores_vectors_of_a_wrong_length_and_can_be_off(bench: Bench) -> None:
    cache = RedisCache(bench.inflight, bench.pressure, "text", "m", 2, 60)
    cache.put({"a": b"1234", "b": b"123"})
    assert cache.get(["a", "b", "c"]) == [b"1234", None, None]
    assert RedisCache(bench.inflight, bench.pressure, "text", "other", 2, 60).get(["a"]) == [None]
    off = RedisCache(bench.inflight, bench.pressure, "text", "m", 2, 0)
    off.put({"d": b"1234"})
    assert off.get(["a", "d"]) == [None, None]


@pytest.mark.parametrize(
    ("memory", "sealed", "encodes"),
    [
        (AHEAD_SHARE - 0.01, False, True),
        (AHEAD_SHARE, False, False),
        (AHEAD_SHARE, True, True),
        (ENCODE_SHARE, True, False),
        (1.5, True, False),
    ],
)
def test_a_full_redis_leaves_its_room_to_what_gives_room_back(
    bench: Bench, memory: float, sealed: bool, encodes: bool
) -> None:
    job = bench.submit(1, sealed=sealed)
    loads = [Load(memory, 1, 0)]
    bench.pressure = Pressure(lambda: loads[0], every_s=0)
    for _ in range(5):
        bench.run(job)
    assert (bench.inflight.get_block(job, "0") is not None) is encodes
    # Whenever there is room again the unit is done, in what is still its first attempt.
    loads[0] = Load(0, 1, 0)
    claim = bench.ledger.units.claim(UnitHint(job_id=job, stage="encode", unit="0"))
    assert (claim.answer, claim.attempts) == (("done", 1) if encodes else ("claimed", 1))


def test_embeddings_of_a_training_may_fill_redis_as_those_of_an_accepted_job(bench: Bench) -> None:
    job = ids.new_id()
    bench.ledger.create_embedding(job)
    row = Row(row=1, listing=Listing(id="1", title="a title"))
    bench.spool.put(chunk_key(job, 0), Chunk(job_id=job, rows=(row,)).model_dump_json().encode())
    bench.ledger.add_chunk(job, 0, 1)
    bench.pressure = Pressure(lambda: Load(AHEAD_SHARE, 1, 0))
    bench.run(job)
    assert bench.inflight.get_block(job, "0") is not None


def test_nothing_is_remembered_in_a_redis_that_is_half_full(bench: Bench) -> None:
    loads = [Load(CACHE_SHARE, 0, 0)]
    cache = RedisCache(bench.inflight, Pressure(lambda: loads[0], every_s=0), "text", "m", 2, 60)
    cache.put({"a": b"1234"})
    loads[0] = Load(CACHE_SHARE - 0.01, 0, 0)
    cache.put({"b": b"1234"})
    assert cache.get(["a", "b"]) == [None, b"1234"]
