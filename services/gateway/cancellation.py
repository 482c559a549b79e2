"""Cancels jobs."""

from services.gateway.reading import read_job
from shared.ledger import JobRecord, Ledger
from shared.messages import FinishedJob
from shared.spool import Spool, finished_key


class Canceller:
    """The use case."""

    def __init__(self, ledger: Ledger, spool: Spool) -> None:
        self._ledger = ledger
        self._spool = spool

    def cancel(self, job_id: str) -> JobRecord:
        """End the job; one that has ended stays as it is.

        The end is written to the spool first: a ledger rebuilt from it must not run the job again.

        Raises:
            UnknownJob, ExpiredJob, LedgerUnavailable, SpoolUnavailable.
        """
        record = read_job(self._ledger, job_id)
        if record.ended:
            return record
        if not record.bulk:
            self._ledger.cancel(job_id)
            return self._ledger.read(job_id)
        key = finished_key(job_id)
        before = self._spool.get(key)
        self._spool.put(key, FinishedJob(job_id=job_id, status="cancelled").model_dump_json().encode())
        cancelled = self._ledger.cancel(job_id)
        record = self._ledger.read(job_id)
        if not cancelled:
            # It ended in this moment: its own end stands.
            self._spool.put(key, before or _end_of(record))
        return record


def _end_of(record: JobRecord) -> bytes:
    status = record.status if record.status in ("succeeded", "failed") else "cancelled"
    fields = {name: count for name, count in record.counts.items() if count}
    return (
        FinishedJob.model_validate({"job_id": record.id, "status": status, "fields": fields})
        .model_dump_json()
        .encode()
    )
