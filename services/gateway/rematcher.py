"""Accepts rematches: a job without an upload, durable like a submission."""

import logging

from services.gateway.upload.chunks import publish
from shared.broker import Publisher
from shared.errors import LedgerUnavailable, SpoolUnavailable
from shared.ledger import Ledger
from shared.messages import AcceptedJob, JobOptions
from shared.spool import Spool, accepted_key

log = logging.getLogger(__name__)


class Rematcher:
    """The use case."""

    def __init__(self, spool: Spool, ledger: Ledger, publisher: Publisher, slice_listings: int) -> None:
        self._spool = spool
        self._ledger = ledger
        self._publisher = publisher
        self._slice_listings = slice_listings

    def accept(self, job_id: str, options: JobOptions) -> None:
        """Make the job; when this returns, it is on disk. Whether the catalog exists shows when it runs.

        Raises:
            LedgerUnavailable, SpoolUnavailable: an outage; nothing was accepted.
        """
        self._ledger.create(job_id, options, self._slice_listings, kind="rematch")
        try:
            accepted = AcceptedJob(
                job_id=job_id, kind="rematch", sequence=self._ledger.place(job_id), options=options,
                chunks=0, rows=0, slice_listings=self._slice_listings,
            )  # fmt: skip
            self._spool.put(accepted_key(job_id), accepted.model_dump_json().encode())
            # None when it was cancelled in this moment, which its record says.
            hints = self._ledger.seal(job_id) or ()
        except (LedgerUnavailable, SpoolUnavailable) as error:
            self._undo(job_id, error)
            raise
        publish(self._publisher, hints)

    def _undo(self, job_id: str, error: LedgerUnavailable | SpoolUnavailable) -> None:
        try:
            self._ledger.fail(job_id, error.code, str(error))
            self._spool.delete_prefix(f"jobs/{job_id}")
        except (LedgerUnavailable, SpoolUnavailable) as outage:
            # Never deleted without the ledger: the seal may have got through. The reconciler tidies up.
            log.warning("a rematch is not undone yet", extra={"job": job_id, "error": str(outage)})
