"""Comparisons and searches answer in one call, also while a bulk job runs."""

import base64

from tests.support import ENDED, Json, Shop, jpeg, ndjson

WAIT = {"Prefer": "wait=10"}


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
    def image(seed: int) -> str:
        return "data:image/jpeg;base64," + base64.b64encode(jpeg(seed)).decode()

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
