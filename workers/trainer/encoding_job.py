"""Contents to encode, put before whatever encoder workers are running: one job of kind `embedding`.

The job is made and received by this process alone: the ledger hands its chunks to encoders, whose embedding
blocks are fetched here. Nothing of it outlives the process: at its end it is removed, and when the process
dies the reconciler misses its signs of life and removes it.
"""

import logging
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from shared import ids
from shared.blocks import BlockHeader, unpack
from shared.broker import Publisher, make_celery
from shared.chunks import rows_of
from shared.errors import CorruptBlock, DoppelError, ExpiredJob, LedgerUnavailable, TransientError, UnknownJob
from shared.images import SpooledImage
from shared.inflight import InFlight
from shared.ledger import Ledger
from shared.messages import Chunk, Row, UnitHint
from shared.presence import Presence
from shared.routing import ENCODE_BULK
from shared.settings import CommonSettings
from shared.spool import Spool, chunk_key, image_key

log = logging.getLogger(__name__)


class EncodingStopped(DoppelError):
    """The job was cancelled, failed, or was lost with all that Redis held."""

    code = "encoding_stopped"


class NoEncoders(DoppelError):
    """No encoder worker that takes bulk work is running."""

    code = "encoders_missing"


@dataclass(frozen=True, slots=True)
class Fetched:
    """The rows of a unit, and their embedding block: one byte string per modality of the header."""

    rows: tuple[Row, ...]
    header: BlockHeader
    matrices: list[bytes]


class EncodingJob:
    """One job, made by `open_job`. A method raises `TransientError` in an outage and may be repeated then."""

    def __init__(
        self, ledger: Ledger, spool: Spool, inflight: InFlight, presence: Presence, publisher: Publisher,
        alive_every_s: float,
    ) -> None:  # fmt: skip
        self.id = ids.new_id()
        self._ledger = ledger
        self._spool = spool
        self._inflight = inflight
        self._presence = presence
        self._publisher = publisher
        self._alive_every_s = alive_every_s
        self._alive_at = time.monotonic()
        self._chunks = 0
        self._waiting: dict[str, tuple[Row, ...]] = {}
        ledger.create_embedding(self.id)

    @property
    def waiting(self) -> int:
        """How many units were put and not fetched yet: at most so many blocks are in Redis."""
        return len(self._waiting)

    def reference(self, name: str) -> str:
        """Return how a listing refers to an image that comes with its chunk under this name."""
        return str(SpooledImage(image_key(self.id, name)))

    def put(self, rows: tuple[Row, ...], images: Mapping[str, bytes]) -> None:
        """Put a chunk before the encoders; `images` are the bytes of images by name.

        A row has a number and a name for its image that no other row of the job has.

        Raises:
            EncodingStopped: the job has ended.
        """
        for name, data in images.items():
            self._spool.put(image_key(self.id, name), data)
        chunk = Chunk(job_id=self.id, rows=rows)
        self._spool.put(chunk_key(self.id, self._chunks), chunk.model_dump_json().encode())
        hint = self._ledger.add_chunk(self.id, self._chunks, len(rows))
        if hint is None:
            raise self._stopped()
        self._waiting[hint.unit] = rows
        self._chunks += 1
        self._publish(hint)

    def fetch(self) -> Iterator[Fetched]:
        """Yield what was encoded since the last time; it is no longer in Redis, nor are its images on disk.

        Raises:
            EncodingStopped: the job has ended.
        """
        self._give_sign_of_life()
        units = list(self._waiting)
        for unit, state in zip(units, self._ledger.units.states(self.id, "encode", units), strict=True):
            if state == "done":
                yield from self._fetched(unit)
            elif state == "split":
                rows = self._waiting.pop(unit)
                self._waiting |= {f"{unit}-{half}": rows_of(f"{unit}-{half}"[-3:], rows) for half in "01"}

    def encoders(self) -> int:
        """Return how many encoders that take bulk work are running."""
        return self._presence.counts()[ENCODE_BULK]

    def end(self, error: BaseException | None) -> None:
        """End the job and remove what it left; what an outage prevents is the reconciler's to remove."""
        try:
            if error is None:
                self._ledger.finish(self.id, "succeeded")
            elif isinstance(error, DoppelError):
                self._ledger.fail(self.id, error.code, str(error))
            elif isinstance(error, Exception):
                self._ledger.fail(self.id, "internal", "the process that asked for embeddings failed")
            else:
                self._ledger.cancel(self.id)
            for unit in self._waiting:
                self._inflight.drop_block(self.id, unit)
            self._spool.delete_prefix(f"jobs/{self.id}")
        except TransientError as outage:
            log.warning("an encoding job is not removed yet", extra={"job": self.id, "error": str(outage)})

    def _fetched(self, unit: str) -> Iterator[Fetched]:
        rows = self._waiting[unit]
        block = self._inflight.get_block(self.id, unit)
        try:
            header, matrices = unpack(b"" if block is None else block)
        except CorruptBlock as error:
            log.warning("embeddings were lost, a chunk is encoded again", extra={"error": str(error)})
            self._publish(*self._ledger.units.reopen(self.id, unit, len(rows)))
            return
        del self._waiting[unit]
        try:
            self._inflight.drop_block(self.id, unit)
            images = (SpooledImage.parse(row.listing.image or "") for row in rows if row.listing is not None)
            self._spool.delete([image.key for image in images if image is not None])
        except TransientError as outage:
            # It goes with the job; what was fetched must not be lost for that.
            log.warning("a fetched chunk is not removed yet", extra={"unit": unit, "error": str(outage)})
        yield Fetched(rows, header, matrices)

    def _give_sign_of_life(self) -> None:
        if time.monotonic() - self._alive_at < self._alive_every_s:
            return
        if not self._ledger.keep_receiving(self.id):
            raise self._stopped()
        self._alive_at = time.monotonic()

    def _publish(self, *hints: UnitHint) -> None:
        try:
            self._publisher.hint(*hints)
        except LedgerUnavailable as error:
            log.warning("hints were not published; the reconciler will", extra={"error": str(error)})

    def _stopped(self) -> EncodingStopped:
        try:
            record = self._ledger.read(self.id)
        except (UnknownJob, ExpiredJob):
            return EncodingStopped("Redis lost the encoding job; run it again")
        reason = (record.error or {}).get("detail", "it was ended by somebody")
        return EncodingStopped(f"the encoding job {self.id} {record.status}: {reason}")


@contextmanager
def open_job(settings: CommonSettings) -> Iterator[EncodingJob]:
    """Give a job to a block; however the block ends, what the job put into Redis and spool is removed."""
    with (
        Ledger.connect(settings) as ledger,
        InFlight.connect(settings) as inflight,
        Presence.connect(settings) as presence,
        make_celery("trainer", settings, publisher_only=True) as app,
    ):
        spool = Spool.connect(settings.spool_url)
        job = EncodingJob(ledger, spool, inflight, presence, Publisher(app), settings.lease_s / 3)
        try:
            yield job
        except BaseException as error:
            job.end(error)
            raise
        job.end(None)
