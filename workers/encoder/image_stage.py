"""Encodes the images of a chunk: threads decode the next ones while the model works on these."""

from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice

from workers.encoder.entries import Entry, Found, Proceed
from workers.encoder.image_intake import Claims, ImageIntake, Taken
from workers.encoder.ports import ImageEncoder, VectorCache
from workers.encoder.refusal import ImageRefused
from workers.encoder.vectors import to_wire


class ImageStage:
    """Holds the threads. At most `batch + threads` prepared images wait, whatever the size of a chunk."""

    def __init__(
        self, intake: ImageIntake, encoder: ImageEncoder, cache: VectorCache, batch: int, threads: int
    ) -> None:
        self._intake = intake
        self._encoder = encoder
        self._cache = cache
        self._batch = batch
        self._ahead = batch + threads
        self._pool = ThreadPoolExecutor(max_workers=threads, thread_name_prefix="decode")

    def close(self) -> None:
        """End the threads."""
        self._pool.shutdown(cancel_futures=True)

    def run(self, entries: Sequence[Entry], proceed: Proceed) -> Found:
        """Return vectors and refusals of the entries' images; the same content is encoded once.

        Raises:
            TransientError: storage or cache did not answer.
        """
        digests: dict[int, str] = {}
        by_content: dict[str, bytes] = {}
        refused: dict[str, ImageRefused] = {}
        found = Found({}, {})
        waiting: list[Taken] = []
        for taken in self._taken(entries):
            proceed()
            digests[taken.row] = taken.digest
            if taken.refusal is not None and not taken.digest:
                found.refused[taken.row] = (taken.refusal.code, taken.refusal.detail)
            elif taken.refusal is not None:
                refused[taken.digest] = taken.refusal
            elif taken.vector is not None:
                by_content[taken.digest] = taken.vector
            elif taken.prepared is not None:
                waiting.append(taken)
            if len(waiting) >= self._batch:
                by_content |= self._embed(waiting)
                waiting = []
        by_content |= self._embed(waiting)
        for row, digest in digests.items():
            if digest in by_content:
                found.vectors[row] = by_content[digest]
            elif digest in refused:
                found.refused[row] = (refused[digest].code, refused[digest].detail)
        return found

    def _taken(self, entries: Sequence[Entry]) -> Iterator[Taken]:
        """Yield what became of each image, in order, a bounded number of them in work."""
        claims = Claims()
        rest = iter(entries)
        futures: deque[Future[Taken]] = deque()
        try:
            for entry in islice(rest, self._ahead):
                futures.append(self._pool.submit(self._intake.take, entry, claims))
            while futures:
                yield futures.popleft().result()
                for entry in islice(rest, 1):
                    futures.append(self._pool.submit(self._intake.take, entry, claims))
        finally:
            for future in futures:
                future.cancel()

    def _embed(self, waiting: Sequence[Taken]) -> dict[str, bytes]:
        if not waiting:
            return {}
        rows = to_wire(self._encoder.embed([taken.prepared for taken in waiting]))
        fresh = dict(zip((taken.digest for taken in waiting), rows, strict=True))
        self._cache.put(fresh)
        return fresh
