"""Which listing ids a submission has used: exact, and bounded in memory whatever its size."""

import sqlite3
from types import TracebackType
from typing import Final, Self

from shared.errors import SpoolUnavailable

# SQLite lets go of the interpreter at every statement, which costs more than what it does for one id.
_AT_ONCE: Final = 512
# One bit for each end of a hash: 2 MB. Of two million ids one in ten meets a bit that another one set.
_BITS: Final = 1 << 24


class SeenIds:
    """A set on disk: SQLite keeps a nameless database, which is gone when it is closed.

    It is asked only where memory cannot tell that an id is new. Belongs to the thread that made it.
    """

    def __init__(self) -> None:
        self._bits = bytearray(_BITS // 8)
        self._latest: set[str] = set()
        self._database = sqlite3.connect("", isolation_level=None)
        self._database.execute("PRAGMA journal_mode=OFF")
        self._database.execute("PRAGMA synchronous=OFF")
        self._database.execute("PRAGMA cache_size=-8192")
        self._database.execute("CREATE TABLE seen (id TEXT PRIMARY KEY) WITHOUT ROWID")
        self._database.execute("BEGIN")
        self._insert = f"INSERT INTO seen VALUES {','.join(['(?)'] * _AT_ONCE)}"  # noqa: S608 - nothing of a client's

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._database.close()

    def add(self, text: str) -> bool:
        """Add the id; say whether it is new."""
        end = hash(text) % _BITS
        place, bit = end >> 3, 1 << (end & 7)
        if self._bits[place] & bit and self._has(text):
            return False
        self._bits[place] |= bit
        self._latest.add(text)
        if len(self._latest) == _AT_ONCE:
            self._run(self._insert, *self._latest)
            self._latest.clear()
        return True

    def _has(self, text: str) -> bool:
        if text in self._latest:
            return True
        return self._run("SELECT 1 FROM seen WHERE id = ?", text).fetchone() is not None

    def _run(self, statement: str, *ids: str) -> sqlite3.Cursor:
        try:
            return self._database.execute(statement, ids)
        except sqlite3.OperationalError as error:
            raise SpoolUnavailable(f"the disk for temporary files is full: {error}") from error
