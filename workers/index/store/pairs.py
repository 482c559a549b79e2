"""The scored pairs inside a catalog, from which groups are made."""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from shared.messages import Verdict
from workers.index.store.database import Database

# Without the plus signs SQLite looks up every listing with every other instead of reading the pairs.
_DROP_UNFOUND = """
WITH same(id) AS (
  SELECT id FROM listings JOIN job_rows ON id = listing AND sequence = row WHERE job = :job
)
DELETE FROM pairs
WHERE +a IN same AND +b IN same
  AND NOT EXISTS (
    SELECT 1 FROM job_pairs AS found WHERE job = :job AND found.a = pairs.a AND found.b = pairs.b
  )
"""

_OF_OTHERS = """
SELECT a, b FROM pairs
WHERE {side} IN ({marks})
  AND NOT EXISTS (SELECT 1 FROM job_rows WHERE job = ? AND listing = a)
  AND NOT EXISTS (SELECT 1 FROM job_rows WHERE job = ? AND listing = b)
"""
# Below SQLite's limit of bound values per statement.
_AT_ONCE = 10_000


class ScoredPair(NamedTuple):
    """Two listings, a < b, with what was decided."""

    a: str
    b: str
    probability: float
    verdict: Verdict


class FoundPair(NamedTuple):
    """A pair of a job: what was decided, and `shared.messages.Pair` as JSON."""

    a: str
    b: str
    probability: float
    verdict: Verdict
    message: str

    @property
    def scored(self) -> ScoredPair:
        """What the catalog keeps of it."""
        return ScoredPair(self.a, self.b, self.probability, self.verdict)


class PairTable:
    """Access to the pairs; keyed by both ids, so that writing twice changes nothing."""

    def __init__(self, database: Database) -> None:
        self._db = database.connection

    def put(self, pairs: Iterable[ScoredPair]) -> None:
        """Write the pairs."""
        self._db.executemany("INSERT OR REPLACE INTO pairs VALUES (?, ?, ?, ?)", pairs)

    def drop(self, pairs: Iterable[tuple[str, str]]) -> None:
        """Remove those of the pairs (a, b) that are there."""
        self._db.executemany("DELETE FROM pairs WHERE a = ? AND b = ?", pairs)

    def drop_of(self, listing_ids: Sequence[str]) -> None:
        """Remove all pairs of listings whose content changed."""
        for side in ("a", "b"):
            self._db.executemany(
                f"DELETE FROM pairs WHERE {side} = ?",  # noqa: S608 - either column
                ((listing_id,) for listing_id in listing_ids),
            )

    def drop_unfound(self, rematch: str) -> None:
        """Remove the pairs that a rematch did not find again.

        A pair stays whose listing was written since the rematch began: it is for that job to say.
        """
        self._db.execute(_DROP_UNFOUND, {"job": rematch})

    def of_others(self, job: str, listings: Sequence[str]) -> list[tuple[str, str]]:
        """Return the pairs of these listings neither side of which belongs to the job."""
        found: set[tuple[str, str]] = set()
        for start in range(0, len(listings), _AT_ONCE):
            part = listings[start : start + _AT_ONCE]
            for side in ("a", "b"):
                query = _OF_OTHERS.format(side=side, marks=",".join("?" * len(part)))
                found.update(self._db.execute(query, (*part, job, job)))
        return sorted(found)

    def all(self) -> Iterator[ScoredPair]:
        """Yield every pair."""
        return map(ScoredPair._make, self._db.execute("SELECT a, b, probability, verdict FROM pairs"))
