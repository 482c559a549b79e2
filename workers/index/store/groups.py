"""The current groups of a catalog."""

from collections.abc import Iterable, Iterator
from itertools import groupby
from operator import itemgetter
from typing import Final

from shared.messages import Group, GroupMember, ReviewReason
from workers.index.store.database import Database

# The column `review` holds a place in this list; stores that were made before there were reasons hold 1 for
# groups that are too large.
_REASONS: Final[tuple[ReviewReason | None, ...]] = (None, "too_large", "weak_link")

# SQLite sorts on disk what does not fit into its cache.
_ALL: Final = """
SELECT id, canonical, review, size, listing, probability
FROM (SELECT group_id, count(*) AS size FROM members GROUP BY group_id)
JOIN groups ON id = group_id JOIN members USING (group_id)
{which}
ORDER BY size DESC, id, listing
"""
_OF_JOB: Final = "SELECT group_id FROM job_rows JOIN members USING (listing) WHERE job = ?"


class GroupTable:
    """Access to the groups; a listing is in one group at most."""

    def __init__(self, database: Database) -> None:
        self._db = database.connection

    def replace(self, groups: Iterable[Group]) -> None:
        """Make these the catalog's groups."""
        self._db.execute("DELETE FROM members")
        self._db.execute("DELETE FROM groups")
        for group in groups:
            self._db.execute(
                "INSERT INTO groups VALUES (?, ?, ?)",
                (group.id, group.canonical, _REASONS.index(group.review_reason)),
            )
            self._db.executemany(
                "INSERT INTO members VALUES (?, ?, ?)",
                [(m.id, group.id, m.probability) for m in group.members],
            )

    def all(self) -> Iterator[Group]:
        """Yield the groups, largest first, then by id."""
        return self._read(_ALL.format(which=""))

    def of_job(self, job: str) -> Iterator[Group]:
        """Yield those that hold a listing of the job, in the same order."""
        return self._read(_ALL.format(which=f"WHERE group_id IN ({_OF_JOB})"), job)

    def count_of_job(self, job: str) -> int:
        """Return how many hold a listing of the job."""
        row = self._db.execute(f"SELECT count(DISTINCT group_id) FROM ({_OF_JOB})", (job,)).fetchone()  # noqa: S608
        return int(row[0])

    def of_listings(self) -> dict[str, str]:
        """Return for each listing that is in a group the id of it."""
        known: dict[str, str] = {}
        rows = self._db.execute("SELECT listing, group_id FROM members")
        # One string for each group, not for each member.
        return {listing: known.setdefault(group_id, group_id) for listing, group_id in rows}

    def _read(self, query: str, *values: str) -> Iterator[Group]:
        rows = self._db.execute(query, values)
        for (group_id, canonical, review, size), members in groupby(rows, key=itemgetter(0, 1, 2, 3)):
            yield Group(
                id=group_id,
                canonical=canonical,
                size=size,
                members=tuple(GroupMember(id=row[4], probability=row[5]) for row in members),
                review=bool(review),
                review_reason=_REASONS[review],
            )
