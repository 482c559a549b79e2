"""Which listing ids a submission has used: exact, and bounded in memory whatever its size."""

import sqlite3
from hashlib import blake2b
from types import TracebackType
from typing import Self


class SeenIds:
    """A set on disk: SQLite keeps a nameless database, which is gone when it is closed.

    Belongs to the thread that made it.
    """

    def __init__(self) -> None:
        self._database = sqlite3.connect("", isolation_level=None)
        self._database.execute("PRAGMA journal_mode=OFF")
        self._database.execute("PRAGMA synchronous=OFF")
        self._database.execute("PRAGMA cache_size=-8192")
        self._database.execute("CREATE TABLE seen (digest BLOB PRIMARY KEY) WITHOUT ROWID")
        self._database.execute("BEGIN")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._database.close()

    def add(self, text: str) -> bool:
        """Add the id; say whether it is new."""
        digest = blake2b(text.encode(), digest_size=16).digest()
        return self._database.execute("INSERT OR IGNORE INTO seen VALUES (?)", (digest,)).rowcount == 1
