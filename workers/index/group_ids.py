"""Ids of groups that last: a group keeps its id while most of it stays together."""

from collections import Counter
from collections.abc import Mapping, Sequence
from hashlib import blake2b


def assign_ids(catalog: str, groups: Sequence[tuple[str, ...]], former: Mapping[str, str]) -> list[str]:
    """Return an id for each group; `former` maps listing to the id of the group that it was in.

    A former id goes to the group that holds most of its listings (ties: the smallest id, then the smallest
    member). A new id is a hash of the catalog and the smallest member, and never one that was in use a moment
    ago: a part that splits off is not the group that it left.
    """
    claims = []
    for place, members in enumerate(groups):
        overlaps = Counter(former[member] for member in members if member in former)
        claims += [(-count, group_id, members[0], place) for group_id, count in overlaps.items()]
    taken: dict[str, int] = {}
    ids: dict[int, str] = {}
    for _, group_id, _, place in sorted(claims):
        if group_id not in taken and place not in ids:
            taken[group_id] = place
            ids[place] = group_id
    used = set(former.values())
    for place in sorted(set(range(len(groups))) - set(ids), key=lambda place: groups[place][0]):
        ids[place] = _fresh(catalog, groups[place][0], used)
        used.add(ids[place])
    return [ids[place] for place in range(len(groups))]


def _fresh(catalog: str, member: str, used: set[str]) -> str:
    attempt = 0
    while True:
        digest = blake2b(f"{catalog}\0{member}\0{attempt}".encode(), digest_size=10).hexdigest()
        if digest not in used:
            return digest
        attempt += 1
