"""Rebuilds the ledger from the spool after Redis lost everything."""

import logging
from collections.abc import Iterator

from pydantic import ValidationError

from shared.broker import Publisher
from shared.chunks import read_rows
from shared.crash import crash_at
from shared.errors import ChunkLost
from shared.ledger import Ledger
from shared.messages import AcceptedJob, FinishedJob
from shared.spool import Spool, accepted_key, finished_key

log = logging.getLogger(__name__)


def _chunk_rows(spool: Spool, accepted: AcceptedJob) -> Iterator[int]:
    for chunk in range(accepted.chunks):
        try:
            yield len(read_rows(spool, accepted.job_id, str(chunk)))
        except ChunkLost:
            # The encoder that meets it tells the client.
            yield 0


def restore(ledger: Ledger, spool: Spool, publisher: Publisher) -> int:
    """Bring back every accepted job that the ledger does not know, or not wholly; return how many.

    A job that had not ended starts over: each of its steps can be repeated. One that had ended gets its
    record back, so that its results stay readable. An upload that was never accepted is left to its client,
    and a job whose records cannot be read to the operator, who finds it in the log.
    """
    restored = 0
    for job_id in sorted(spool.job_ids()):
        data = spool.get(accepted_key(job_id))
        if data is None or ledger.knows(job_id):
            continue
        try:
            accepted = AcceptedJob.model_validate_json(data)
            ended = spool.get(finished_key(job_id))
            record = None if ended is None else FinishedJob.model_validate_json(ended)
        except ValidationError as error:
            about = {"job": job_id, "record": error.title}
            log.error("a job cannot be restored: its record is damaged", extra=about)  # noqa: TRY400
            continue
        if record is None:
            publisher.hint(*ledger.restore(accepted, _chunk_rows(spool, accepted)))
        else:
            ledger.restore_ended(accepted, record)
        restored += 1
        crash_at("job-restored")
    if restored:
        log.warning("restored jobs from the spool", extra={"jobs": restored})
    return restored
