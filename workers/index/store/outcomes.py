"""What slices were matched with: a catalog that is submitted unchanged is not matched again."""

import json
import zlib
from collections.abc import Sequence
from typing import Final

from pydantic_core import to_json

from workers.index.store.database import Database
from workers.index.store.pairs import FoundPair

# The least effort: the same names and numbers come again and again.
_EFFORT: Final = 1


class OutcomeTable:
    """Access to the pairs that were found for slices, under names that say all they were found with."""

    def __init__(self, database: Database) -> None:
        self._db = database.connection

    def get(self, name: bytes) -> list[FoundPair] | None:
        """Return the pairs of a slice, None if they are not known."""
        row = self._db.execute("SELECT pairs FROM outcomes WHERE slice = ?", (name,)).fetchone()
        return None if row is None else [FoundPair(*pair) for pair in json.loads(zlib.decompress(row[0]))]

    def put(self, name: bytes, pairs: Sequence[FoundPair]) -> None:
        """Keep the pairs of a slice."""
        data = zlib.compress(to_json(pairs), _EFFORT)
        self._db.execute("INSERT OR REPLACE INTO outcomes VALUES (?, ?)", (name, data))

    def clear(self) -> None:
        """Forget all."""
        self._db.execute("DELETE FROM outcomes")
