"""Cuts rows into chunks and brings them into the spool and the ledger while the upload goes on."""

import logging
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import Executor, Future
from typing import NamedTuple

from pydantic_core import to_json

from services.gateway.problems import Problem
from shared.broker import Publisher
from shared.crash import crash_at
from shared.errors import LedgerUnavailable
from shared.images import SpooledImage
from shared.ledger import Ledger
from shared.messages import Row, UnitHint
from shared.spool import Spool, chunk_key, image_key

log = logging.getLogger(__name__)

# Enough to hide the disk's latency; what waits is held in memory.
_MOST_IN_FLIGHT = 4
# Images go into the spool many in a blob: a file, with what it takes to be durable, costs more than an image.
_MAX_PACK_BYTES = 1024**2
# A chunk of long rows is cut early, so that memory does not depend on the length of rows.
_MAX_CHUNK_BYTES = 8 * 1024**2
# Chunks that came in one block are recorded and announced together, in one round trip each: done for every
# chunk, that takes as much CPU time as storing it.
_MOST_IN_GROUP = 8
_MAX_GROUP_BYTES = 2 * 1024**2


class CutChunk(NamedTuple):
    """A chunk as the spool gets it, and how many rows it has."""

    data: bytes
    rows: int


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
        self._pack: list[bytes] = []
        self._pack_bytes = 0
        self._packs: deque[Future[None]] = deque()
        self._packed = 0
        self._group: dict[int, CutChunk] = {}
        self._groups: deque[Future[None]] = deque()
        self.chunks = 0
        self.rows = 0

    def add(self, row: Row) -> None:
        """Take a row.

        Raises:
            SpoolUnavailable, LedgerUnavailable: an earlier chunk could not be stored.
            Problem: the job was cancelled meanwhile, or what `go_on` raises.
        """
        encoded = to_json(row)
        self._rows.append(encoded)
        self._bytes += len(encoded)
        self.rows += 1
        if len(self._rows) >= self._chunk_listings or self._bytes > _MAX_CHUNK_BYTES:
            self._cut()

    def store_image(self, data: bytes) -> str:
        """Take the bytes of an image; return how listings of this chunk and of later ones refer to them."""
        if self._pack_bytes + len(data) > _MAX_PACK_BYTES:
            self._store_pack()
        image = SpooledImage(self._pack_key(), self._pack_bytes, len(data))
        self._pack.append(data)
        self._pack_bytes += len(data)
        return str(image)

    def finish(self) -> None:
        """Return when everything that was taken is stored."""
        if self._rows:
            self._cut()
        self.send()
        self._wait(self._groups, 0)

    def abandon(self) -> None:
        """Wait for what is in flight, so that what it stores can be deleted."""
        for future in (*self._packs, *self._groups):
            future.cancel()
        for future in (*self._packs, *self._groups):
            if not future.cancelled():
                future.exception()

    def _wait(self, futures: "deque[Future[None]]", most: int) -> None:
        while len(futures) > most:
            futures.popleft().result()

    def _pack_key(self) -> str:
        return image_key(self._job_id, f"{self._packed:06d}")

    def _store_pack(self) -> None:
        if not self._pack:
            return
        self._go_on()
        self._wait(self._packs, _MOST_IN_FLIGHT - 1)
        self._packs.append(self._pool.submit(self._spool.put, self._pack_key(), b"".join(self._pack)))
        self._pack, self._pack_bytes = [], 0
        self._packed += 1

    def _cut(self) -> None:
        self._store_pack()
        self._go_on()
        data = b"".join((self._head, b",".join(self._rows), b"]}"))
        self._group[self.chunks] = CutChunk(data, len(self._rows))
        self.chunks += 1
        self._rows, self._bytes = [], 0
        waiting = sum(len(chunk.data) for chunk in self._group.values())
        if len(self._group) >= _MOST_IN_GROUP or waiting > _MAX_GROUP_BYTES:
            self.send()

    def send(self) -> None:
        """Have the chunks that were cut stored, recorded and announced, if there are any.

        Raises:
            SpoolUnavailable, LedgerUnavailable, Problem: as `add`.
        """
        if not self._group:
            return
        # Encoding starts as soon as the ledger knows the chunks: their images have to be there.
        self._wait(self._packs, 0)
        self._wait(self._groups, _MOST_IN_FLIGHT - 1)
        self._groups.append(self._pool.submit(self._store, self._group))
        self._group = {}

    def _store(self, group: dict[int, CutChunk]) -> None:
        for number, chunk in group.items():
            self._spool.put(chunk_key(self._job_id, number), chunk.data)
        crash_at("chunk-spooled")
        hints = self._ledger.add_chunks(self._job_id, {number: chunk.rows for number, chunk in group.items()})
        if hints is None:
            raise Problem(409, "job_cancelled", "the job was cancelled during its upload")
        crash_at("chunk-recorded")
        publish(self._publisher, hints)


def publish(publisher: Publisher, hints: Iterable[UnitHint]) -> None:
    """Publish hints; what Redis did not take is only logged, as the reconciler repeats it."""
    try:
        publisher.hint(*hints)
    except LedgerUnavailable as error:
        log.warning("hints were not published", extra={"error": str(error)})
