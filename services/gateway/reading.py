"""Reads jobs for whoever asks over HTTP: what is asked for at the same time, in one look at the ledger."""

import asyncio
from collections.abc import Sequence

from shared.ledger import JobRecord, Ledger

# A look takes a few milliseconds at most, which the next one waits for.
_MOST_AT_ONCE = 256


def read_job(ledger: Ledger, job_id: str) -> JobRecord:
    """Return a job's record; a query past its deadline has failed from the moment somebody looks.

    Raises:
        UnknownJob, ExpiredJob, LedgerUnavailable: as `Ledger.read`.
    """
    (found,) = read_jobs(ledger, [job_id])
    if isinstance(found, Exception):
        raise found
    return found


def read_jobs(ledger: Ledger, job_ids: Sequence[str]) -> list[JobRecord | Exception]:
    """Return for each job what `read_job` returns or raises.

    Raises:
        LedgerUnavailable: Redis did not answer.
    """
    records, now_ms = ledger.read_many(job_ids)
    return [
        ledger.absence(job_id) if record is None else _in_time(ledger, record, now_ms)
        for job_id, record in zip(job_ids, records, strict=True)
    ]


def _in_time(ledger: Ledger, record: JobRecord, now_ms: int) -> JobRecord | Exception:
    if record.ended or record.deadline_ms is None or now_ms < record.deadline_ms:
        return record
    ledger.fail(record.id, "deadline_exceeded", "no worker answered in time")
    # It may have expired meanwhile, which is nobody's answer but its own.
    (late,), _ = ledger.read_many([record.id])
    return late or ledger.absence(record.id)


class JobReader:
    """Reads for many requests with one thread and one round trip: what is asked meanwhile is the next look.

    A look begins after all that it is for were asked, so that nobody is told what was true before. Belongs
    to one event loop.
    """

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._wanted: dict[str, asyncio.Future[JobRecord]] = {}
        self._looking: asyncio.Task[None] | None = None

    async def read(self, job_id: str) -> JobRecord:
        """Return a job's record.

        Raises:
            UnknownJob, ExpiredJob, LedgerUnavailable: as `read_job`.
        """
        found = self._wanted.get(job_id)
        if found is None:
            found = self._wanted[job_id] = asyncio.get_running_loop().create_future()
        if self._looking is None:
            self._looking = asyncio.create_task(self._look())
        # Others may wait for it, too, when this request is given up.
        return await asyncio.shield(found)

    async def _look(self) -> None:
        try:
            while self._wanted:
                job_ids = list(self._wanted)[:_MOST_AT_ONCE]
                wanted = [self._wanted.pop(job_id) for job_id in job_ids]
                try:
                    answers = await asyncio.to_thread(read_jobs, self._ledger, job_ids)
                except Exception as error:  # noqa: BLE001 - raised where it was asked
                    answers = [error] * len(wanted)
                for future, answer in zip(wanted, answers, strict=True):
                    _settle(future, answer)
        finally:
            self._looking = None


def _settle(future: "asyncio.Future[JobRecord]", answer: JobRecord | Exception) -> None:
    if isinstance(answer, Exception):
        future.set_exception(answer)
        # Whoever asked may be gone; that is no error of this process.
        future.exception()
    else:
        future.set_result(answer)
