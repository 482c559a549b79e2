"""A full disk under a catalog is an outage: nothing half-written, and the work can be repeated."""

import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from shared.errors import CatalogDamaged
from workers.index.store.database import open_database, outage_as_error

# In a process of its own: the limit would stay.
_FILL = """
import resource, sys
from pathlib import Path
from shared.errors import StoreUnavailable
from shared.errors import CatalogDamaged
from workers.index.store.database import open_database, outage_as_error
database = open_database(Path(sys.argv[1]))
def write():
    with outage_as_error(), database.transaction():
        for number in range(2000):
            database.connection.execute("INSERT INTO groups VALUES (?, 'a listing', 0)", (str(number),))
unlimited = resource.RLIM_INFINITY
resource.setrlimit(resource.RLIMIT_FSIZE, (5000, unlimited))
try:
    write()
except StoreUnavailable as error:
    print("refused")
resource.setrlimit(resource.RLIMIT_FSIZE, (unlimited, unlimited))
write()
print(database.connection.execute("SELECT count(*) FROM groups").fetchone()[0])
"""


def test_what_does_not_fit_on_the_disk_is_undone_and_can_be_repeated(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _FILL, str(tmp_path / "catalog.db")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.split() == ["refused", "2000"], done.stderr


def test_a_bug_in_a_statement_is_no_outage(tmp_path: Path) -> None:
    database = open_database(tmp_path / "catalog.db")
    with pytest.raises(sqlite3.OperationalError), outage_as_error():
        database.connection.execute("SELECT * FROM nothing")
    database.close()


def test_a_damaged_file_is_told_as_such_and_stays_closed(tmp_path: Path) -> None:
    path = tmp_path / "catalog.db"
    database = open_database(path)
    for number in range(2000):
        database.connection.execute("INSERT INTO groups VALUES (?, 'a listing', 0)", (str(number),))
    database.close()
    whole = path.read_bytes()
    # The tables are gone, the header is not; then the header, too.
    for damaged in (whole[:4096] + b"\xa5" * (len(whole) - 4096), b"\xa5" * len(whole)):
        path.write_bytes(damaged)
        with pytest.raises(CatalogDamaged, match="backup"):
            _read(path)


def _read(path: Path) -> None:
    with outage_as_error():
        database = open_database(path)
        try:
            database.connection.execute("SELECT * FROM groups").fetchall()
        finally:
            database.close()
