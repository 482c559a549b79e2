"""Groups: independent of order, no chains, variants kept apart, doubts shown, ids that last."""

from itertools import pairwise
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.messages import Group, GroupMember, ReviewReason
from workers.index.group_ids import assign_ids
from workers.index.grouping import find_groups, group_pairs
from workers.index.scored_pairs import ScoredPairs
from workers.index.store import GroupTable, JobTable, open_database
from workers.index.store.pairs import ScoredPair

NAMES = [f"l{number}" for number in range(9)]


def pair(a: str, b: str, probability: float = 0.9, verdict: str = "duplicate") -> ScoredPair:
    first, second = sorted((a, b))
    return ScoredPair(first, second, probability, verdict)


pairs_of = st.lists(
    st.builds(
        pair,
        st.sampled_from(NAMES),
        st.sampled_from(NAMES),
        st.sampled_from([0.5, 0.7, 0.9, 0.99]),
        st.sampled_from(["duplicate", "duplicate", "duplicate", "variant"]),
    ).filter(lambda found: found.a != found.b),
    max_size=30,
    unique_by=lambda found: (found.a, found.b),
)


@settings(max_examples=200, deadline=None)
@given(pairs_of, st.randoms())
def test_groups_do_not_depend_on_the_order_of_pairs(pairs: list[ScoredPair], random: object) -> None:
    shuffled = list(pairs)
    random.shuffle(shuffled)
    assert find_groups(ScoredPairs.of(shuffled)) == find_groups(ScoredPairs.of(pairs))


@settings(max_examples=200, deadline=None)
@given(pairs_of)
def test_a_listing_is_in_one_group_that_holds_no_variants_and_agrees_with_each_member(
    pairs: list[ScoredPair],
) -> None:
    duplicates = {(p.a, p.b) for p in pairs if p.verdict == "duplicate"}
    variants = {(p.a, p.b) for p in pairs if p.verdict == "variant"}
    groups = find_groups(ScoredPairs.of(pairs))
    listings = [listing for group in groups for listing in group.members]
    assert len(set(listings)) == len(listings)
    for group in groups:
        assert group.hold > 0
        for member in group.members:
            assert any(tuple(sorted((other, member))) in duplicates for other in group.members)
            assert not any(tuple(sorted((other, member))) in variants for other in group.members)


@pytest.mark.parametrize("probability", [0.6, 0.9, 1.0])
@pytest.mark.parametrize("length", [4, 9, 200])
def test_a_chain_is_not_one_group(probability: float, length: int) -> None:
    chain = [pair(a, b, probability) for a, b in pairwise(f"l{number:03}" for number in range(length))]
    sizes = [len(group) for group in group_pairs(chain)]
    assert max(sizes) <= 3
    assert sum(sizes) >= length / 2


def test_two_cliques_stay_apart_though_one_pair_joins_them() -> None:
    left, right = NAMES[:4], NAMES[4:8]
    cliques = [pair(a, b) for part in (left, right) for a in part for b in part if a < b]
    assert group_pairs([*cliques, pair(left[-1], right[0])]) == [tuple(left), tuple(right)]


def test_a_listing_that_agrees_with_most_members_joins_them() -> None:
    clique = [pair("a", "b"), pair("a", "c"), pair("b", "c")]
    agreed = [pair("d", "a"), pair("d", "b"), pair("d", "c", 0.3, "different")]
    assert group_pairs([*clique, *agreed]) == [("a", "b", "c", "d")]
    contradicted = [pair("d", "a"), *(pair("d", other, 0.02, "different") for other in "bc")]
    assert group_pairs([*clique, *contradicted]) == [("a", "b", "c")]


def test_clique_is_one_group() -> None:
    clique = [pair(a, b) for a in NAMES for b in NAMES if a < b]
    assert group_pairs(clique) == [tuple(NAMES)]


@pytest.mark.parametrize("size", [40, 400])
def test_a_product_with_more_listings_than_a_search_returns_is_one_group(size: int) -> None:
    names = [f"l{number:03}" for number in range(size)]
    # What searches for equal listings return: the first by key, for all of them.
    equal = [pair(a, b, 1.0) for place, a in enumerate(names[:30]) for b in names[place + 1 :]]
    assert group_pairs(equal) == [tuple(names)]


def test_a_product_whose_listings_find_a_few_of_the_others_is_one_group() -> None:
    random, names = Random(5), [f"l{number}" for number in range(40)]
    found = {tuple(sorted((a, b))) for a in names for b in random.sample(names, 11) if a != b}
    assert group_pairs([pair(a, b) for a, b in found]) == [tuple(sorted(names))]


def test_variant_between_members_keeps_the_weaker_pair_out() -> None:
    pairs = [pair("a", "b", 0.99), pair("b", "c", 0.7), pair("a", "c", 0.2, "variant")]
    assert group_pairs(pairs) == [("a", "b")]


@pytest.mark.parametrize(
    ("pairs", "reason"),
    [
        ([pair("a", "b", 0.95)], None),
        ([pair("a", "b", 0.75)], "weak_link"),
        ([pair("a", "b", 0.95), pair("a", "c", 0.95), pair("b", "c", 0.95)], None),
        # Nothing but b ties c to the group.
        ([pair("a", "b", 0.999), pair("b", "c", 0.999)], "weak_link"),
        ([pair("a", "b", 0.999), pair("a", "c", 0.7), pair("b", "c", 0.7)], "weak_link"),
        ([pair(a, b, 0.99) for a in "abcd" for b in "abcd" if a < b], "too_large"),
    ],
)
def test_groups_that_a_person_should_look_at(pairs: list[ScoredPair], reason: str | None) -> None:
    (group,) = find_groups(ScoredPairs.of(pairs))
    assert group.review_reason(max_group=3) == reason


def stored_group(name: str, *members: str, reason: ReviewReason | None = None) -> Group:
    named = members or (name,)
    return Group(
        id=name,
        canonical=named[0],
        size=len(named),
        members=tuple(GroupMember(id=listing, probability=0.5) for listing in sorted(named)),
        review=reason is not None,
        review_reason=reason,
    )


def test_groups_are_stored_with_their_reasons(tmp_path: Path) -> None:
    database = open_database(tmp_path / "catalog.db")
    groups = [stored_group("1"), stored_group("2", reason="weak_link"), stored_group("3", reason="too_large")]
    GroupTable(database).replace(groups)
    assert list(GroupTable(database).all()) == groups
    database.close()


def test_groups_come_largest_first_and_those_of_a_job_alone(tmp_path: Path) -> None:
    database = open_database(tmp_path / "catalog.db")
    table, jobs = GroupTable(database), JobTable(database)
    small, large, middle = stored_group("1"), stored_group("3", "x", "é", "z"), stored_group("2", "a", "b")
    table.replace(each for each in (small, large, middle))
    assert list(table.all()) == [large, middle, small]
    assert table.of_listings() == {"1": "1", "x": "3", "é": "3", "z": "3", "a": "2", "b": "2"}
    for row, listing in enumerate(("z", "x", "1", "no group")):
        jobs.add_row("job", listing, row)
    assert list(table.of_job("job")) == [large, small]
    assert (table.count_of_job("job"), table.count_of_job("another")) == (2, 0)
    table.replace([])
    assert list(table.all()) == []
    database.close()


def test_different_pairs_make_no_group() -> None:
    assert group_pairs([pair("a", "b", 0.3, "different")]) == []


def test_group_keeps_its_id_while_most_of_it_stays() -> None:
    former = dict.fromkeys("abc", "old")
    ids = assign_ids("shop", [("a", "d"), ("b", "c", "e")], former)
    assert ids[1] == "old"
    assert ids[0] != "old"


def test_merged_group_takes_the_id_of_its_larger_part() -> None:
    assert assign_ids("shop", [tuple("abcde")], {"a": "x", "b": "x", "c": "y", "d": "y", "e": "y"}) == ["y"]
    assert assign_ids("shop", [tuple("abcd")], {"a": "x", "b": "x", "c": "w", "d": "w"}) == ["w"]


def test_part_that_split_off_does_not_take_the_id_that_its_smallest_member_once_gave() -> None:
    first = assign_ids("shop", [tuple("abcd")], {})[0]
    ids = assign_ids("shop", [("a", "z"), ("b", "c", "d")], dict.fromkeys("abcd", first))
    assert ids[1] == first
    assert ids[0] != first


@given(st.permutations([("a", "b"), ("c", "d", "e"), ("f", "g")]))
def test_ids_do_not_depend_on_the_order_of_groups(groups: list[tuple[str, ...]]) -> None:
    former = {"a": "x", "c": "x", "d": "x", "g": "y"}
    ids = dict(zip(groups, assign_ids("shop", groups, former), strict=True))
    assert ids["c", "d", "e"] == "x"
    assert ids["f", "g"] == "y"
    assert ids["a", "b"] == assign_ids("shop", [("a", "b")], {"q": "x"})[0]
