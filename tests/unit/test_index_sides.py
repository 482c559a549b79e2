"""Facts of listings are kept, so many and so long ones: the index worker's memory stays bounded."""

from workers.index.sides import facts_of
from workers.index.store.listings import details_of
from workers.index.tokens.facts import read_facts


def test_facts_are_read_once() -> None:
    first = facts_of("red mug 350 ml", details_of({"brand": "Tallo", "price": 3}))
    assert facts_of("red mug 350 ml", details_of({"price": 3, "brand": "Tallo"})) is first
    assert facts_of("red mug 350 ml", details_of({"price": 4, "brand": "Tallo"})) != first


def test_facts_of_long_listings_are_not_kept() -> None:
    attributes = {"brand": "Tallo", "description": "x" * 10_000}
    first = facts_of("red mug 350 ml", details_of(attributes))
    assert first == read_facts("red mug 350 ml", attributes)
    assert facts_of("red mug 350 ml", details_of(attributes)) is not first


def test_only_the_facts_read_last_are_kept() -> None:
    first = facts_of("the first of many", "{}")
    for number in range(65_536):
        facts_of(f"mug {number}", "{}")
    last = facts_of("mug 39999", "{}")
    assert facts_of("mug 39999", "{}") is last
    assert facts_of("the first of many", "{}") is not first
