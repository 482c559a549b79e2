"""What the store keeps of a job until its results are in the spool."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from shared.messages import Rejection
from workers.index.arrays import Keys
from workers.index.keys import keys_of
from workers.index.store.database import Database
from workers.index.store.pairs import FoundPair


@dataclass(frozen=True, slots=True)
class Counts:
    """How many listings of a chunk were accepted, and how many rejected."""

    accepted: int
    rejected: int


class JobTable:
    """Access to chunks, rows, rejections and pairs of jobs."""

    def __init__(self, database: Database) -> None:
        self._db = database.connection
        # Every slice of a job asks for both; finding out takes a pass over the catalog.
        self._covering: dict[str, bool] = {}
        self._keys: dict[str, Keys] = {}

    def finished_chunk(self, job: str, unit: str) -> Counts | None:
        """Return the counts of a chunk that was ingested before."""
        row = self._db.execute(
            "SELECT accepted, rejected FROM finished_chunks WHERE job = ? AND unit = ?", (job, unit)
        ).fetchone()
        return Counts(*row) if row else None

    def finish_chunk(self, job: str, unit: str, counts: Counts) -> None:
        """Note that a chunk was ingested; what order the job's listings had holds no longer."""
        self._db.execute("DELETE FROM job_orders WHERE job = ?", (job,))
        self._db.execute(
            "INSERT INTO finished_chunks VALUES (?, ?, ?, ?)", (job, unit, counts.accepted, counts.rejected)
        )

    def add_row(self, job: str, listing_id: str, row: int) -> bool:
        """Note that a listing belongs to the job; False if another row of the job has its id.

        The row may be there already, from another cut of its chunk, before Redis lost the job.
        """
        self._unlearn()
        kept = self._db.execute(
            "INSERT INTO job_rows VALUES (?, ?, ?) ON CONFLICT (job, listing) DO UPDATE SET row = row "
            "RETURNING row",
            (job, listing_id, row),
        ).fetchone()
        return bool(kept[0] == row)

    def add_catalog(self, job: str) -> int:
        """Note that every listing of the catalog belongs to the job, as it is now; return how many."""
        self._unlearn()
        return self._db.execute("INSERT INTO job_rows SELECT ?, id, sequence FROM listings", (job,)).rowcount

    def add_rejection(self, job: str, rejection: Rejection) -> None:
        """Keep a rejection for the job's results."""
        self._db.execute(
            "INSERT OR REPLACE INTO rejections VALUES (?, ?, ?)",
            (job, rejection.row, rejection.model_dump_json()),
        )

    def covers_catalog(self, job: str) -> bool:
        """Say whether every listing of the catalog belongs to the job."""
        if job not in self._covering:
            outside = self._db.execute(
                "SELECT 1 FROM listings WHERE NOT EXISTS "
                "(SELECT 1 FROM job_rows WHERE job = ? AND listing = id) LIMIT 1",
                (job,),
            )
            self._covering[job] = outside.fetchone() is None
        return self._covering[job]

    def keys(self, job: str) -> Keys:
        """Return the keys (n,) of the job's listings in its order, by id if none was noted.

        Those of the last job are remembered.
        """
        if job not in self._keys:
            row = self._db.execute("SELECT keys FROM job_orders WHERE job = ?", (job,)).fetchone()
            noted = (
                keys_of(self.listings(job)) if row is None else np.frombuffer(bytes.fromhex(row[0]), ">i8")
            )
            self._keys = {job: noted.astype(np.int64)}
        return self._keys[job]

    def has_order(self, job: str) -> bool:
        """Say whether an order was noted."""
        found = self._db.execute("SELECT 1 FROM job_orders WHERE job = ?", (job,)).fetchone()
        return found is not None

    def put_order(self, job: str, keys: Keys) -> None:
        """Note the keys (n,) of all of the job's listings, in their order from now on."""
        self._keys = {job: keys}
        self._db.execute("INSERT INTO job_orders VALUES (?, ?)", (job, keys.astype(">i8").tobytes().hex()))

    def listings(self, job: str) -> list[str]:
        """Return the listing ids of the job in order of id."""
        rows = self._db.execute("SELECT listing FROM job_rows WHERE job = ? ORDER BY listing", (job,))
        return [row[0] for row in rows]

    def rejections(self, job: str) -> Iterator[str]:
        """Yield the job's rejections as JSON, in order of row."""
        rows = self._db.execute("SELECT message FROM rejections WHERE job = ? ORDER BY row", (job,))
        return (row[0] for row in rows)

    def put_pairs(self, job: str, pairs: Iterable[FoundPair]) -> None:
        """Keep pairs for the job's results, replacing what an earlier attempt wrote."""
        self._db.executemany(
            "INSERT OR REPLACE INTO job_pairs VALUES (?, ?, ?, ?, ?, ?)", ((job, *pair) for pair in pairs)
        )

    def pairs(self, job: str) -> Iterator[str]:
        """Yield the job's pairs as JSON, most probable first, then by ids."""
        rows = self._db.execute(
            "SELECT message FROM job_pairs WHERE job = ? ORDER BY probability DESC, a, b", (job,)
        )
        return (row[0] for row in rows)

    def pair_counts(self, job: str) -> dict[str, int]:
        """Return the number of pairs per verdict."""
        rows = self._db.execute("SELECT verdict, count(*) FROM job_pairs WHERE job = ? GROUP BY 1", (job,))
        return dict(rows.fetchall())

    def known(self) -> list[str]:
        """Return the jobs of which anything is kept."""
        return [job for (job,) in self._db.execute("SELECT DISTINCT job FROM finished_chunks ORDER BY job")]

    def forget(self, job: str) -> None:
        """Drop what is kept of the job."""
        self._unlearn()
        for table in ("finished_chunks", "job_rows", "job_orders", "rejections", "job_pairs"):
            self._db.execute(f"DELETE FROM {table} WHERE job = ?", (job,))  # noqa: S608 - names above

    def _unlearn(self) -> None:
        """Forget what was remembered: a listing comes to the catalog together with a row of its job."""
        self._covering.clear()
        self._keys.clear()
