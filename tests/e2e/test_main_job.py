"""The main job over HTTP: submit a catalog, poll the job, read the duplicates."""

from itertools import combinations
from pathlib import Path

from tests.malformed.parquet_files import parquet
from tests.support import Shop, jpeg, ndjson, sample


def test_a_catalog_goes_in_and_its_duplicates_come_out(shop: Shop, tmp_path: Path) -> None:
    listings, truth = sample(tmp_path, 120)
    accepted = shop.submit("main-job", ndjson(listings))
    job = shop.wait(accepted["id"])
    assert job["counts"]["listings"] == 120
    assert job["counts"]["rejected"] == 0

    product = {listing: known["product"] for listing, known in truth["listings"].items()}
    pairs = shop.rows(job["id"], "pairs", verdict="duplicate", limit=7)
    right = [p for p in pairs if product[p["a"]] == product[p["b"]]]
    true_pairs = sum(1 for a, b in combinations(product, 2) if product[a] == product[b])
    # The deterministic encoder knows pixels and letters, no meaning: the path is under test, not its models.
    assert len(right) / len(pairs) > 0.5
    assert len(right) / true_pairs > 0.5
    assert pairs == sorted(pairs, key=lambda p: (-p["probability"], p["a"], p["b"]))

    groups = shop.rows(job["id"], "groups")
    members = [m["id"] for group in groups for m in group["members"]]
    assert len(members) == len(set(members))
    assert all(group["canonical"] in {m["id"] for m in group["members"]} for group in groups)


def test_results_come_as_ndjson_and_csv_too(shop: Shop) -> None:
    rows = [{"id": f"=x{i}", "title": "Red mug 350 ml", "image": None} for i in range(3)]
    job = shop.wait(shop.submit("formats", ndjson(rows))["id"])
    url = f"/api/jobs/{job['id']}/pairs"
    lines = shop.http.get(url, headers={"Accept": "application/x-ndjson"}).text.splitlines()
    table = shop.http.get(url, headers={"Accept": "text/csv"}).text.splitlines()
    assert len(lines) == len(shop.rows(job["id"], "pairs")) == len(table) - 1 == 3
    assert table[1].startswith("'=x0,"), "a cell must not become a formula"


def test_every_way_to_submit_gives_the_same(shop: Shop, tmp_path: Path) -> None:
    import io
    import zipfile

    pictures = {f"{i}.jpg": jpeg(i // 2) for i in range(6)}
    table = "sku,name,photo\n" + "".join(f"s{i},Blue shirt no {i // 2},{i}.jpg\n" for i in range(6))
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("table.csv", table)
        for name, data in pictures.items():
            archive.writestr(name, data)
    mapping = {"id_column": "sku", "title_column": "name", "image_column": "photo"}
    zipped = shop.submit("ways-zip", buffer.getvalue(), "application/zip", **mapping)

    import base64
    import json

    rows = [
        {
            "id": f"s{i}",
            "title": f"Blue shirt no {i // 2}",
            "image": "data:image/jpeg;base64," + base64.b64encode(pictures[f"{i}.jpg"]).decode(),
        }
        for i in range(6)
    ]
    as_json = shop.submit("ways-json", json.dumps(rows).encode(), "application/json")
    as_lines = shop.submit("ways-ndjson", ndjson(rows))
    columns = {"sku": [f"s{i}" for i in range(6)], "name": [f"Blue shirt no {i // 2}" for i in range(6)]}
    body = parquet(columns | {"photo": list(pictures.values())})
    as_parquet = shop.submit("ways-parquet", body, "application/vnd.apache.parquet", **mapping)
    outcomes = []
    for accepted in (zipped, as_json, as_lines, as_parquet):
        shop.wait(accepted["id"])
        outcomes.append(
            [(p["a"], p["b"], p["verdict"], p["probability"]) for p in shop.rows(accepted["id"], "pairs")]
        )
    assert outcomes[0] == outcomes[1] == outcomes[2] == outcomes[3]
    assert [(a, b) for a, b, verdict, _ in outcomes[0] if verdict == "duplicate"]


def test_a_second_submission_meets_the_catalog_or_only_itself(shop: Shop) -> None:
    first = [{"id": "a", "title": "Steel bottle Nordvik 750 ml green"}]
    second = [{"id": "b", "title": "Nordvik steel bottle 750 ml green"}]
    shop.wait(shop.submit("growing", ndjson(first))["id"])
    alone = shop.wait(shop.submit("growing", ndjson(second), against="submission")["id"])
    assert shop.rows(alone["id"], "pairs") == []
    whole = shop.wait(shop.submit("growing", ndjson(second))["id"])
    assert [(p["a"], p["b"]) for p in shop.rows(whole["id"], "pairs")] == [("a", "b")]
    other = shop.wait(shop.submit("another", ndjson(second), against="catalog:growing")["id"])
    assert [p["a"] for p in shop.rows(other["id"], "pairs")] != []


def test_an_unknown_catalog_to_match_against_fails_the_job(shop: Shop) -> None:
    accepted = shop.submit("some", ndjson([{"id": "a", "title": "x y"}]), against="catalog:nowhere")
    assert shop.wait(accepted["id"], status="failed")["error"]["code"] == "catalog_unknown"


def test_the_job_list_and_unknown_jobs(shop: Shop) -> None:
    job = shop.wait(shop.submit("listed", ndjson([{"id": "a", "title": "x y"}]))["id"])
    assert job["id"] in [j["id"] for j in shop.http.get("/api/jobs").json()["items"]]
    for job_id, status in (
        ("01ZZZZZZZZZZZZZZZZZZZZZZZZ", 404),
        ("nonsense", 404),
        ("01ARZ3NDEKTSV4RRFFQ69G5FAV", 410),
    ):
        answer = shop.http.get(f"/api/jobs/{job_id}")
        assert answer.status_code == status
        assert answer.headers["Content-Type"] == "application/problem+json"


def test_a_repeated_request_makes_one_job(shop: Shop) -> None:
    body = ndjson([{"id": "a", "title": "x y"}])
    headers = {"Idempotency-Key": "once", "Content-Type": "application/x-ndjson"}
    url = "/api/catalogs/once/submissions"
    answers = [shop.http.post(url, content=body, headers=headers) for _ in range(3)]
    assert len({answer.json()["id"] for answer in answers}) == 1
    other = shop.http.post(url, content=body + body, headers=headers)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_mismatch")


def test_a_cancelled_job_stays_cancelled(shop: Shop) -> None:
    listings = [{"id": str(i), "title": f"thing number {i}"} for i in range(4000)]
    accepted = shop.submit("cancelled", ndjson(listings))
    assert shop.http.delete(f"/api/jobs/{accepted['id']}").json()["status"] == "cancelled"
    assert shop.job(accepted["id"])["status"] == "cancelled"
    answer = shop.http.get(f"/api/jobs/{accepted['id']}/pairs")
    assert answer.status_code == 409


def test_wait_and_etag(shop: Shop) -> None:
    accepted = shop.submit("waited", ndjson([{"id": "a", "title": "x y"}]))
    job = shop.http.get(f"/api/jobs/{accepted['id']}", headers={"Prefer": "wait=20"})
    assert job.json()["status"] == "succeeded"
    again = shop.http.get(f"/api/jobs/{accepted['id']}", headers={"If-None-Match": job.headers["ETag"]})
    assert again.status_code == 304
