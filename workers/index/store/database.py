"""Opens a catalog's SQLite file, and its transactions."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from shared.errors import ArtifactError, CatalogDamaged, StoreUnavailable
from workers.index.store.schema import SCHEMA, UPGRADES, VERSION

# A disk that is full, fails, is read-only or away; anything else that SQLite says is a bug.
_OUTAGES = frozenset({
    sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_BUSY,
})  # fmt: skip
_DAMAGE = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
_PRIMARY = 0xFF
# Linux reads no more at a time for one who asks than for one who reads on, by default this much.
_AHEAD: Final = 128 * 1024


@contextmanager
def outage_as_error() -> Iterator[None]:
    """Raise `StoreUnavailable` for what may work again later, `CatalogDamaged` for what never will."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_OK) & _PRIMARY
        if code in _OUTAGES:
            raise StoreUnavailable(f"the catalog's file failed: {error}") from error
        if code in _DAMAGE:
            detail = (
                "the file of the catalog is damaged; restore it from a backup, or submit to a new catalog"
            )
            raise CatalogDamaged(detail) from error
        raise


class Database:
    """A connection whose statements outside `transaction` commit by themselves."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Commit when the block ends, durably; roll back when it raises."""
        self.connection.execute("BEGIN IMMEDIATE")
        try:
            yield
            self.connection.execute("COMMIT")
        except BaseException:
            # SQLite rolls back by itself when the disk is full, also at the commit.
            if self.connection.in_transaction:
                self.connection.execute("ROLLBACK")
            raise

    def close(self) -> None:
        """Close the connection."""
        self.connection.close()


def open_database(path: Path) -> Database:
    """Open the file, making it with its tables if it is not there.

    Raises:
        ArtifactError: it was made by a later version of Doppel.
    """
    _read_ahead(path)
    # Celery's thread pool may run each task on another thread; one task runs at a time.
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    try:
        return _prepared(connection, path)
    except BaseException:
        connection.close()
        raise


def _read_ahead(path: Path) -> None:
    """Let the operating system read the file into its cache, in order; macOS cannot be asked to.

    Whoever opens a catalog reads it by key, and would wait for one page here and one there. This comes before
    SQLite opens the file: closing it afterwards would take SQLite's locks away.
    """
    # What is wrong with the file is SQLite's to say.
    with suppress(OSError, AttributeError), path.open("rb") as file:
        for start in range(0, path.stat().st_size, _AHEAD):
            os.posix_fadvise(file.fileno(), start, _AHEAD, os.POSIX_FADV_WILLNEED)


def _prepared(connection: sqlite3.Connection, path: Path) -> Database:
    # Of a page of 4,096 bytes, a vector may take a quarter: one of 512 values had a page of its own besides.
    # A file that is there keeps the pages that it has.
    connection.execute("PRAGMA page_size = 16384")
    connection.execute("PRAGMA journal_mode = WAL")
    # A commit that was reported must survive a power cut, not only a crash.
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA cache_size = -65536")
    database = Database(connection)
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version < VERSION:
        missing = [SCHEMA] if version == 0 else [UPGRADES[each] for each in range(version, VERSION)]
        with database.transaction():
            # executescript would commit first, and half of the tables could stay after a crash.
            for statement in filter(str.strip, ";".join(missing).split(";")):
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {VERSION}")
    elif version > VERSION:
        raise ArtifactError(
            f"{path} has format {version}, this version of Doppel reads {VERSION}; "
            "use the version that wrote it"
        )
    return database
