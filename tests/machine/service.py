"""The service in one process: real ledger, queues, spool and catalogs; every process is run step by step."""

import asyncio
import base64
import json
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from hashlib import sha256
from pathlib import Path
from typing import Any, cast

from PIL import Image
from redis import Redis

from services.gateway.cancellation import Canceller
from services.gateway.idempotency import Idempotency, Key
from services.gateway.problems import Problem
from services.gateway.rematcher import Rematcher
from services.gateway.upload.body import Body
from services.gateway.upload.formats import NDJSON, Limits
from services.gateway.upload.receiver import Receiver, Upload
from services.gateway.upload.rows import Columns
from services.reconciler.main import Reconciler
from shared.broker import Publisher, make_celery
from shared.errors import LedgerUnavailable, SpoolUnavailable
from shared.inflight import InFlight
from shared.ledger import Ledger
from shared.messages import JobOptions, UnitHint
from shared.pressure import Pressure
from shared.routing import STAGE_TASKS
from shared.settings import CommonSettings, IndexSettings
from shared.spool import Spool, finished_key
from shared.work import run_unit
from tests.machine.rows import DEADLY, Offered
from tests.machine.stepped import Killed, Port, stand
from workers.encoder.batch_encoder import BatchEncoder
from workers.encoder.chunk_work import ChunkWork
from workers.encoder.decoder import PillowDecoder
from workers.encoder.grid_model import GridModel
from workers.encoder.image_intake import ImageIntake
from workers.encoder.image_stage import ImageStage
from workers.encoder.ngram_model import NgramModel
from workers.encoder.pipeline import Pipeline
from workers.encoder.redis_cache import RedisCache
from workers.encoder.refusal import ImageRefused
from workers.encoder.sources import ListingImages
from workers.encoder.stage_times import StageTimes
from workers.encoder.text_stage import TextStage
from workers.index.catalogs import Catalogs
from workers.index.classifiers import Classifiers
from workers.index.faiss_index import FaissIndex
from workers.index.finish import FinishJob
from workers.index.ingest import Ingest
from workers.index.match import MatchSlice
from workers.index.matcher import Matcher
from workers.index.tfidf_index import TfidfIndex

CATALOG = "shop"
QUEUES = tuple(sorted({queue for _, queue in STAGE_TASKS.values()}))
CHUNK, SLICE = 2, 3
_LIMITS = Limits(10**7, 10**6, 10**6, 1000)
# Longer than any test: leases run out when the test says so.
LONG_S = 3600


class AtOnce(Executor):
    """Does what it is given in the thread that gives it."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> "Future[Any]":
        future: Future[Any] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except BaseException as error:  # noqa: BLE001 - as any executor does
            future.set_exception(error)
        return future


class Lines(Body):
    """A body that arrives line by line, and may break off."""

    def __init__(self, rows: tuple[Offered, ...], *, broken: bool, read: Callable[[], None]) -> None:
        self._rows = rows
        self._broken = broken
        self._read = read

    def blocks(self, alive: Callable[[], None]) -> Iterator[bytes]:
        for row in self._rows:
            stand("line")
            yield row.line
        stand("end of body")
        if self._broken:
            raise Problem(400, "upload_incomplete", "the upload broke off before its end")
        self._read()


class Decoder(PillowDecoder):
    """Dies of one image."""

    def decode(self, data: bytes) -> Image.Image:
        if data == DEADLY:
            raise Killed
        return super().decode(data)


class NoWeb:
    def get(self, reference: str) -> bytes:
        raise ImageRefused("image_unreachable", reference)


class Service:
    """Everything but HTTP and Celery's workers."""

    def __init__(self, settings: CommonSettings, folder: Path, classifiers: Classifiers) -> None:
        common = settings.model_copy(update={"spool_url": str(folder / "spool"), "lease_s": LONG_S})
        self.redis = Redis.from_url(settings.redis_url.get_secret_value(), decode_responses=True)
        self.ledger, self.inflight = Ledger.connect(common), InFlight.connect(common)
        self.spool = Spool.connect(common.spool_url)
        self.folder = folder
        self._app = make_celery("machine", common, publisher_only=True)
        self._matcher = Matcher(classifiers, IndexSettings().pair_floor)
        # What works are given instead of the real ones, which they step through.
        self._ledger = cast(Ledger, Port(self.ledger, LedgerUnavailable))
        self._inflight = cast(InFlight, Port(self.inflight, LedgerUnavailable))
        self._spool = cast(Spool, Port(self.spool, SpoolUnavailable))
        self._publisher = cast(Publisher, Port(Publisher(self._app), LedgerUnavailable))
        self._pressure = Pressure(self.ledger.upkeep.load)
        self._idempotency = Idempotency(self._ledger, wait_s=0.001)
        self._receiver = Receiver(
            self._spool, self._ledger, self._publisher, AtOnce(),
            limits=_LIMITS, chunk_listings=CHUNK, slice_listings=SLICE, go_on=lambda: None,
        )  # fmt: skip
        self._rematcher = Rematcher(self._spool, self._ledger, self._publisher, SLICE)
        self._canceller = Canceller(self._ledger, self._spool)
        self._pipeline = self._make_pipeline()
        self.start_index()
        self.start_reconciler()
        self.ledger.upkeep.begin_epoch()
        self.ledger.upkeep.mark_epoch()

    def _make_pipeline(self) -> Pipeline:
        pictures = BatchEncoder(GridModel("grid-v1"), 4)
        titles = BatchEncoder(NgramModel("ngrams-v1"), 4)
        image_cache = RedisCache(self.inflight, self._pressure, "image", pictures.model, pictures.dim, 600)
        text_cache = RedisCache(self.inflight, self._pressure, "text", titles.model, titles.dim, 600)
        intake = ImageIntake(ListingImages(self.spool, NoWeb()), Decoder(100_000), pictures, image_cache)
        self._images = ImageStage(intake, pictures, image_cache, 4, 1)
        return Pipeline(self._images, TextStage(titles, text_cache), pictures, titles)

    def start_index(self) -> None:
        self.catalogs = Catalogs(self.folder / "catalogs", FaissIndex, TfidfIndex, most_open=2)
        self.catalogs.acquire()
        self._index = {
            "ingest": Ingest(self._ledger, self._spool, self._inflight, self.catalogs),
            "match": MatchSlice(self._ledger, self.catalogs, self._matcher),
            "finish": FinishJob(self._ledger, self._spool, self.catalogs, IndexSettings(page_rows=2)),
        }

    def restart_index(self) -> None:
        """What a kill -9 leaves: the files. The lock goes with the process."""
        self.catalogs.close()
        self.start_index()

    def start_reconciler(self) -> None:
        self.redis.delete("doppel:leader:reconciler")
        self._reconciler = Reconciler(
            self._ledger, self._spool, self._publisher, every_s=60, retention_s=LONG_S, settled_s=LONG_S
        )

    def close(self) -> None:
        self.catalogs.close()
        self._images.close()
        self._app.close()
        self.ledger.close()
        self.inflight.close()
        self.redis.close()

    # -- what processes do; each runs in one that is stepped ----------------------------------------

    def submit(
        self, job: str, rows: tuple[Offered, ...], body: Body, key: str | None, catalog: str = CATALOG
    ) -> str:
        """Answer a submission as the gateway's route does; return the id of the accepted job."""
        bound = Key(sha256(key.encode()).hexdigest()) if key else None
        fingerprint = sha256(b"".join(row.line for row in rows)).hexdigest()
        if not self._idempotency.acquire(bound, job):
            assert bound is not None
            return asyncio.run(self._idempotency.earlier(bound, fingerprint)).id
        upload = Upload(job, NDJSON, Columns(), JobOptions(catalog=catalog))
        try:
            self._receiver.receive(upload, body, lambda: self._idempotency.remember(bound, fingerprint))
        except BaseException:
            self._idempotency.release(bound, job)
            raise
        return self._ledger.read(job).id

    def rematch(self, job: str) -> str:
        self._rematcher.accept(job, JobOptions(catalog=CATALOG))
        return self._ledger.read(job).id

    def cancel(self, job: str) -> str:
        return self._canceller.cancel(job).status

    def work(self, hint: UnitHint, slow: bool = False) -> None:
        work: Callable[..., Any]
        if hint.stage == "encode":
            parts = (self._ledger, self._spool, self._inflight, self._pipeline, self._pressure)
            work = ChunkWork(*parts, StageTimes(), budget_s=-1.0 if slow else LONG_S)
        else:
            work = self._index[hint.stage]
        run_unit(hint, self._ledger, self._publisher, work)

    def reconcile(self) -> None:
        self._reconciler.once()

    def recorded_end(self, job: str) -> str | None:
        """Return the status with which the spool says that the job ended."""
        data = self.spool.get(finished_key(job))
        return None if data is None else str(json.loads(data)["status"])

    # -- messages and time ---------------------------------------------------------------------------

    def messages(self) -> list[tuple[str, str]]:
        """Return what is in the queues: queue and message."""
        return [(queue, raw) for queue in QUEUES for raw in self.redis.lrange(f"doppel:{queue}", 0, -1)]

    def drop(self, queue: str, raw: str) -> UnitHint:
        """Take a message out of its queue."""
        self.redis.lrem(f"doppel:{queue}", 1, raw)
        return UnitHint.model_validate(json.loads(base64.b64decode(json.loads(raw)["body"]))[0][0])

    def send(self, hint: UnitHint) -> None:
        Publisher(self._app).hint(hint)

    def elapse(self, what: str, of: str = "") -> list[str]:
        """Let a long time pass for the members of a sorted set of times that begin with `of`; name them."""
        members = [name for name in self.redis.zrange(f"doppel:{what}", 0, -1) if name.startswith(of)]
        if members:
            self.redis.zadd(f"doppel:{what}", dict.fromkeys(members, 0))
        return members
