"""Embeddings of listings made by the encoder workers that are running: more of them, and it goes faster."""

import logging
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from shared.errors import TransientError
from shared.messages import Listing
from shared.settings import CommonSettings
from workers.index.arrays import Modality
from workers.trainer.embedding import Embeddings, Progress
from workers.trainer.encoding_job import EncodingJob, Fetched, NoEncoders, open_job
from workers.trainer.remote_work import RemoteWork, WorkChunk

log = logging.getLogger(__name__)

_LOOK_EVERY_S = 0.05
_PRESENCE_EVERY_S = 5.0


def embed_remotely(
    listings: Sequence[Listing],
    root: Path | None,
    settings: CommonSettings,
    cache: Path | None = None,
    progress: Progress | None = None,
    *,
    models: Mapping[Modality, tuple[str, int]] | None = None,
    chunk_contents: int = 32,
    most_waiting: int = 64,
    patience_s: float = 60,
) -> Embeddings:
    """Do what `workers.trainer.embedding.embed` does through the running encoders.

    They decide the models unless `models` names those that are wanted, with their dimensions; the first chunk
    that comes back tells others.

    `settings` name their Redis and spool. A chunk has `chunk_contents` titles or photos (32 for encoders on a
    CPU, 256 on a GPU); `most_waiting` chunks at most are before the encoders, so that Redis and spool hold no
    more than that. What was refused is data: `unreadable` tells code and reason.

    Raises:
        NoEncoders: none was there for `patience_s`, which a start of theirs may take.
        EncodingStopped: the job was cancelled, failed, or was lost by Redis.
        ProfileMismatch: encoders of different models are running, or of others than are wanted.
        TransientError: an outage that lasted longer than `patience_s`.
        OSError: a photo cannot be read.
    """
    work = RemoteWork(listings, root, cache, models)
    try:
        with open_job(settings) as job:
            for fetched in _through(job, work, chunk_contents, most_waiting, patience_s):
                work.take(fetched)
                if progress is not None:
                    for modality, (done, total) in work.done().items():
                        progress(modality, done, total)
    finally:
        work.save()
    return work.embeddings()


class _Patience:
    """Bears outages and missing encoders, but not for longer than so many seconds."""

    def __init__(self, job: EncodingJob, seconds: float) -> None:
        self._job = job
        self._seconds = seconds
        self._answered = self._served = self._looked = time.monotonic()

    def outage(self, error: TransientError) -> None:
        """Take note of an outage; raise it when it has lasted too long."""
        if time.monotonic() - self._answered > self._seconds:
            raise error
        log.warning("outage, trying again", extra={"error": str(error)})

    def answer(self, served: bool) -> None:
        """Take note that all answered, and whether an encoder had done something.

        Raises:
            NoEncoders: there has been none for too long.
        """
        now = self._answered = time.monotonic()
        if served:
            self._served = now
        elif now - max(self._served, self._looked) > min(_PRESENCE_EVERY_S, self._seconds):
            self._looked = now
            if self._job.encoders():
                self._served = now
            elif now - self._served > self._seconds:
                raise NoEncoders(f"no encoder takes bulk work; waited {self._seconds:g} s for one to start")


def _through(
    job: EncodingJob, work: RemoteWork, chunk_contents: int, most_waiting: int, patience_s: float
) -> Iterator[Fetched]:
    """Keep so many chunks before the encoders and yield what comes back, until all is through."""
    patience = _Patience(job, patience_s)
    chunk: WorkChunk | None = None
    while chunk is None or chunk.rows or job.waiting:
        served = False
        try:
            while job.waiting < (1 if work.probing else most_waiting):
                chunk = chunk or work.chunk(job, chunk_contents)
                if not chunk.rows:
                    break
                job.put(chunk.rows, chunk.images)
                chunk = None
            for fetched in job.fetch():
                served = True
                yield fetched
            patience.answer(served)
        except TransientError as error:
            patience.outage(error)
        if not served:
            time.sleep(_LOOK_EVERY_S)
