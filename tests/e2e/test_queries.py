"""Comparisons and searches answer in one call, also while a bulk job runs."""

import base64
import json
import math
from pathlib import Path

import pytest

from local.stack import Stack
from tests.support import ENDED, Json, Shop, jpeg, ndjson

WAIT = {"Prefer": "wait=10"}
CLASSIFIER = Path(__file__).parents[2] / "artifacts" / "deterministic" / "classifier.json"
SIMILARITIES = ("image_sim", "text_sim", "lexical_sim")
DIGITS = 9


def image(seed: int) -> str:
    return "data:image/jpeg;base64," + base64.b64encode(jpeg(seed)).decode()


def thing(seed: int, title: str | None = None) -> Json:
    return {"title": f"Thing {seed}" if title is None else title, "image": image(seed)}


def dedup(shop: Shop, a: int, b: int) -> Json:
    files = {"a_image": ("a.jpg", jpeg(a), "image/jpeg"), "b_image": ("b.jpg", jpeg(b), "image/jpeg")}
    titles = {"a_title": f"Red mug {a}00 ml", "b_title": f"Red mug {b}00 ml"}
    answer = shop.http.post("/api/dedup", data=titles, files=files, headers=WAIT)
    assert answer.status_code == 200, answer.text
    return dict(answer.json()["result"])


def test_the_same_listing_twice_is_a_duplicate(shop: Shop) -> None:
    result = dedup(shop, 3, 3)
    assert result["verdict"] == "duplicate"
    assert result["image_sim"] > 0.999
    assert result["probability"] >= result["threshold"]


def test_other_sizes_are_no_duplicates_and_say_why(shop: Shop) -> None:
    body = {"a": {"title": "Red mug Tallo 200 ml"}, "b": {"title": "Red mug Tallo 400 ml"}}
    result = shop.http.post("/api/dedup", json=body, headers=WAIT).json()["result"]
    assert result["verdict"] != "duplicate"
    assert result["conflicts"]
    assert result["image_sim"] is None


def test_an_uploaded_photo_finds_its_listing_while_a_bulk_job_runs(shop: Shop) -> None:
    listings = [{"id": f"p{i}", "title": f"Thing {i}", "image": image(i)} for i in range(50)]
    shop.wait(shop.submit("searched", ndjson(listings))["id"])
    bulk = shop.submit(
        "busy", ndjson([{"id": str(i), "title": f"t {i}", "image": image(i)} for i in range(1500)])
    )
    answer = shop.http.post(
        "/api/search",
        data={"catalog": "searched", "k": "3"},
        files={"image": ("q.jpg", jpeg(17), "image/jpeg")},
        headers=WAIT,
    )
    result = dedup(shop, 5, 5)
    still_running = shop.job(bulk["id"])["status"] not in ENDED
    assert answer.status_code == 200, answer.text
    assert answer.json()["result"]["matches"][0]["listing_id"] == "p17"
    assert result["verdict"] == "duplicate"
    assert still_running, "the bulk job was too small to be in the way"
    shop.wait(bulk["id"])


def test_a_query_without_wait_is_a_job(shop: Shop) -> None:
    answer = shop.http.post("/api/dedup", json={"a": {"title": "x y"}, "b": {"title": "x y"}})
    assert answer.status_code == 202
    job = shop.http.get(answer.headers["Location"], headers=WAIT).json()
    assert (job["status"], job["result"]["verdict"]) == ("succeeded", "duplicate")


def test_a_query_with_a_bad_image_says_so(shop: Shop) -> None:
    files = {"image": ("q.jpg", b"no picture", "image/jpeg")}
    answer = shop.http.post("/api/search", data={"catalog": "searched"}, files=files, headers=WAIT)
    assert (answer.status_code, answer.json()["code"]) == (422, "image_broken")


def test_a_search_in_an_unknown_catalog_says_so(shop: Shop) -> None:
    answer = shop.http.post("/api/search", json={"catalog": "nowhere", "title": "mug"}, headers=WAIT)
    assert answer.status_code in (404, 422)
    assert answer.json()["code"] == "catalog_unknown"


@pytest.fixture(scope="module")
def described(stack: Stack) -> str:
    """Fill a catalog with enough listings to know which words are rare, and return its name."""
    shop = Shop(stack)
    listings = [{"id": f"p{i}", **thing(i, f"Mug Tallo {i} ml"), "price": 10 + i} for i in range(60)]
    shop.wait(shop.submit("described", ndjson(listings))["id"])
    shop.close()
    return "described"


def contribution(term: Json, value: float) -> float:
    bends = zip(term["slopes"][1:], term.get("knots", ()), strict=True)
    return float(
        term["slopes"][0] * value + sum(slope * max(0.0, value - knot) for slope, knot in bends)
    ) - term.get("centre", 0.0)


PAIRS = {
    "image_text": (thing(3, "Mug Tallo 3 ml"), thing(4, "Mug Tallo 3 ml red")),
    "image_text, alike": ({**thing(70, "Mug Nara"), "price": 5}, {**thing(70, "Nara mug"), "price": 9}),
    "image_text, strange": (thing(80, "Kettle 2 L"), thing(81, "Lamp")),
    "text_only": ({"title": "Mug Tallo 7 ml"}, {"title": "Mug Tallo 8 ml"}),
    "text_only, alike": ({"title": "Mug Tallo 7 ml", "brand": "Tallo"}, thing(8, "Tallo mug 7 ml")),
    "image_only": ({"image": image(9)}, {"image": image(10)}),
    "image_only, alike": ({"image": image(9)}, {"image": image(9)}),
}


@pytest.mark.parametrize("setting", ["alone", "within"])
@pytest.mark.parametrize("pair", PAIRS)
def test_the_evidence_adds_up_to_the_verdict(shop: Shop, described: str, pair: str, setting: str) -> None:
    a, b = PAIRS[pair]
    body = {"a": a, "b": b} | ({"catalog": described} if setting == "within" else {})
    result = shop.http.post("/api/dedup", json=body, headers=WAIT).json()["result"]
    model = json.loads(CLASSIFIER.read_text())["regressions"][setting][pair.partition(",")[0]]
    regression, evidence, chance = model["duplicate"], result["evidence"], result["probability"]

    assert list(evidence) == ["intercept", *(term["name"] for term in regression["terms"])]
    assert evidence["intercept"]["contribution"] == regression["intercept"]
    for term in regression["terms"]:
        part = evidence[term["name"]]
        assert part["contribution"] == pytest.approx(contribution(term, part["value"]), abs=1e-9)
    total = math.fsum(part["contribution"] for part in evidence.values())
    assert chance == pytest.approx(1 / (1 + math.exp(-total)), abs=0.51 * 10**-DIGITS)
    if 0 < chance < 1:
        # Near 0 and 1 the digits of the probability say less than that of its log-odds.
        rounding = 0.5 * 10**-DIGITS / (chance * (1 - chance))
        assert total == pytest.approx(math.log(chance / (1 - chance)), abs=1e-6 + 2 * rounding)

    for name in SIMILARITIES:
        if result[name] is not None:
            assert evidence[name]["value"] == result[name]
        assert (name in evidence) == (result[name] is not None)
    assert (result["calibrated"], result["threshold"]) == (True, model["threshold"])
    assert (result["verdict"] == "duplicate") == (chance >= model["threshold"])


def test_a_wanted_threshold_decides_in_place_of_the_classifiers(shop: Shop, described: str) -> None:
    a, b = PAIRS["image_text"]
    for catalog in ({}, {"catalog": described}):
        body = {"a": a, "b": b, **catalog}
        usual = shop.http.post("/api/dedup", json=body, headers=WAIT).json()["result"]
        chance = usual["probability"]
        for threshold in (chance, chance + 10**-DIGITS):
            told = shop.http.post("/api/dedup", json={**body, "threshold": threshold}, headers=WAIT).json()
            found = told["result"]
            assert (found["probability"], found["threshold"]) == (chance, threshold)
            assert (found["verdict"] == "duplicate") == (threshold <= chance)
            assert found["evidence"] == usual["evidence"]
