"""Rematches over HTTP; the tests play the workers."""

from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient
from pydantic import SecretStr

from local.ports import free_port
from services.gateway.main import create_app
from shared.ledger import Ledger
from shared.messages import AcceptedJob, FinishedJob, JobOptions, UnitHint
from shared.routing import INDEX_BULK
from shared.settings import CommonSettings, GatewaySettings
from shared.spool import Spool, accepted_key, finished_key

URL = "/api/catalogs/shop/rematches"


@pytest.fixture
def http(settings: CommonSettings) -> Iterator[TestClient]:
    app = create_app(settings, GatewaySettings(slice_listings=4))
    with TestClient(app, raise_server_exceptions=False) as client:
        yield client


def complete(ledger: Ledger, job_id: str, stage: str, unit: str, **counts: int) -> None:
    hint = UnitHint.model_validate({"job_id": job_id, "stage": stage, "unit": unit})
    ledger.units.complete(ledger.units.claim(hint), **counts)


def test_a_rematch_is_accepted_on_disk_and_sent_to_the_index(
    http: TestClient, ledger: Ledger, spool: Spool
) -> None:
    answer = http.post(URL, params={"k": 20, "k_text": 0, "threshold": 0.9})
    job = answer.json()
    assert (answer.status_code, answer.headers["Location"]) == (202, f"/api/jobs/{job['id']}")
    assert (job["kind"], job["status"], job["stage"], job["catalog"]) == (
        "rematch", "running", "ingest", "shop",
    )  # fmt: skip
    accepted = AcceptedJob.model_validate_json(spool.get(accepted_key(job["id"])) or b"")
    assert accepted.options == JobOptions(catalog="shop", k=20, k_text=0, threshold=0.9)
    assert (accepted.kind, accepted.slice_listings) == ("rematch", 4)
    assert ledger.upkeep.queue_depth(INDEX_BULK) == 1
    assert [listed["id"] for listed in http.get("/api/jobs?catalog=shop").json()["items"]] == [job["id"]]


def test_a_rematch_tells_how_far_it_is(http: TestClient, ledger: Ledger) -> None:
    job_id = http.post(URL).json()["id"]
    job = http.get(f"/api/jobs/{job_id}").json()
    assert (list(job["stages"]), job["progress"]) == (["ingest", "match", "finish"], 0)
    complete(ledger, job_id, "ingest", "0", rows=6, listings=6)
    complete(ledger, job_id, "match", "0")
    job = http.get(f"/api/jobs/{job_id}").json()
    assert (job["stage"], job["stages"]["match"]) == ("match", {"done": 1, "total": 2})
    # An even share of both stages would say three quarters: matching takes longer.
    assert job["progress"] == pytest.approx((0.05 + 0.1 / 2) / 0.15, abs=1e-4)
    assert job["rate"] > 0
    complete(ledger, job_id, "match", "1")
    assert http.get(f"/api/jobs/{job_id}").json()["stage"] == "finish"
    early = http.get(f"/api/jobs/{job_id}/pairs")
    assert (early.status_code, early.json()["code"]) == (409, "job_not_finished")


def test_the_same_key_is_the_same_rematch(http: TestClient) -> None:
    headers = {"Idempotency-Key": "nightly"}
    first = [http.post(URL, headers=headers) for _ in range(3)]
    assert {answer.status_code for answer in first} == {202}
    assert len({answer.json()["id"] for answer in first}) == 1
    other = http.post(URL, params={"k": 5}, headers=headers)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_mismatch")
    assert http.post(URL).json()["id"] != first[0].json()["id"]


def test_a_cancelled_rematch_is_not_run_again_when_redis_is_lost(http: TestClient, spool: Spool) -> None:
    job_id = http.post(URL).json()["id"]
    assert http.delete(f"/api/jobs/{job_id}").json()["status"] == "cancelled"
    assert FinishedJob.model_validate_json(spool.get(finished_key(job_id)) or b"").status == "cancelled"
    assert http.get(f"/api/jobs/{job_id}/pairs").json()["code"] == "job_cancelled"


@pytest.mark.parametrize(
    "url",
    [
        f"{URL}?k=0",
        f"{URL}?k=101",
        f"{URL}?k_text=101",
        f"{URL}?k_image=0&k_text=0&k_lexical=0",
        f"{URL}?threshold=2",
        "/api/catalogs/Shop!/rematches",
    ],
)
def test_a_malformed_rematch_is_refused(http: TestClient, url: str) -> None:
    answer = http.post(url)
    assert (answer.status_code, answer.json()["code"]) == (422, "request_invalid")


def test_without_redis_a_rematch_is_refused(settings: CommonSettings) -> None:
    away = CommonSettings(
        redis_url=SecretStr(f"redis://127.0.0.1:{free_port()}/0"), spool_url=settings.spool_url
    )
    with TestClient(create_app(away, GatewaySettings())) as http:
        answer = http.post(URL)
    assert (answer.status_code, answer.json()["code"]) == (503, "ledger_unavailable")


def test_what_only_encodes_has_no_pages(http: TestClient, ledger: Ledger) -> None:
    from shared.ids import new_id

    job_id = new_id()
    ledger.create_embedding(job_id)
    ledger.add_chunk(job_id, 0, 10)
    job = http.get(f"/api/jobs/{job_id}").json()
    assert (job["kind"], job["stage"], list(job["stages"]), job["progress"]) == (
        "embedding", "encode", ["encode"], None,
    )  # fmt: skip
    assert job["links"] == {"self": f"/api/jobs/{job_id}", "pairs": None, "groups": None, "rejections": None}
    assert http.get(f"/api/jobs/{job_id}/pairs").json()["code"] == "job_has_no_pages"
    assert http.delete(f"/api/jobs/{job_id}").json()["status"] == "cancelled"
