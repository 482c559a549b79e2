"""Groups: independent of order, no chains, variants kept apart, ids that last."""

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from workers.index.group_ids import assign_ids
from workers.index.grouping import canonical_of, group_pairs
from workers.index.store.pairs import ScoredPair

NAMES = [f"l{number}" for number in range(9)]


def pair(a: str, b: str, probability: float = 0.9, verdict: str = "duplicate") -> ScoredPair:
    first, second = sorted((a, b))
    return ScoredPair(first, second, probability, verdict)


def rank(listing: str) -> tuple[object, ...]:
    return (listing,)


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
    assert group_pairs(shuffled, rank) == group_pairs(pairs, rank)


@settings(max_examples=200, deadline=None)
@given(pairs_of)
def test_every_member_agrees_with_canonical_or_most_and_variants_are_apart(pairs: list[ScoredPair]) -> None:
    duplicates = {(p.a, p.b) for p in pairs if p.verdict == "duplicate"}
    variants = {(p.a, p.b) for p in pairs if p.verdict == "variant"}
    groups = group_pairs(pairs, rank)
    assert len({member for group in groups for member in group}) == sum(map(len, groups))
    for group in groups:
        canonical = canonical_of(group, rank)
        for member in group:
            friends = {o for o in group if tuple(sorted((o, member))) in duplicates}
            assert member == canonical or canonical in friends or len(friends) > (len(group) - 1) / 2
            assert not any(tuple(sorted((o, member))) in variants for o in group)


def test_chain_is_not_one_group() -> None:
    chain = [pair(a, b) for a, b in pairwise(NAMES)]
    assert max(map(len, group_pairs(chain, rank))) <= 3


def test_clique_is_one_group() -> None:
    clique = [pair(a, b) for a in NAMES for b in NAMES if a < b]
    assert group_pairs(clique, rank) == [tuple(NAMES)]


def test_variant_between_members_keeps_the_weaker_pair_out() -> None:
    pairs = [pair("a", "b", 0.99), pair("b", "c", 0.7), pair("a", "c", 0.2, "variant")]
    assert group_pairs(pairs, rank) == [("a", "b")]


def test_different_pairs_make_no_group() -> None:
    assert group_pairs([pair("a", "b", 0.3, "different")], rank) == []


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
