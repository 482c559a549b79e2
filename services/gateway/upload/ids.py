"""Which listing ids a submission has used: exact, and bounded in memory whatever its size."""

import sqlite3
from hashlib import blake2b
from types import TracebackType
from typing import Final, Self

# SQLite lets go of the interpreter at every statement, which costs more than what it does for one id.
_AT_ONCE: Final = 512
# One bit for each start of a digest: 2 MB. Of two million ids one in ten meets a bit that another one set.
_START_BYTES: Final = 3


class SeenIds:
    """A set on disk: SQLite keeps a nameless database, which is gone when it is closed.

    It is asked only where memory cannot tell that an id is new. Belongs to the thread that made it.
    """

    def __init__(self) -> None:
        self._bits = bytearray(256**_START_BYTES // 8)
        self._latest: set[bytes] = set()
        self._database = sqlite3.connect("", isolation_level=None)
        self._database.execute("PRAGMA journal_mode=OFF")
        self._database.execute("PRAGMA synchronous=OFF")
        self._database.execute("PRAGMA cache_size=-8192")
        self._database.execute("CREATE TABLE seen (digest BLOB PRIMARY KEY) WITHOUT ROWID")
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
        digest = blake2b(text.encode(), digest_size=16).digest()
        start = int.from_bytes(digest[:_START_BYTES], "big")
        place, bit = start >> 3, 1 << (start & 7)
        if self._bits[place] & bit and self._has(digest):
            return False
        self._bits[place] |= bit
        self._latest.add(digest)
        if len(self._latest) == _AT_ONCE:
            self._database.execute(self._insert, tuple(self._latest))
            self._latest.clear()
        return True

    def _has(self, digest: bytes) -> bool:
        if digest in self._latest:
            return True
        found = self._database.execute("SELECT 1 FROM seen WHERE digest = ?", (digest,))
        return found.fetchone() is not None
