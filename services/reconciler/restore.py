"""Rebuilds the ledger from the spool after Redis lost everything."""

import logging
from collections.abc import Iterator

from shared.broker import Publisher
from shared.crash import crash_at
from shared.ledger import Ledger
from shared.messages import AcceptedJob, Chunk, FinishedJob
from shared.spool import Spool, accepted_key, chunk_key, finished_key

log = logging.getLogger(__name__)


def _chunk_rows(spool: Spool, accepted: AcceptedJob) -> Iterator[int]:
    for chunk in range(accepted.chunks):
        data = spool.get(chunk_key(accepted.job_id, chunk))
        yield len(Chunk.model_validate_json(data).rows) if data else 0


def restore(ledger: Ledger, spool: Spool, publisher: Publisher) -> int:
    """Bring back every accepted job that the ledger does not know, or not wholly; return how many.

    A job that had not ended starts over: each of its steps can be repeated. One that had ended gets its
    record back, so that its results stay readable. An upload that was never accepted is left to its client.
    """
    restored = 0
    for job_id in sorted(spool.job_ids()):
        data = spool.get(accepted_key(job_id))
        if data is None or ledger.knows(job_id):
            continue
        accepted = AcceptedJob.model_validate_json(data)
        ended = spool.get(finished_key(job_id))
        if ended is None:
            publisher.hint(*ledger.restore(accepted, _chunk_rows(spool, accepted)))
        else:
            ledger.restore_ended(accepted, FinishedJob.model_validate_json(ended))
        restored += 1
        crash_at("job-restored")
    if restored:
        log.warning("restored jobs from the spool", extra={"jobs": restored})
    return restored
