"""Brings the groups of a catalog up to date with its pairs."""

from collections.abc import Iterator
from itertools import islice
from typing import Final

from shared.messages import Group, GroupMember
from workers.index.catalog import Catalog
from workers.index.group_ids import assign_ids
from workers.index.grouping import FoundGroup, Rank, canonical_of, find_groups
from workers.index.keys import keys_of
from workers.index.scored_pairs import ScoredPairs
from workers.index.store import StoredListing

_AT_ONCE: Final = 1000


def rank_of(listing: StoredListing) -> tuple[object, ...]:
    """Order by how well a listing stands for a group: image, most attributes, longest title, smallest id."""
    filled = sum(1 for value in listing.attributes.values() if value != "")
    return (listing.image is None, -filled, -len(listing.normalised), listing.id)


def regroup(catalog: Catalog, max_group: int) -> None:
    """Compute and store the catalog's groups.

    Those above `max_group`, and those that hold together by little, are marked for review.
    """
    pairs = ScoredPairs.of(catalog.pairs.all())
    found = find_groups(pairs)
    ids = assign_ids(catalog.name, [group.members for group in found], catalog.groups.of_listings())
    # The best tells the strangers in a group better than the mean, which is low where a group is large.
    best = pairs.best_within({each: place for place, group in enumerate(found) for each in group.members})
    del pairs
    with catalog.database.transaction():
        catalog.groups.replace(_groups(catalog, zip(ids, found, strict=True), best, max_group))


def _groups(
    catalog: Catalog, found: Iterator[tuple[str, FoundGroup]], best: dict[str, float], max_group: int
) -> Iterator[Group]:
    """Yield the groups as they are stored, some at a time: their listings are read for that."""
    while part := list(islice(found, _AT_ONCE)):
        keys = keys_of(listing for _, group in part for listing in group.members)
        ranks = {each.id: rank_of(each) for each in catalog.listings.get(keys.tolist()).values()}
        for group_id, group in part:
            yield _group(group_id, group, ranks.__getitem__, best, max_group)


def _group(group_id: str, found: FoundGroup, rank: Rank, best: dict[str, float], max_group: int) -> Group:
    reason = found.review_reason(max_group)
    return Group(
        id=group_id,
        canonical=canonical_of(found.members, rank),
        size=len(found.members),
        members=tuple(GroupMember(id=listing, probability=best[listing]) for listing in found.members),
        review=reason is not None,
        review_reason=reason,
    )
