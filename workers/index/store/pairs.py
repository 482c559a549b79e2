"""The scored pairs inside a catalog, from which groups are made."""

from collections.abc import Iterator
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

    def put(self, pair: ScoredPair) -> None:
        """Write the pair."""
        row = (pair.a, pair.b, pair.probability, pair.verdict)
        self._db.execute("INSERT OR REPLACE INTO pairs VALUES (?, ?, ?, ?)", row)

    def drop(self, a: str, b: str) -> None:
        """Remove the pair if it is there."""
        self._db.execute("DELETE FROM pairs WHERE a = ? AND b = ?", (a, b))

    def drop_of(self, listing_id: str) -> None:
        """Remove all pairs of a listing: its content changed."""
        self._db.execute("DELETE FROM pairs WHERE a = ?", (listing_id,))
        self._db.execute("DELETE FROM pairs WHERE b = ?", (listing_id,))

    def all(self) -> Iterator[ScoredPair]:
        """Yield every pair."""
        rows = self._db.execute("SELECT a, b, probability, verdict FROM pairs")
        return (ScoredPair(*row) for row in rows)
