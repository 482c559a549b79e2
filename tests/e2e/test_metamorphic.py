"""What must not change when the question is put another way: asked again, from the other side, in a crowd."""

import base64
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from local.stack import Stack
from samples import SampleListing, generate
from samples.plan import Plan, plan
from tests.e2e.conftest import SETTINGS
from tests.support import Json, Shop, ndjson

LISTINGS = 600
# Everyday goods, and a crowd that has nothing to do with them.
OURS, OTHERS = ("food", "care", "wear"), ("home", "tech")
Verdicts = dict[tuple[str, str], str]


def goods(listings: int, seed: int, sectors: tuple[str, ...]) -> list[Json]:
    """Return the listings of some sectors of a sample of so many listings, pictures inline."""

    def planner(count: int, seed: int) -> Iterator[Plan]:
        return (entry for entry in plan(count, seed) if entry.product.line.kind.sector in sectors)

    return [inline(listing) for listing in generate(listings, seed, planner=planner)]


def inline(listing: SampleListing) -> Json:
    row: Json = dict(listing.row())
    if listing.image:
        row["image"] = f"data:image/jpeg;base64,{base64.b64encode(listing.image).decode()}"
    return {name: value for name, value in row.items() if value}


def related(pairs: list[Json]) -> Verdicts:
    """Return the pairs that are duplicates or variants, with their verdict."""
    return {(p["a"], p["b"]): p["verdict"] for p in pairs if p["verdict"] != "different"}


def changed(before: Verdicts, after: Verdicts) -> set[tuple[str, str]]:
    """Return the pairs with another verdict; a pair that is not there is different."""
    return {pair for pair in before.keys() | after.keys() if before.get(pair) != after.get(pair)}


def plain(groups: list[Json]) -> list[Json]:
    """Return groups without their ids, which hold the name of the catalog."""
    bare = [{**{k: v for k, v in g.items() if k != "id"}, "members": sorted_members(g)} for g in groups]
    return sorted(bare, key=lambda g: str(g["canonical"]))


def sorted_members(group: Json) -> list[Json]:
    return sorted(group["members"], key=lambda m: str(m["id"]))


def compared(shop: Shop, a: Json, b: Json, catalog: str | None) -> Json:
    """Return the answer about two listings."""
    sides = {
        name: {k: v for k, v in side.items() if k in ("title", "image", "brand", "price")}
        for name, side in (("a", a), ("b", b))
    }
    body = sides | ({"catalog": catalog} if catalog else {})
    answer = shop.http.post("/api/dedup", json=body, headers={"Prefer": "wait=20"})
    if answer.status_code != 200:
        return {"code": answer.json()["code"]}
    return dict(answer.json()["result"])


def searched(shop: Shop, listing: Json, catalog: str) -> list[Json]:
    """Return what a search for a listing finds."""
    body: Json = {k: v for k, v in listing.items() if k in ("title", "image")} | {"catalog": catalog}
    body["attributes"] = {k: v for k, v in listing.items() if k in ("brand", "price")}
    answer = shop.http.post("/api/search", json=body, headers={"Prefer": "wait=20"}).raise_for_status()
    return list(answer.json()["result"]["matches"])


def nameless(matches: list[Json]) -> list[Json]:
    return [{k: v for k, v in match.items() if k not in ("listing_id", "image")} for match in matches]


def mirrored(result: Json) -> Json:
    """Return the answer as it must be with the sides swapped."""
    if "conflicts" not in result:
        return result
    swapped = [{"kind": c["kind"], "a": c["b"], "b": c["a"]} for c in result["conflicts"]]
    return {**result, "conflicts": swapped}


@dataclass
class Asked:
    """A sample that one submission matched, and what it found."""

    listings: list[Json]
    pairs: list[Json]
    groups: list[Json]


@pytest.fixture(scope="module")
def client(stack: Stack) -> Iterator[Shop]:
    made = Shop(stack)
    yield made
    made.close()


def submitted(shop: Shop, catalog: str, listings: list[Json]) -> Asked:
    job = shop.wait(shop.submit(catalog, ndjson(listings))["id"])
    return Asked(listings, shop.rows(job["id"], "pairs"), shop.rows(job["id"], "groups"))


@pytest.fixture(scope="module")
def alone(client: Shop) -> Asked:
    found = submitted(client, "meta-alone", goods(LISTINGS, 7, OURS))
    assert len(related(found.pairs)) > 250
    return found


def test_the_same_listings_give_the_same_pairs_and_groups(client: Shop, alone: Asked) -> None:
    again = submitted(client, "meta-again", alone.listings)
    assert again.pairs == alone.pairs
    assert plain(again.groups) == plain(alone.groups)


@pytest.fixture
def exhaustive() -> Iterator[Shop]:
    """A stack that reports every pair it decided about, also the hopeless ones."""
    with Stack(profile="deterministic", settings={**SETTINGS, "DOPPEL_PAIR_FLOOR": "0"}) as running:
        running.up("redis", "gateway", "reconciler", "encoder", "index")
        running.wait_ready()
        made = Shop(running)
        yield made
        made.close()


@pytest.mark.timeout(240)
def test_unrelated_listings_change_less_than_one_verdict_in_a_hundred(exhaustive: Shop) -> None:
    goods_of_ours, crowd = goods(LISTINGS, 7, OURS), goods(LISTINGS, 107, OTHERS)
    assert len(crowd) > len(goods_of_ours) / 3
    before = submitted(exhaustive, "meta-before", goods_of_ours).pairs
    after = submitted(exhaustive, "meta-crowd", goods_of_ours + crowd).pairs
    ours = {listing["id"] for listing in goods_of_ours}
    verdicts = {(p["a"], p["b"]): p["verdict"] for p in before}
    turned = changed(related(before), related([p for p in after if ours >= {p["a"], p["b"]}]))
    assert len(turned) < len(verdicts) / 100
    # Of those that anybody will look at, most of which lie far from the line.
    assert len(turned) < len(related(before)) / 50
    across = [p for p in after if (p["a"] in ours) != (p["b"] in ours)]
    assert "duplicate" not in {p["verdict"] for p in across}


def some_pairs(asked: Asked) -> list[tuple[Json, Json]]:
    """Return pairs of every verdict, and such as follow each other in the upload: hardly ever related."""
    listings = {listing["id"]: listing for listing in asked.listings}
    chosen = [(p["a"], p["b"]) for v in ("duplicate", "variant", "different") for p in asked.pairs
              if p["verdict"] == v][::20]  # fmt: skip
    ids = list(listings)
    chosen += list(zip(ids[:40:4], ids[1:40:4], strict=True))
    bare = [i for i, listing in listings.items() if "image" not in listing or "title" not in listing]
    chosen += [(i, ids[0]) for i in bare[:4]]
    return [(listings[a], listings[b]) for a, b in chosen]


@pytest.mark.parametrize("catalog", [None, "meta-alone"])
def test_swapped_sides_give_the_mirrored_answer(client: Shop, alone: Asked, catalog: str | None) -> None:
    for a, b in some_pairs(alone):
        there, back = compared(client, a, b, catalog), compared(client, b, a, catalog)
        assert mirrored(there) == back, (a["id"], b["id"])


def test_a_pair_asked_about_is_answered_as_it_was_found(client: Shop, alone: Asked) -> None:
    listings = {listing["id"]: listing for listing in alone.listings}
    for pair in alone.pairs[::10]:
        answer = compared(client, listings[pair["a"]], listings[pair["b"]], "meta-alone")
        assert {name: answer[name] for name in pair if name not in ("a", "b")} == {
            name: value for name, value in pair.items() if name not in ("a", "b")
        }, pair


def test_a_search_says_of_a_pair_what_was_found(client: Shop, alone: Asked) -> None:
    listings = {listing["id"]: listing for listing in alone.listings}
    known = {frozenset((p["a"], p["b"])): (p["verdict"], p["probability"]) for p in alone.pairs}
    met = 0
    for name in [p["a"] for p in alone.pairs[::25]]:
        found = {match["listing_id"]: match for match in searched(client, listings[name], "meta-alone")}
        assert found.pop(name)["verdict"] == "duplicate"
        for other in found.keys() & {partner for pair in known if name in pair for partner in pair - {name}}:
            pair = frozenset((name, other))
            assert (found[other]["verdict"], found[other]["probability"]) == known[pair]
            met += 1
    assert met > 10


def test_what_listings_are_called_changes_no_answer(client: Shop, alone: Asked) -> None:
    """Not even when they are called what the parts of a request are called inside the service."""
    renamed = [
        {**listing, "id": name} for listing, name in zip(alone.listings, ("a", "b", "query"), strict=False)
    ]
    submitted(client, "meta-named", renamed + alone.listings[3:])
    for listing in alone.listings[:8]:
        for other in alone.listings[:3]:
            answers = [compared(client, listing, other, name) for name in ("meta-alone", "meta-named")]
            assert answers[0] == answers[1]
    for listing in alone.listings[:3]:
        found = [nameless(searched(client, listing, name)) for name in ("meta-alone", "meta-named")]
        assert found[0] == found[1]


def test_parts_give_nearly_the_verdicts_of_the_whole(client: Shop, alone: Asked) -> None:
    """What surrounds a pair grows with the catalog; a rematch makes it exact (`test_rematch.py`)."""
    found: dict[tuple[str, str], Json] = {}
    for part in (alone.listings[::2], alone.listings[1::2]):
        found |= {(p["a"], p["b"]): p for p in submitted(client, "meta-parts", part).pairs}
    whole, parts = related(alone.pairs), related(list(found.values()))
    kept = sum(parts.get(pair) == verdict for pair, verdict in whole.items())
    assert kept >= 0.995 * len(whole)
