"""The current groups of a catalog."""

from collections import defaultdict
from typing import Final

from shared.messages import Group, GroupMember, ReviewReason
from workers.index.store.database import Database

# The column `review` holds a place in this list; stores that were made before there were reasons hold 1 for
# groups that are too large.
_REASONS: Final[tuple[ReviewReason | None, ...]] = (None, "too_large", "weak_link")


class GroupTable:
    """Access to the groups; a listing is in one group at most."""

    def __init__(self, database: Database) -> None:
        self._db = database.connection

    def replace(self, groups: list[Group]) -> None:
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

    def all(self) -> list[Group]:
        """Return the groups, largest first, then by id."""
        members: dict[str, list[GroupMember]] = defaultdict(list)
        for listing, group_id, probability in self._db.execute("SELECT * FROM members ORDER BY listing"):
            members[group_id].append(GroupMember(id=listing, probability=probability))
        groups = [
            Group(
                id=group_id,
                canonical=canonical,
                size=len(members[group_id]),
                members=tuple(members[group_id]),
                review=bool(review),
                review_reason=_REASONS[review],
            )
            for group_id, canonical, review in self._db.execute("SELECT * FROM groups")
        ]
        return sorted(groups, key=lambda group: (-group.size, group.id))
