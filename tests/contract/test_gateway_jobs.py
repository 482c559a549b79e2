"""Jobs, their results and the operations around them over HTTP; the tests play the workers."""

import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient
from pydantic import SecretStr
from redis import Redis

from local.ports import free_port
from services.gateway.main import create_app
from shared.ids import new_id
from shared.ledger import Ledger, keys
from shared.messages import FinishedJob, JobOptions, Pair
from shared.settings import CommonSettings, GatewaySettings
from shared.spool import Spool, finished_key, page_key

ORIGIN = "https://shop.example"


@pytest.fixture
def http(settings: CommonSettings) -> Iterator[TestClient]:
    app = create_app(settings, GatewaySettings(cors_origins=(ORIGIN,), max_wait_s=5))
    with TestClient(app, raise_server_exceptions=False) as client:
        yield client


def submission(ledger: Ledger, catalog: str = "shop", rows: int = 10) -> str:
    """Create a job whose upload is complete."""
    job_id = new_id()
    ledger.create(job_id, JobOptions(catalog=catalog), 256)
    ledger.add_chunk(job_id, 0, rows)
    ledger.seal(job_id)
    return job_id


def finished(ledger: Ledger, spool: Spool, pairs: int = 5) -> str:
    job_id = submission(ledger)
    found = [Pair(a=f"={i}", b="b", verdict="duplicate", probability=1 - i / 10) for i in range(pairs)]
    spool.put(page_key(job_id, "pairs", 0), b"".join(p.model_dump_json().encode() + b"\n" for p in found))
    summary = {"pages": {"pairs": 1, "groups": 0, "rejections": 0}, "page_rows": 1000}
    spool.put(f"jobs/{job_id}/results/summary.json", json.dumps(summary).encode())
    ledger.finish(job_id, "succeeded", pairs=pairs)
    return job_id


def test_a_job_tells_how_far_it_is(http: TestClient, ledger: Ledger) -> None:
    job_id = submission(ledger)
    answer = http.get(f"/api/jobs/{job_id}")
    job = answer.json()
    assert (job["status"], job["stage"], job["catalog"], job["progress"]) == ("running", "encode", "shop", 0)
    assert job["stages"]["encode"] == {"done": 0, "total": 1}
    assert job["stages"]["match"] == {"done": 0, "total": None}
    assert answer.headers["Retry-After"] == "1"
    assert job["links"]["pairs"] == f"/api/jobs/{job_id}/pairs"
    assert job["created_at"].endswith("+00:00")

    (hint,) = ledger.units.due()[1] or (ledger.add_chunk(job_id, 0, 10),)
    assert hint is not None
    claim = ledger.units.claim(hint)
    ledger.units.complete(claim, encoded_rows=10)
    job = http.get(f"/api/jobs/{job_id}").json()
    assert (job["stage"], job["counts"]["encoded_rows"], job["progress"]) == ("ingest", 10, 0.85)
    assert job["rate"] > 0
    assert job["eta_seconds"] >= 0


def test_an_unchanged_job_is_not_sent_again(http: TestClient, ledger: Ledger) -> None:
    path = f"/api/jobs/{submission(ledger)}"
    tag = http.get(path).headers["ETag"]
    assert tag.startswith('W/"')
    unchanged = http.get(path, headers={"If-None-Match": f'"x", {tag}'})
    assert (unchanged.status_code, unchanged.content) == (304, b"")
    assert unchanged.headers["ETag"] == tag
    ledger.cancel(path.rsplit("/", 1)[1])
    changed = http.get(path, headers={"If-None-Match": tag})
    assert (changed.status_code, changed.json()["status"]) == (200, "cancelled")
    assert "Retry-After" not in changed.headers


@pytest.mark.parametrize(
    ("job_id", "status", "code"),
    [
        ("nonsense", 404, "job_unknown"),
        (new_id(), 404, "job_unknown"),
        ("01JD0000000000000000000000", 410, "job_expired"),
    ],
    ids=["nonsense", "new", "old"],
)
@pytest.mark.parametrize("rest", ["", "/pairs", "/groups", "/rejections"])
def test_jobs_that_are_not_there(http: TestClient, job_id: str, rest: str, status: int, code: str) -> None:
    answer = http.get(f"/api/jobs/{job_id}{rest}")
    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_waiting_for_a_job(http: TestClient, ledger: Ledger) -> None:
    job_id = submission(ledger)
    timer = threading.Timer(0.3, ledger.finish, (job_id, "succeeded"))
    timer.start()
    answer = http.get(f"/api/jobs/{job_id}", headers={"Prefer": "wait=5"})
    timer.join()
    assert answer.json()["status"] == "succeeded"
    assert answer.headers["Preference-Applied"] == "wait=5"
    assert answer.elapsed.total_seconds() < 2


@pytest.mark.parametrize(("path", "methods"), [("/api/jobs/a", "DELETE, GET"), ("/api/dedup", "POST")])
def test_a_path_names_all_methods_that_it_takes(http: TestClient, path: str, methods: str) -> None:
    answer = http.put(path)
    assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")
    assert answer.headers["Allow"] == methods


def test_no_parameter_is_described_as_null(http: TestClient) -> None:
    paths = http.get("/openapi.json").json()["paths"]
    parameters = [p for path in paths.values() for o in path.values() for p in o.get("parameters", ())]
    assert len(parameters) > 30
    assert "null" not in json.dumps([parameter["schema"] for parameter in parameters])


def test_jobs_are_listed_newest_first_page_by_page(http: TestClient, ledger: Ledger) -> None:
    made = [submission(ledger, catalog="a" if i % 3 else "b") for i in range(23)]
    order = [record.id for record in ledger.recent(None, 100)]
    assert sorted(order) == sorted(made)
    ledger.cancel(order[4])

    def walk(path: str) -> list[str]:
        found: list[str] = []
        following: str | None = path
        while following:
            page = http.get(following).json()
            found += [job["id"] for job in page["items"]]
            following = page["next"]
        return found

    assert walk("/api/jobs?limit=4") == order
    assert walk("/api/jobs?limit=23") == order
    assert walk("/api/jobs?limit=3&catalog=b") == [i for i in order if made.index(i) % 3 == 0]
    assert walk("/api/jobs?status=cancelled") == [order[4]]
    assert http.get("/api/jobs?cursor=xx").json()["code"] == "cursor_invalid"
    assert http.get("/api/jobs?status=odd").json()["code"] == "request_invalid"


def test_jobs_of_one_millisecond_are_listed_however_few_fit_on_a_page(
    http: TestClient, ledger: Ledger, settings: CommonSettings
) -> None:
    made = [submission(ledger) for _ in range(40)]
    with Redis.from_url(settings.redis_url.get_secret_value()) as redis:
        for job_id in made:
            redis.zadd(keys.JOBS, {job_id: 1_700_000_000_000})
            redis.hset(keys.job(job_id), "created_ms", 1_700_000_000_000)
    found: list[str] = []
    following: str | None = "/api/jobs?limit=1"
    while following:
        page = http.get(following).json()
        found += [job["id"] for job in page["items"]]
        following = page["next"]
    assert found == sorted(made, reverse=True)


def test_cancelling(http: TestClient, ledger: Ledger, spool: Spool) -> None:
    job_id = submission(ledger)
    assert http.delete(f"/api/jobs/{job_id}").json()["status"] == "cancelled"
    record = FinishedJob.model_validate_json(spool.get(finished_key(job_id)) or b"")
    assert record.status == "cancelled"
    again = http.delete(f"/api/jobs/{job_id}")
    assert (again.status_code, again.json()["status"]) == (200, "cancelled")
    answer = http.get(f"/api/jobs/{job_id}/pairs")
    assert (answer.status_code, answer.json()["code"]) == (409, "job_cancelled")


def test_an_ended_job_cannot_be_cancelled(http: TestClient, ledger: Ledger, spool: Spool) -> None:
    job_id = finished(ledger, spool)
    assert http.delete(f"/api/jobs/{job_id}").json()["status"] == "succeeded"
    assert spool.get(finished_key(job_id)) is None
    assert http.delete(f"/api/jobs/{new_id()}").status_code == 404


def test_results_page_by_page_in_every_form(http: TestClient, ledger: Ledger, spool: Spool) -> None:
    path = f"/api/jobs/{finished(ledger, spool)}/pairs"
    first = http.get(path, params={"limit": 2, "min_probability": 0.65})
    assert [pair["a"] for pair in first.json()["items"]] == ["=0", "=1"]
    second = http.get(first.json()["next"]).json()
    assert [pair["a"] for pair in second["items"]] == ["=2", "=3"]
    assert second["next"] is None or http.get(second["next"]).json()["items"] == []

    lines = http.get(path, params={"limit": 2}, headers={"Accept": "application/x-ndjson"})
    assert lines.headers["Content-Type"].startswith("application/x-ndjson")
    assert [json.loads(line)["a"] for line in lines.text.splitlines()] == ["=0", "=1"]
    following = lines.links["next"]["url"]
    table = http.get(following, headers={"Accept": "text/csv"})
    assert table.text.splitlines()[0].startswith("a,b,verdict,probability")
    assert table.text.splitlines()[1].startswith("'=2,b,duplicate,0.8")
    assert http.get(path, headers={"Accept": "image/png"}).json()["code"] == "not_acceptable"
    assert http.get(path, params={"limit": 1001}).status_code == 422
    assert http.get(path.replace("pairs", "groups")).json() == {"items": [], "next": None}


def test_results_before_the_end_and_after_a_failure(http: TestClient, ledger: Ledger) -> None:
    job_id = submission(ledger)
    early = http.get(f"/api/jobs/{job_id}/groups")
    assert (early.status_code, early.json()["code"]) == (409, "job_not_finished")
    assert early.headers["Retry-After"]
    ledger.fail(job_id, "profile_mismatch", "other models")
    failed = http.get(f"/api/jobs/{job_id}/groups")
    assert (failed.status_code, failed.json()["code"], failed.json()["detail"]) == (
        409, "profile_mismatch", "other models",
    )  # fmt: skip
    assert http.get(f"/api/jobs/{job_id}").json()["error"]["code"] == "profile_mismatch"


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [("GET", "/nope", 404, "not_found"), ("PUT", "/api/jobs", 405, "method_not_allowed")],
)
def test_problems_of_the_framework(http: TestClient, method: str, path: str, status: int, code: str) -> None:
    answer = http.request(method, path, headers={"X-Request-Id": "my-id"})
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.headers["X-Request-Id"] == "my-id"
    expected: dict[str, Any] = {"status": status, "code": code, "instance": path, "request_id": "my-id"}
    assert {name: answer.json()[name] for name in expected} == expected


def test_an_odd_request_id_is_replaced(http: TestClient) -> None:
    answer = http.get("/health/live", headers={"X-Request-Id": 'a"b {}'})
    assert len(answer.headers["X-Request-Id"]) == 26


def test_cross_origin_requests(http: TestClient) -> None:
    allowed = http.get("/api/jobs", headers={"Origin": ORIGIN})
    assert allowed.headers["Access-Control-Allow-Origin"] == ORIGIN
    assert "Location" in allowed.headers["Access-Control-Expose-Headers"]
    other = http.get("/api/jobs", headers={"Origin": "https://evil.example"})
    assert "Access-Control-Allow-Origin" not in other.headers


def test_metrics_and_health(http: TestClient, ledger: Ledger) -> None:
    submission(ledger)
    http.get(f"/api/jobs/{new_id()}")
    text = http.get("/metrics").text
    assert 'doppel_http_requests_total{method="GET",route="/api/jobs/{job_id}",status="404"} 1.0' in text
    assert 'doppel_jobs{status="running"} 1.0' in text
    assert 'doppel_queue_messages{queue="encode.bulk"} 0.0' in text
    assert http.get("/health/live").json() == {"status": "ok"}


def test_the_description_covers_every_operation(http: TestClient) -> None:
    document = http.get("/openapi.json").json()
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            assert operation["summary"], (method, path)
            if method == "post":
                # A rematch is all said by its address.
                assert path.endswith("/rematches") or operation["requestBody"]["content"], path
            if path.startswith("/api"):
                assert "503" in operation["responses"], (method, path)
    schemas = document["components"]["schemas"]
    text = json.dumps(document)
    for name in text.split("#/components/schemas/")[1:]:
        assert name.split('"')[0] in schemas
    assert http.get("/docs").status_code == 200


def test_without_redis_the_answer_is_503(settings: CommonSettings) -> None:
    away = CommonSettings(
        redis_url=SecretStr(f"redis://127.0.0.1:{free_port()}/0"), spool_url=settings.spool_url
    )
    with TestClient(create_app(away, GatewaySettings())) as http:
        headers = {"Content-Type": "application/x-ndjson", "Idempotency-Key": "k"}
        answers = [
            http.get(f"/api/jobs/{new_id()}"),
            http.post("/api/catalogs/shop/submissions", content=b'{"id":"1"}', headers=headers),
            http.post("/api/dedup", json={"a": {"title": "A"}, "b": {"title": "B"}}),
        ]
        assert {(a.status_code, a.json()["code"]) for a in answers} == {(503, "ledger_unavailable")}
        assert all(answer.headers["Retry-After"] for answer in answers)
        assert http.get("/health/live").status_code == 200
        assert "doppel_ledger_up 0.0" in http.get("/metrics").text
