"""Stage `ingest`: the embeddings of a chunk go into the catalog."""

import logging

from shared.chunks import read_rows
from shared.crash import crash_at
from shared.errors import CorruptBlock
from shared.inflight import InFlight
from shared.ledger import Claim, Ledger
from shared.messages import Row, UnitHint
from shared.spool import Spool
from workers.index.arrival import Arrival, read_arrival
from workers.index.catalogs import Catalogs
from workers.index.store import Counts

log = logging.getLogger(__name__)


class Ingest:
    """Stores chunks. Storing one twice changes nothing and reports the same counts."""

    def __init__(self, ledger: Ledger, spool: Spool, inflight: InFlight, catalogs: Catalogs) -> None:
        self._ledger = ledger
        self._spool = spool
        self._inflight = inflight
        self._catalogs = catalogs

    def __call__(self, claim: Claim) -> tuple[UnitHint, ...]:
        """Do the unit of work; return the units that became possible.

        Raises:
            ProfileMismatch: the catalog holds embeddings of another model.
            ChunkLost: the spool does not have the chunk any more.
            SpoolUnavailable, LedgerUnavailable: to be tried again.
        """
        job, unit = claim.job_id, claim.unit
        record = self._ledger.read(job)
        assert record.options is not None  # noqa: S101 - every submission has options
        with self._catalogs.changing(record.options.catalog) as catalog:
            counts = catalog.jobs.finished_chunk(job, unit)
            if counts is None:
                rows = read_rows(self._spool, job, unit)
                arrival = self._arrival(job, unit, rows)
                if arrival is None:
                    log.warning("embeddings were lost, the chunk is encoded again")
                    return self._ledger.units.reopen(job, unit, len(rows))
                counts = catalog.ingest(job, unit, record.sequence, arrival)
                crash_at("chunk-committed")
        return self._complete(claim, counts)

    def _arrival(self, job: str, unit: str, rows: tuple[Row, ...]) -> Arrival | None:
        block = self._inflight.get_block(job, unit)
        try:
            return None if block is None else read_arrival(rows, block)
        except CorruptBlock as error:
            log.warning("unreadable embeddings", extra={"error": str(error)})
            return None

    def _complete(self, claim: Claim, counts: Counts) -> tuple[UnitHint, ...]:
        hints = self._ledger.units.complete(claim, listings=counts.accepted, rejected=counts.rejected)
        crash_at("chunk-completed")
        self._inflight.drop_block(claim.job_id, claim.unit)
        return hints
