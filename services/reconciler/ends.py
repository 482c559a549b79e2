"""Writes the end of jobs into the spool, so that a ledger rebuilt from it does not run them again."""

from pydantic import ValidationError

from shared.ledger import JobRecord, Ledger
from shared.messages import FinishedJob
from shared.spool import Spool, finished_key


def record_ends(ledger: Ledger, spool: Spool) -> int:
    """Make the spool say of each job that ended lately what the ledger says; return of how many it did not.

    A job that failed has nowhere else been written down. A job that was cancelled in the moment in which it
    finished may have been written down as the other: only the ledger knows which came first.
    """
    recorded = 0
    for job_id in ledger.upkeep.leftovers(ledger.upkeep.now_ms()):
        record = ledger.read(job_id)
        # What was never accepted is not restored.
        if record.ended and record.sealed and _recorded(spool, job_id) != record.status:
            spool.put(finished_key(job_id), end_of(record).model_dump_json().encode())
            recorded += 1
    return recorded


def _recorded(spool: Spool, job_id: str) -> str | None:
    data = spool.get(finished_key(job_id))
    try:
        return None if data is None else FinishedJob.model_validate_json(data).status
    except ValidationError:
        # Damaged; what is written instead can be restored.
        return None


def end_of(record: JobRecord) -> FinishedJob:
    """Return the record of a job's end."""
    counts = {name: count for name, count in record.counts.items() if count}
    error = {} if record.error is None else {"error": record.error}
    return FinishedJob.model_validate(
        {"job_id": record.id, "status": record.status, "fields": {**counts, **error}}
    )
