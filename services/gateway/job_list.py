"""Lists submissions, newest first."""

from dataclasses import dataclass
from urllib.parse import urlencode

from services.gateway.cursors import decode_cursor, encode_cursor
from services.gateway.job_view import JobView, view
from shared.ledger import JobRecord, Ledger

_BATCH = 200
# A filter that hardly any job passes must not read the whole ledger in one request.
_MOST_BATCHES = 5


@dataclass(frozen=True, slots=True)
class JobFilter:
    """Which jobs are wanted."""

    status: str | None = None
    catalog: str | None = None

    def wants(self, record: JobRecord) -> bool:
        """Say whether the job is wanted."""
        catalog = record.options.catalog if record.options else None
        return self.status in (None, record.status) and self.catalog in (None, catalog)

    def query(self) -> dict[str, str]:
        """Return the filter as query parameters."""
        named = {"status": self.status, "catalog": self.catalog}
        return {name: value for name, value in named.items() if value is not None}


def list_jobs(
    ledger: Ledger, wanted: JobFilter, cursor: str | None, limit: int
) -> tuple[list[JobView], str | None]:
    """Return a page of jobs and the address of the next, None at the end.

    Raises:
        Problem: the cursor is not ours.
        LedgerUnavailable: the ledger did not answer.
    """
    position = decode_cursor(cursor)
    batch = min(_BATCH, limit + 1) if wanted == JobFilter() else _BATCH
    found: list[JobView] = []
    for _ in range(_MOST_BATCHES):
        # Jobs of one millisecond come in falling order of their ids: read it again, skip what was seen.
        records = ledger.recent(position[0] + 1 if position else None, batch)
        records = [r for r in records if position is None or (r.created_ms, r.id) < position]
        if not records:
            return found, None
        for record in records:
            if len(found) == limit and position:
                return found, _address(wanted, position, limit)
            position = (record.created_ms, record.id)
            if wanted.wants(record):
                found.append(view(record))
    return found, _address(wanted, position, limit) if position else None


def _address(wanted: JobFilter, position: tuple[int, str], limit: int) -> str:
    query = {"cursor": encode_cursor(*position), "limit": str(limit), **wanted.query()}
    return f"/api/jobs?{urlencode(query)}"
