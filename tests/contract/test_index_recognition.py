"""Listings of a request that the catalog holds already."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from shared.inflight import InFlight
from shared.ledger import Ledger
from shared.limits import Limits
from shared.messages import Query
from shared.settings import IndexSettings
from shared.spool import Spool
from tests.contract.test_index_scenario import CUP, LAMP, SHIRT, Offer, World, pack, unit
from workers.index.keys import key_of
from workers.index.query_sides import query_sides
from workers.index.recognition import recognised

HELD = [
    Offer("x", "Red shirt", SHIRT, SHIRT),
    Offer("y", "Red shirt", SHIRT, SHIRT),
    Offer("cup", "White cup", CUP, CUP),
    Offer("bare", "White cup", None, CUP),
    Offer("photo", "", LAMP, None),
]


@pytest.fixture
def world(ledger: Ledger, spool: Spool, inflight: InFlight, tmp_path: Path) -> Iterator[World]:
    made = World(ledger, spool, inflight, tmp_path / "catalogs", IndexSettings())
    made.submit([HELD])
    yield made
    made.catalogs.close()


def keys_in(world: World, *offers: Offer) -> list[int]:
    """Return the keys of listings that are asked about together."""
    listings = tuple(offer.listing() for offer in offers)
    query = Query(job_id="q", kind="dedup", listings=listings, payload_keys=(None,), deadline_ms=1)
    sides = query_sides(query, pack(dict(enumerate(offers))))
    catalog = world.catalogs.get("shop")
    lists = catalog.neighbourhood(Limits.all(10)).search(sides)
    return [listing.key for listing in recognised(sides, lists, catalog).listings]


@pytest.mark.parametrize(
    ("offer", "expected"),
    [
        (Offer("a", "White  cup", CUP, CUP), "cup"),
        (Offer("a", "White cup", None, CUP), "bare"),
        (Offer("a", "", LAMP, None), "photo"),
    ],
)
def test_a_listing_is_known_by_its_title_and_its_image(world: World, offer: Offer, expected: str) -> None:
    assert keys_in(world, offer) == [key_of(expected)]


@pytest.mark.parametrize(
    "offer",
    [
        Offer("cup", "White cup", SHIRT, CUP),
        Offer("cup", "White cup!", CUP, CUP),
        Offer("cup", "White cup", unit(0, 1, 0.1), CUP),
        Offer("photo", "Lamp", LAMP, unit(0, 0, 0, 1)),
        Offer("cup", "", None, None),
    ],
)
def test_another_listing_is_not_known_whatever_it_is_called(world: World, offer: Offer) -> None:
    (key,) = keys_in(world, offer)
    assert key < -1


def test_two_listings_are_never_taken_for_one(world: World) -> None:
    shirt = HELD[0]
    keys = keys_in(world, shirt, shirt, shirt)
    assert set(keys[:2]) == {key_of("x"), key_of("y")}
    assert keys[2] < -1
