"""Stage `ingest`: the embeddings of a chunk go into the catalog; a rematch takes what is there already."""

import logging

from shared.chunks import read_rows
from shared.crash import crash_at
from shared.errors import CorruptBlock
from shared.inflight import InFlight
from shared.ledger import Claim, JobRecord, Ledger
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
            UnknownCatalog: there is no catalog to match again.
            ChunkLost: the spool does not have the chunk any more.
            SpoolUnavailable, LedgerUnavailable: to be tried again.
        """
        job, unit = claim.job_id, claim.unit
        record = self._ledger.read(job)
        assert record.options is not None  # noqa: S101 - every job of this stage has options
        if record.kind == "rematch":
            return self._take_catalog(claim, record, record.options.catalog)
        with self._catalogs.changing(record.options.catalog) as catalog:
            counts = catalog.jobs.finished_chunk(job, unit)
        if counts is None:
            # Outside: an outage has changed nothing, and opening a large catalog anew takes long.
            rows = read_rows(self._spool, job, unit)
            arrival = self._arrival(job, unit, rows)
            if arrival is None:
                log.warning("embeddings were lost, the chunk is encoded again")
                return self._ledger.units.reopen(job, unit, len(rows))
            with self._catalogs.changing(record.options.catalog) as catalog:
                counts = catalog.ingest(job, unit, record.sequence, arrival)
                crash_at("chunk-committed")
        return self._complete(claim, counts)

    def _take_catalog(self, claim: Claim, record: JobRecord, name: str) -> tuple[UnitHint, ...]:
        with self._catalogs.changing(name, make=False) as catalog:
            counts = catalog.jobs.finished_chunk(record.id, claim.unit)
            if counts is None:
                with catalog.database.transaction():
                    counts = Counts(accepted=catalog.jobs.add_catalog(record.id), rejected=0)
                    catalog.jobs.finish_chunk(record.id, claim.unit, counts)
        return self._ledger.units.complete(claim, rows=counts.accepted, listings=counts.accepted)

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
