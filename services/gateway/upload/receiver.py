"""Receives a submission: all of it, durably, or nothing."""

import logging
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from dataclasses import dataclass

from services.gateway.problems import Problem
from services.gateway.upload.body import Body
from services.gateway.upload.chunks import ChunkWriter, publish
from services.gateway.upload.formats import Limits, open_upload
from services.gateway.upload.ids import SeenIds
from services.gateway.upload.images import ImageReferences
from services.gateway.upload.refusal import RawRow, RowRefused
from services.gateway.upload.rows import Columns, RowReader
from shared.broker import Publisher
from shared.crash import crash_at
from shared.errors import DoppelError, LedgerUnavailable, SpoolUnavailable
from shared.ledger import Ledger
from shared.messages import AcceptedJob, JobOptions, Listing, Rejection, Row
from shared.spool import Spool, accepted_key

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Upload:
    """What a request says of its body."""

    job_id: str
    kind: str
    columns: Columns
    options: JobOptions


@dataclass(frozen=True, slots=True)
class Receipt:
    """What was accepted."""

    listings: int
    rejections: Counter[str]


class Receiver:
    """The use case; runs in a worker thread, as it reads, parses and stores all at once."""

    def __init__(
        self,
        spool: Spool,
        ledger: Ledger,
        publisher: Publisher,
        pool: Executor,
        *,
        limits: Limits,
        chunk_listings: int,
        slice_listings: int,
        go_on: Callable[[], None],
    ) -> None:
        self._spool = spool
        self._ledger = ledger
        self._publisher = publisher
        self._pool = pool
        self._limits = limits
        self._chunk_listings = chunk_listings
        self._slice_listings = slice_listings
        self._go_on = go_on

    def receive(self, upload: Upload, body: Body, before_seal: Callable[[], None]) -> Receipt:
        """Take the whole body; when this returns, the job is accepted and on disk.

        `before_seal` is called when all is stored and nothing but the seal is left.

        Raises:
            Problem: the body breaks off, or cannot be taken as a whole; the job has failed.
            LedgerUnavailable, SpoolUnavailable: an outage; nothing was accepted.
        """
        job_id = upload.job_id
        self._ledger.create(job_id, upload.options, self._slice_listings)
        writer = ChunkWriter(
            job_id,
            self._chunk_listings,
            self._spool,
            self._ledger,
            self._publisher,
            self._pool,
            self._go_on,
        )
        with self._undone_on_error(job_id, writer):
            rejections = self._write_rows(upload, body, writer)
            accepted = AcceptedJob(
                job_id=job_id, sequence=self._ledger.place(job_id), options=upload.options,
                chunks=writer.chunks, rows=writer.rows, slice_listings=self._slice_listings,
            )  # fmt: skip
            self._spool.put(accepted_key(job_id), accepted.model_dump_json().encode())
            before_seal()
            crash_at("upload-stored")
            hints = self._ledger.seal(job_id)
            if hints is None:
                raise Problem(409, "job_cancelled", "the job was cancelled during its upload")
        crash_at("upload-sealed")
        publish(self._publisher, hints)
        return Receipt(writer.rows - rejections.total(), rejections)

    def _write_rows(self, upload: Upload, body: Body, writer: ChunkWriter) -> Counter[str]:
        """Store every row; return how many were rejected, by code."""

        def alive() -> None:
            if not self._ledger.keep_receiving(upload.job_id):
                raise Problem(409, "job_cancelled", "the job was cancelled during its upload")

        def blocks() -> Iterator[bytes]:
            for block in body.blocks(alive):
                yield block
                # The client may take its time with the next one: what is complete can be encoded meanwhile.
                writer.send()

        rejections: Counter[str] = Counter()
        with open_upload(upload.kind, blocks(), self._limits, upload.columns) as opened, SeenIds() as seen:
            images = ImageReferences(writer.store_image, self._limits.max_image_bytes, opened.files)
            reader = RowReader(upload.columns, images)
            for number, raw in enumerate(opened.rows, 1):
                if number > self._limits.max_listings:
                    detail = f"a submission may have {self._limits.max_listings} listings"
                    raise Problem(413, "too_many_listings", detail)
                row = read_row(number, raw, reader, seen)
                if row.rejection is not None:
                    rejections[row.rejection.code] += 1
                writer.add(row)
        if not writer.rows:
            raise Problem(422, "submission_empty", "the body holds no listings")
        writer.finish()
        return rejections

    @contextmanager
    def _undone_on_error(self, job_id: str, writer: ChunkWriter) -> Iterator[None]:
        """Whatever goes wrong: end the job, delete what was stored, and go on raising."""
        try:
            yield
        except BaseException as error:
            writer.abandon()
            code, detail = _told(error)
            try:
                self._ledger.fail(job_id, code, detail)
                self._spool.delete_prefix(f"jobs/{job_id}")
            except (LedgerUnavailable, SpoolUnavailable) as outage:
                # Never deleted without the ledger: the seal may have got through. The reconciler tidies up.
                log.warning("an upload is not undone yet", extra={"job": job_id, "error": str(outage)})
            raise


def _told(error: BaseException) -> tuple[str, str]:
    if isinstance(error, Problem):
        return error.code, error.detail
    if isinstance(error, DoppelError):
        return error.code, str(error)
    return "upload_incomplete", "the upload was not received to its end"


def _listing(raw: dict[str, object], reader: RowReader, seen: SeenIds) -> Listing:
    listing_id = reader.listing_id(raw)
    try:
        listing = reader.listing(listing_id, raw)
    except RowRefused as refused:
        refused.listing_id = listing_id
        raise
    if not seen.add(listing_id):
        detail = "a listing with this id came earlier in this submission"
        raise RowRefused("listing_duplicate_id", detail, listing_id)
    return listing


def read_row(number: int, raw: RawRow, reader: RowReader, seen: SeenIds) -> Row:
    """Return the row's listing, or its rejection; the first listing of an id is kept."""
    if isinstance(raw, RowRefused):
        return _rejected(number, raw)
    try:
        return Row(row=number, listing=_listing(raw, reader, seen))
    except RowRefused as refused:
        return _rejected(number, refused)


def _rejected(number: int, refused: RowRefused) -> Row:
    rejection = Rejection(row=number, listing_id=refused.listing_id, code=refused.code, detail=refused.detail)
    return Row(row=number, rejection=rejection)
