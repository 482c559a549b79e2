"""Encodes the images of a chunk: threads decode the next ones while the model works on these."""

from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Final

from workers.encoder.entries import Entry, Found, Proceed
from workers.encoder.image_intake import Claims, ImageIntake, Taken
from workers.encoder.ports import ImageEncoder, VectorCache
from workers.encoder.refusal import ImageRefused
from workers.encoder.vectors import to_wire

# Images that a thread takes in one go.
_MOST_AT_ONCE: Final = 8


class ImageStage:
    """Holds the threads. At most `batch + threads` prepared images wait, whatever the size of a chunk.

    Threads take several images at once where there are enough for all of them; then it may be so many more.
    """

    def __init__(
        self, intake: ImageIntake, encoder: ImageEncoder, cache: VectorCache, batch: int, threads: int
    ) -> None:
        self._intake = intake
        self._encoder = encoder
        self._cache = cache
        self._batch = batch
        self._threads = threads
        self._most_at_once = min(_MOST_AT_ONCE, max(1, batch // threads))
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
        """Yield what became of each image, a bounded number of them in work."""
        claims = Claims()
        at_once = min(self._most_at_once, max(1, len(entries) // self._threads))
        most = (self._batch + self._threads) // at_once + 1
        futures: deque[Future[list[Taken]]] = deque()
        try:
            for start in range(0, len(entries), at_once):
                part = entries[start : start + at_once]
                futures.append(self._pool.submit(self._intake.take, part, claims))
                if len(futures) == most:
                    yield from futures.popleft().result()
            while futures:
                yield from futures.popleft().result()
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
