"""Features of a pair: symmetric, bounded, and blind to what is missing."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.pairs import one_pair
from workers.index.arrays import Scores
from workers.index.features import (
    SITUATIONS,
    Situation,
    attribute_features,
    names_of,
    situations_of,
    title_features,
    token_features,
)
from workers.index.names import name_features
from workers.index.pairing import Pairing
from workers.index.tokens.facts import Facts, read_facts
from workers.index.told import compare
from workers.index.vocabulary import Vocabulary

TITLES = [
    "Silk Repair shampoo aloe 400 ml isi 2",
    "SILK REPAIR sampo lidah buaya 0,4 L",
    "Silk Balance shampoo aloe 400 ml",
    "Headset AX-1008 hitam",
    "",
]
WORDS = ("silk", "repair", "repiar", "balance", "shampoo", "sampo", "ax-1008", "ax", "400", "ml", "hitam")
PAIRS = st.tuples(*[st.integers(0, len(TITLES))] * 2)


def facts(title: str, **attributes: str | float) -> Facts:
    return read_facts(title, attributes)


def vocabulary() -> Vocabulary:
    counted = Vocabulary()
    counted.upsert(range(len(TITLES)), TITLES)
    return counted


def computed(pairing: Pairing) -> dict[str, Scores]:
    steps = title_features(pairing, vocabulary().rarity)
    words = {name: found for step in steps for name, found in step.items()}
    return words | token_features(compare(pairing)) | attribute_features(pairing)


def features(a: Facts, b: Facts) -> dict[str, float]:
    return {name: float(found[0]) for name, found in computed(one_pair(a, b)).items()}


@pytest.mark.parametrize(("a", "b"), list(itertools.combinations_with_replacement(TITLES, 2)))
def test_features_are_the_same_from_either_side(a: str, b: str) -> None:
    left, right = facts(a, brand="Silk", price=10), facts(b, brand="silk", price=12.5)
    there, back = features(left, right), features(right, left)
    assert there == back
    assert all(0 <= value <= 1 for value in there.values())


@settings(deadline=None)
@given(st.lists(st.sampled_from(WORDS), max_size=8).map(" ".join), st.lists(PAIRS, min_size=1, max_size=6))
def test_features_do_not_depend_on_what_else_is_compared(title: str, places: list[tuple[int, int]]) -> None:
    listed = [facts(each) for each in (*TITLES, title)]
    a, b = (np.array(side) for side in zip(*places, strict=True))
    together = computed(Pairing(listed, a, listed, b))
    for place, (left, right) in enumerate(places):
        alone = features(listed[left], listed[right])
        assert {name: float(found[place]) for name, found in together.items()} == alone


def test_long_titles_are_compared_in_parts() -> None:
    letters = np.random.default_rng(3).choice(list("abdefghknoprstuvw"), (3, 600, 9))
    long = [facts(" ".join("".join(word) for word in title)) for title in letters]
    places = np.array([0, 0, 0, 1, 2, 2, 2]), np.array([0, 1, 2, 2, 0, 1, 2])
    found = name_features(Pairing(long, places[0], long, places[1]), vocabulary().rarity)
    assert found["name_most"].tolist() == [1.0, *[pytest.approx(0.0, abs=0.05)] * 5, 1.0]


def test_every_named_feature_is_computed() -> None:
    one = facts("Silk Repair")
    found = {*features(one, one), "image_sim", "image_norm", "text_sim", "lexical_sim"}
    for situation in SITUATIONS:
        assert set(names_of(situation, "alone")) <= found
    assert set(names_of("image_text", "alone")) == found


def test_a_pair_of_a_catalog_has_surroundings_in_the_channels_that_both_sides_have() -> None:
    added = {
        situation: set(names_of(situation, "within")) - set(names_of(situation, "alone"))
        for situation in SITUATIONS
    }
    assert {name.split("_")[0] for name in added["image_text"]} == {"image", "text", "lexical", "lead"}
    assert {name.split("_")[0] for name in added["text_only"]} == {"text", "lexical", "lead"}
    assert {name.split("_")[0] for name in added["image_only"]} == {"image"}
    assert all(names_of(situation, "across") == names_of(situation, "within") for situation in SITUATIONS)


def test_misspelt_name_counts_as_shared_and_another_line_does_not() -> None:
    repair = facts("Silk Repair shampoo")
    misspelt, other = (features(repair, facts(f"Silk {name} shampoo")) for name in ("Repiar", "Balance"))
    assert (misspelt["name_least"], misspelt["strange_most"]) == (1.0, 0.0)
    assert other["strange_least"] > 0.3


def test_rarity_is_equal_for_all_words_when_the_catalog_is_empty() -> None:
    assert {Vocabulary().rarity(word) for word in ("silk", "repair")} == {1.0}


def test_rarity_forgets_a_title_that_was_replaced() -> None:
    counted = vocabulary()
    counted.upsert([0], ["something else"])
    fresh = Vocabulary()
    fresh.upsert(range(len(TITLES)), ["something else", *TITLES[1:]])
    assert counted.rarity("silk") == fresh.rarity("silk")


@pytest.mark.parametrize(
    ("images", "titles", "expected"),
    [
        (True, True, "image_text"),
        (False, True, "text_only"),
        (True, False, "image_only"),
        (False, False, None),
    ],
)
def test_situation_is_what_both_sides_have(images: bool, titles: bool, expected: Situation | None) -> None:
    (found,) = situations_of(np.array([images]), np.array([titles])).tolist()
    assert found == (-1 if expected is None else SITUATIONS.index(expected))


def test_attributes_count_only_where_both_sides_have_them() -> None:
    bare, full = facts(""), facts("", brand="Aldana", price=100, gtin="4006381333931")
    names = list(attribute_features(one_pair(bare, full)))
    assert {name for name in names if features(bare, full)[name]} == {"price_unknown"}
    other = facts("", brand="Berodana", price=200, gtin="4006381333948")
    found = features(full, other)
    assert (found["brand_conflict"], found["gtin_conflict"], found["price_unknown"]) == (1.0, 1.0, 0.0)
    assert found["price_gap"] == pytest.approx(0.693, abs=1e-3)
