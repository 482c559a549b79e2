"""The scored pairs inside a catalog, from which groups are made."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from shared.messages import Verdict
from workers.index.store.database import Database


@dataclass(frozen=True, slots=True)
class ScoredPair:
    """Two listings, a < b, with what was decided."""

    a: str
    b: str
    probability: float
    verdict: Verdict


class PairTable:
    """Access to the pairs; keyed by both ids, so that writing twice changes nothing."""

    def __init__(self, database: Database) -> None:
        self._db = database.connection

    def put(self, pairs: Iterable[ScoredPair]) -> None:
        """Write the pairs."""
        rows = [(pair.a, pair.b, pair.probability, pair.verdict) for pair in pairs]
        self._db.executemany("INSERT OR REPLACE INTO pairs VALUES (?, ?, ?, ?)", rows)

    def drop(self, pairs: Iterable[tuple[str, str]]) -> None:
        """Remove those of the pairs (a, b) that are there."""
        self._db.executemany("DELETE FROM pairs WHERE a = ? AND b = ?", pairs)

    def drop_of(self, listing_id: str) -> None:
        """Remove all pairs of a listing: its content changed."""
        self._db.execute("DELETE FROM pairs WHERE a = ?", (listing_id,))
        self._db.execute("DELETE FROM pairs WHERE b = ?", (listing_id,))

    def all(self) -> Iterator[ScoredPair]:
        """Yield every pair."""
        rows = self._db.execute("SELECT a, b, probability, verdict FROM pairs")
        return (ScoredPair(*row) for row in rows)
