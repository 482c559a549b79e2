"""Lists submissions, newest first."""

from dataclasses import dataclass
from urllib.parse import urlencode

from services.gateway.cursors import decode_cursor, encode_cursor
from services.gateway.job_view import JobView, view
from shared.ledger import JobRecord, Ledger

_BATCH = 200
# A filter that hardly any job passes must not read the whole ledger in one request.
_MOST_BATCHES = 5
# Sorts after every id: the jobs of a millisecond are all still to come.
_AFTER_ALL_IDS = "Z"


@dataclass(frozen=True, slots=True)
class JobFilter:
    """Which jobs are wanted; `scope` holds the catalogs that may be seen, None for all."""

    status: str | None = None
    catalog: str | None = None
    scope: frozenset[str] | None = None

    def wants(self, record: JobRecord) -> bool:
        """Say whether the job is wanted."""
        if self.scope is not None and not record.catalogs <= self.scope:
            return False
        return self.status in (None, record.status) and self.catalog in (None, record.catalog)

    def query(self) -> dict[str, str]:
        """Return what the client filtered by as query parameters."""
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
    found_at: tuple[int, str] | None = None
    for _ in range(_MOST_BATCHES):
        # Jobs of one millisecond come in falling order of their ids: read it again, skip what was seen.
        records = ledger.recent(position[0] + 1 if position else None, batch)
        unseen = [r for r in records if position is None or (r.created_ms, r.id) < position]
        if not unseen and len(records) < batch:
            return found, None
        if not unseen:
            # More jobs of one millisecond than are read at once; by small steps the batches would run out.
            batch = max(_BATCH, 2 * batch)
        for record in unseen:
            if len(found) == limit and position:
                return found, _address(wanted, position, limit)
            position = (record.created_ms, record.id)
            if wanted.wants(record):
                found.append(view(record))
                found_at = position
    return found, _address(wanted, _unseen(position, found_at), limit) if position else None


def _unseen(position: tuple[int, str], shown: tuple[int, str] | None) -> tuple[int, str]:
    """Return where to go on without naming a job that the page did not show."""
    if shown is not None and shown[0] == position[0]:
        return shown
    return position[0], _AFTER_ALL_IDS


def _address(wanted: JobFilter, position: tuple[int, str], limit: int) -> str:
    query = {"cursor": encode_cursor(*position), "limit": str(limit), **wanted.query()}
    return f"/api/jobs?{urlencode(query)}"
