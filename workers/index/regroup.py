"""Brings the groups of a catalog up to date with its pairs."""

from collections import defaultdict

from shared.messages import Group, GroupMember
from workers.index.catalog import Catalog
from workers.index.group_ids import assign_ids
from workers.index.grouping import Rank, canonical_of, group_pairs
from workers.index.keys import keys_of
from workers.index.store import StoredListing
from workers.index.store.pairs import ScoredPair


def rank_of(listing: StoredListing) -> tuple[object, ...]:
    """Order by how well a listing stands for a group: image, most attributes, longest title, smallest id."""
    filled = sum(1 for value in listing.attributes.values() if value != "")
    return (listing.image is None, -filled, -len(listing.normalised), listing.id)


def regroup(catalog: Catalog, max_group: int) -> list[Group]:
    """Compute and store the catalog's groups and return them; those above `max_group` go to review."""
    pairs = [pair for pair in catalog.pairs.all() if pair.verdict != "different"]
    listings = {pair.a for pair in pairs} | {pair.b for pair in pairs}
    ranks = {
        listing.id: rank_of(listing) for listing in catalog.listings.get(keys_of(listings).tolist()).values()
    }
    rank: Rank = ranks.__getitem__
    members = group_pairs(pairs, rank)
    former = {member.id: group.id for group in catalog.groups.all() for member in group.members}
    ids = assign_ids(catalog.name, members, former)
    chances = _mean_probabilities(catalog, members)
    groups = [
        Group(
            id=group_id,
            canonical=canonical_of(group, rank),
            size=len(group),
            members=tuple(GroupMember(id=listing, probability=chances[listing]) for listing in group),
            review=len(group) > max_group,
        )
        for group_id, group in zip(ids, members, strict=True)
    ]
    with catalog.database.transaction():
        catalog.groups.replace(groups)
    return sorted(groups, key=lambda group: (-group.size, group.id))


def _mean_probabilities(catalog: Catalog, groups: list[tuple[str, ...]]) -> dict[str, float]:
    """Return each member's mean probability over its kept pairs inside its group."""
    place = {listing: i for i, group in enumerate(groups) for listing in group}
    inside: dict[str, list[float]] = defaultdict(list)
    for pair in sorted(catalog.pairs.all(), key=_ids):
        if pair.a in place and place[pair.a] == place.get(pair.b):
            inside[pair.a].append(pair.probability)
            inside[pair.b].append(pair.probability)
    return {listing: round(sum(found) / len(found), 9) for listing, found in inside.items()}


def _ids(pair: ScoredPair) -> tuple[str, str]:
    return pair.a, pair.b
