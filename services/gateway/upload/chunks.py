"""Cuts rows into chunks and brings them into the spool and the ledger while the upload goes on."""

import logging
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import Executor, Future
from hashlib import sha256

from services.gateway.problems import Problem
from shared.broker import Publisher
from shared.crash import crash_at
from shared.errors import LedgerUnavailable
from shared.ledger import Ledger
from shared.messages import Row, UnitHint
from shared.spool import Spool, chunk_key, image_key

log = logging.getLogger(__name__)

# Enough to hide the disk's latency; what waits is held in memory.
_MOST_IN_FLIGHT = 4
# A chunk of long rows is cut early, so that memory does not depend on the length of rows.
_MAX_CHUNK_BYTES = 8 * 1024**2


class ChunkWriter:
    """Takes the rows of one job, in order; `go_on` may wait or raise before anything is stored."""

    def __init__(
        self,
        job_id: str,
        chunk_listings: int,
        spool: Spool,
        ledger: Ledger,
        publisher: Publisher,
        pool: Executor,
        go_on: Callable[[], None],
    ) -> None:
        self._job_id = job_id
        self._chunk_listings = chunk_listings
        self._spool = spool
        self._ledger = ledger
        self._publisher = publisher
        self._pool = pool
        self._go_on = go_on
        self._head = f'{{"job_id":"{job_id}","rows":['.encode()
        self._rows: list[bytes] = []
        self._bytes = 0
        self._images: deque[Future[None]] = deque()
        self._chunks: deque[Future[None]] = deque()
        self.chunks = 0
        self.rows = 0

    def add(self, row: Row) -> None:
        """Take a row.

        Raises:
            SpoolUnavailable, LedgerUnavailable: an earlier chunk could not be stored.
            Problem: the job was cancelled meanwhile, or what `go_on` raises.
        """
        encoded = row.model_dump_json().encode()
        self._rows.append(encoded)
        self._bytes += len(encoded)
        self.rows += 1
        if len(self._rows) >= self._chunk_listings or self._bytes > _MAX_CHUNK_BYTES:
            self._cut()

    def store_image(self, data: bytes) -> str:
        """Store the bytes of an image; return how a listing refers to them."""
        self._go_on()
        key = image_key(self._job_id, sha256(data).hexdigest())
        self._wait(self._images, _MOST_IN_FLIGHT - 1)
        self._images.append(self._pool.submit(self._spool.put, key, data))
        return f"spool:{key}"

    def finish(self) -> None:
        """Return when everything that was taken is stored."""
        if self._rows:
            self._cut()
        self._wait(self._images, 0)
        self._wait(self._chunks, 0)

    def abandon(self) -> None:
        """Wait for what is in flight, so that what it stores can be deleted."""
        for future in (*self._images, *self._chunks):
            future.cancel()
        for future in (*self._images, *self._chunks):
            if not future.cancelled():
                future.exception()

    def _wait(self, futures: "deque[Future[None]]", most: int) -> None:
        while len(futures) > most:
            futures.popleft().result()

    def _cut(self) -> None:
        self._go_on()
        # Encoding starts as soon as the ledger knows the chunk: its images have to be there.
        self._wait(self._images, 0)
        self._wait(self._chunks, _MOST_IN_FLIGHT - 1)
        data = b"".join((self._head, b",".join(self._rows), b"]}"))
        self._chunks.append(self._pool.submit(self._store, self.chunks, data, len(self._rows)))
        self.chunks += 1
        self._rows, self._bytes = [], 0

    def _store(self, chunk: int, data: bytes, rows: int) -> None:
        self._spool.put(chunk_key(self._job_id, chunk), data)
        crash_at("chunk-spooled")
        hint = self._ledger.add_chunk(self._job_id, chunk, rows)
        if hint is None:
            raise Problem(409, "job_cancelled", "the job was cancelled during its upload")
        crash_at("chunk-recorded")
        publish(self._publisher, (hint,))


def publish(publisher: Publisher, hints: Iterable[UnitHint]) -> None:
    """Publish hints; what Redis did not take is only logged, as the reconciler repeats it."""
    try:
        publisher.hint(*hints)
    except LedgerUnavailable as error:
        log.warning("hints were not published", extra={"error": str(error)})
