"""Features of a pair: symmetric, bounded, and blind to what is missing."""

import itertools

import pytest

from workers.index.features import (
    SITUATIONS,
    attribute_features,
    names_of,
    situation_of,
    token_features,
    word_features,
)
from workers.index.names import Weights, name_features
from workers.index.tokens.conflicts import compare
from workers.index.tokens.facts import Facts, read_facts
from workers.index.vocabulary import Vocabulary

TITLES = [
    "Silk Repair shampoo aloe 400 ml isi 2",
    "SILK REPAIR sampo lidah buaya 0,4 L",
    "Silk Balance shampoo aloe 400 ml",
    "Headset AX-1008 hitam",
    "",
]


def facts(title: str, **attributes: str | float) -> Facts:
    return read_facts(title, attributes)


def vocabulary() -> Vocabulary:
    counted = Vocabulary()
    counted.upsert(enumerate(TITLES))
    return counted


@pytest.mark.parametrize(("a", "b"), list(itertools.combinations_with_replacement(TITLES, 2)))
def test_features_are_the_same_from_either_side(a: str, b: str) -> None:
    weights = Weights(vocabulary().rarity), Weights.bounded(vocabulary().rarity)
    left, right = facts(a, brand="Silk", price=10), facts(b, brand="silk", price=12.5)
    there = word_features(left, right, *weights) | token_features(compare(left, right))
    back = word_features(right, left, *weights) | token_features(compare(right, left))
    assert there == back
    assert attribute_features(left, right) == attribute_features(right, left)
    assert all(0 <= value <= 1 for value in there.values())


def test_every_named_feature_is_computed() -> None:
    one = facts("Silk Repair")
    computed = word_features(one, one, *[Weights(vocabulary().rarity)] * 2) | token_features(
        compare(one, one)
    )
    similarities = ("image_sim", "image_norm", "text_sim", "lexical_sim")
    computed |= attribute_features(one, one) | dict.fromkeys(similarities, 1.0)
    for situation in SITUATIONS:
        assert set(names_of(situation, "alone")) <= set(computed)
    assert set(names_of("image_text", "alone")) == set(computed)


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
    rarity = Weights.bounded(vocabulary().rarity)
    misspelt = name_features(facts("Silk Repair shampoo"), facts("Silk Repiar shampoo"), rarity)
    other = name_features(facts("Silk Repair shampoo"), facts("Silk Balance shampoo"), rarity)
    assert (misspelt["name_least"], misspelt["strange_most"]) == (1.0, 0.0)
    assert other["strange_least"] > 0.3


def test_rarity_is_equal_for_all_words_when_the_catalog_is_empty() -> None:
    assert {Vocabulary().rarity(word) for word in ("silk", "repair")} == {1.0}


def test_rarity_forgets_a_title_that_was_replaced() -> None:
    counted = vocabulary()
    counted.upsert([(0, "something else")])
    fresh = Vocabulary()
    fresh.upsert(enumerate(["something else", *TITLES[1:]]))
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
def test_situation_is_what_both_sides_have(images: bool, titles: bool, expected: str | None) -> None:
    assert situation_of(images, titles) == expected


def test_attributes_count_only_where_both_sides_have_them() -> None:
    bare, full = facts(""), facts("", brand="Aldana", price=100, gtin="4006381333931")
    assert set(attribute_features(bare, full).values()) == {0.0, 1.0}
    assert attribute_features(bare, full)["price_unknown"] == 1.0
    other = facts("", brand="Berodana", price=200, gtin="4006381333948")
    found = attribute_features(full, other)
    assert (found["brand_conflict"], found["gtin_conflict"], found["price_unknown"]) == (1.0, 1.0, 0.0)
    assert found["price_gap"] == pytest.approx(0.693, abs=1e-3)
