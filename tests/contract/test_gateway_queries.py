"""Comparisons and searches over HTTP; the tests play the workers."""

import asyncio
import base64
import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient
from redis import Redis

from services.gateway.main import create_app
from shared.inflight import InFlight
from shared.ledger import Ledger
from shared.limits import Limits
from shared.messages import Query
from shared.routing import ENCODE_INTERACTIVE
from shared.settings import CommonSettings, GatewaySettings
from tests.conftest import wait_until

PNG = "data:image/png;base64," + base64.b64encode(b"picture").decode()
TITLES = {"a": {"title": "A"}, "b": {"title": "B"}}


@pytest.fixture
def http(settings: CommonSettings) -> Iterator[TestClient]:
    with TestClient(
        create_app(settings, GatewaySettings(max_image_bytes=1000, query_deadline_s=30))
    ) as client:
        yield client


def sent(settings: CommonSettings) -> Query:
    """Take the one message off the interactive queue."""
    with Redis.from_url(settings.redis_url.get_secret_value()) as redis:
        raw: Any = redis.lpop(f"doppel:{ENCODE_INTERACTIVE}")
    body = json.loads(base64.b64decode(json.loads(raw)["body"]))
    return Query.model_validate(body[0][0])


def test_a_comparison_travels_as_one_message(
    http: TestClient, settings: CommonSettings, inflight: InFlight
) -> None:
    document = {
        "a": {"title": " A ", "image": PNG, "attributes": {"brand": "Nara"}, "price": 3},
        "b": {"image_url": "https://x.example/b.jpg"},
        "threshold": 0.8,
    }
    answer = http.post("/api/dedup", json=document)
    assert answer.status_code == 202
    job = answer.json()
    assert (job["kind"], job["status"], job["stage"]) == ("dedup", "running", "query")
    assert answer.headers["Location"] == f"/api/jobs/{job['id']}"
    query = sent(settings)
    a, b = query.listings
    assert (a.title, a.image, a.attributes) == ("A", None, {"brand": "Nara", "price": 3})
    assert b.image == "https://x.example/b.jpg"
    assert query.payload_keys[1] is None
    assert inflight.get_payload(query.payload_keys[0] or "") == b"picture"
    assert (query.threshold, query.catalog, query.job_id) == (0.8, None, job["id"])


def test_a_comparison_as_a_form(http: TestClient, settings: CommonSettings, inflight: InFlight) -> None:
    files = {"a_image": ("a.jpg", b"picture")}
    data = {"a_title": "A", "b_title": "B", "threshold": "0.5", "catalog": "shop"}
    assert http.post("/api/dedup", data=data, files=files).status_code == 202
    query = sent(settings)
    assert [listing.title for listing in query.listings] == ["A", "B"]
    assert inflight.get_payload(query.payload_keys[0] or "") == b"picture"
    assert (query.threshold, query.catalog) == (0.5, "shop")


@pytest.mark.parametrize("form", [True, False])
def test_a_search(http: TestClient, settings: CommonSettings, form: bool) -> None:
    if form:
        answer = http.post(
            "/api/search",
            data={"title": "A", "catalog": "shop", "k": "3", "k_lexical": "0"},
            files={"image": b"picture"},
        )
    else:
        answer = http.post(
            "/api/search", json={"title": "A", "image": PNG, "catalog": "shop", "k": 3, "k_lexical": 0}
        )
    assert answer.status_code == 202
    query = sent(settings)
    assert (query.kind, query.catalog, query.listings[0].title) == ("search", "shop", "A")
    assert (query.k, query.limits) == (3, Limits(3, 3, 0))
    assert query.payload_keys[0] is not None


def answer_next(
    ledger: Ledger, settings: CommonSettings, result: Any = None, code: str = ""
) -> threading.Thread:
    """Play the workers for the next query."""

    def work() -> None:
        wait_until(lambda: ledger.upkeep.queue_depth(ENCODE_INTERACTIVE))
        job_id = sent(settings).job_id
        if code:
            ledger.fail(job_id, code, "as it is")
        else:
            ledger.answer(job_id, result)

    thread = threading.Thread(target=work)
    thread.start()
    return thread


def test_waiting_for_the_answer(http: TestClient, ledger: Ledger, settings: CommonSettings) -> None:
    worker = answer_next(ledger, settings, {"verdict": "duplicate"})
    answer = http.post("/api/dedup", json=TITLES, headers={"Prefer": "wait=10"})
    worker.join()
    assert (answer.status_code, answer.json()["status"]) == (200, "succeeded")
    assert answer.json()["result"] == {"verdict": "duplicate"}
    assert answer.headers["Preference-Applied"] == "wait=10"
    assert answer.elapsed.total_seconds() < 2
    assert http.get(f"/api/jobs/{answer.json()['id']}").json()["result"] == {"verdict": "duplicate"}
    pages = http.get(f"/api/jobs/{answer.json()['id']}/pairs")
    assert (pages.status_code, pages.json()["code"]) == (404, "job_has_no_pages")


@pytest.mark.parametrize(
    ("code", "status"), [("image_broken", 422), ("catalog_unknown", 422), ("job_failed", 200)]
)
def test_a_query_that_fails(
    http: TestClient, ledger: Ledger, settings: CommonSettings, code: str, status: int
) -> None:
    worker = answer_next(ledger, settings, code=code)
    answer = http.post("/api/dedup", json=TITLES, headers={"Prefer": "wait=10"})
    worker.join()
    assert answer.status_code == status
    told = answer.json()
    assert (told["code"] if status == 422 else told["error"]["code"]) == code


def test_no_answer_in_the_time_that_the_client_waits(http: TestClient) -> None:
    answer = http.post("/api/dedup", json=TITLES, headers={"Prefer": "wait=1"})
    assert (answer.status_code, answer.json()["status"]) == (202, "running")


def test_no_answer_by_the_deadline(settings: CommonSettings) -> None:
    with TestClient(create_app(settings, GatewaySettings(query_deadline_s=0.3))) as http:
        answer = http.post("/api/dedup", json=TITLES, headers={"Prefer": "wait=10"})
        assert answer.elapsed.total_seconds() < 3
        job = http.get(f"/api/jobs/{answer.json()['id']}").json()
    assert (job["status"], job["error"]["code"]) == ("failed", "deadline_exceeded")


@pytest.mark.parametrize(
    ("document", "status", "code"),
    [
        ({"a": {"title": "A"}}, 422, "request_invalid"),
        ({**TITLES, "threshold": 2}, 422, "request_invalid"),
        ({**TITLES, "threshold": False}, 422, "request_invalid"),
        ({**TITLES, "thresold": 0.5}, 422, "request_invalid"),
        ({**TITLES, "a": {}}, 422, "listing_empty"),
        ({**TITLES, "a": {"title": "x" * 2001}}, 422, "title_too_long"),
        ({**TITLES, "a": {"title": "A"} | {str(i): i for i in range(300)}}, 422, "attributes_too_many"),
        ({**TITLES, "a": {"title": "A", "b": "x" * 100_000}}, 422, "attributes_too_long"),
        ({**TITLES, "a": {"image": "spool:jobs/x/images/y"}}, 422, "image_url_invalid"),
        ({**TITLES, "a": {"image": "data:image/png;base64,"}}, 422, "image_empty"),
        ({**TITLES, "a": {"image": "data:image/png;base64," + "QUFB" * 400}}, 413, "image_too_many_bytes"),
    ],
)
def test_bad_comparisons(
    http: TestClient, ledger: Ledger, document: dict[str, Any], status: int, code: str
) -> None:
    answer = http.post("/api/dedup", json=document)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert ledger.upkeep.queue_depth(ENCODE_INTERACTIVE) == 0


@pytest.mark.parametrize(
    ("content", "content_type", "status", "code"),
    [
        (b"{", "application/json", 400, "json_invalid"),
        (b"x" * 1_100_000, "application/json", 413, "body_too_large"),
        (b"a", "text/plain", 415, "media_type_unsupported"),
        (b"a", "multipart/form-data; boundary=x", 400, "bad_request"),
        (b"a", "multipart/form-data", 400, "bad_request"),
    ],
)
def test_bodies_that_cannot_be_read(
    http: TestClient, content: bytes, content_type: str, status: int, code: str
) -> None:
    answer = http.post("/api/search", content=content, headers={"Content-Type": content_type})
    assert (answer.status_code, answer.json()["code"]) == (status, code)


@pytest.mark.parametrize(
    ("charset", "value"),
    [("undefined", b"A"), ("punycode", b"\xff"), ("utf-7", b"+2AA-"), ("unicode_escape", b"\\ud800")],
)
@pytest.mark.parametrize("path", ["/api/search", "/api/dedup"])
def test_fields_in_a_charset_that_makes_no_text_of_them(
    http: TestClient, path: str, charset: str, value: bytes
) -> None:
    content = b'--x\r\nContent-Disposition: form-data; name="a_brand"\r\n\r\n' + value + b"\r\n--x--\r\n"
    headers = {"Content-Type": f"multipart/form-data; charset={charset}; boundary=x"}
    answer = http.post(path, content=content, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (422, "request_invalid")
    assert answer.json()["detail"] == "the fields of the form are not text"


@pytest.mark.parametrize(
    ("files", "status", "code"),
    [
        ({"image": b""}, 422, "image_empty"),
        ({"image": b"x" * 1001}, 413, "image_too_many_bytes"),
        ({"photo": b"x"}, 422, "request_invalid"),
    ],
)
def test_bad_files(http: TestClient, files: dict[str, bytes], status: int, code: str) -> None:
    answer = http.post("/api/search", data={"catalog": "shop"}, files=files)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


@pytest.mark.parametrize(
    ("wrong", "errors"),
    [
        ({"k" * 100_000: []}, 4),
        ({str(i): [] for i in range(1000)}, 20),
        ({str(i): [] for i in range(50_000)}, 0),
    ],
)
def test_wrong_fields_are_told_in_few_words(http: TestClient, wrong: dict[str, Any], errors: int) -> None:
    answer = http.post("/api/dedup", json={**TITLES, "a": {"title": "A", "attributes": wrong}})
    assert (answer.status_code, answer.json()["code"]) == (422, "request_invalid")
    assert len(answer.json().get("errors", [])) == errors
    assert len(answer.content) < 10_000


def test_the_same_key_is_the_same_query(http: TestClient, ledger: Ledger) -> None:
    headers = {"Idempotency-Key": "k"}
    first = http.post("/api/dedup", json=TITLES, headers=headers)
    as_form = http.post("/api/dedup", data={"a_title": "A", "b_title": "B"}, files={}, headers=headers)
    assert as_form.status_code == 415
    again = http.post("/api/dedup", json=TITLES, headers=headers)
    assert again.json()["id"] == first.json()["id"]
    assert ledger.upkeep.queue_depth(ENCODE_INTERACTIVE) == 1
    other = http.post("/api/dedup", json={**TITLES, "a": {"title": "C"}}, headers=headers)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_mismatch")


def test_cancelling_a_query(http: TestClient) -> None:
    job_id = http.post("/api/dedup", json=TITLES).json()["id"]
    assert http.delete(f"/api/jobs/{job_id}").json()["status"] == "cancelled"


def test_the_gateway_stops_at_any_moment(settings: CommonSettings) -> None:
    app = create_app(settings, GatewaySettings())

    async def start_and_stop(turns: int) -> None:
        waiter = app.state.services.waiter
        async with waiter.listening():
            for _ in range(turns):
                await asyncio.sleep(0)

    for turns in range(0, 60, 3):
        asyncio.run(asyncio.wait_for(start_and_stop(turns), 20))
