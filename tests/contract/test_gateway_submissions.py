"""Submissions over HTTP, with a real Redis, a real spool and a real publisher; no workers."""

import asyncio
import base64
import io
import json
import zipfile
from collections.abc import AsyncIterator, Coroutine, Iterator
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from services.gateway.main import create_app
from shared.images import SpooledImage
from shared.ledger import Ledger
from shared.limits import Limits
from shared.messages import AcceptedJob, Chunk, Row
from shared.routing import ENCODE_BULK
from shared.settings import CommonSettings, GatewaySettings
from shared.spool import Spool, accepted_key
from tests.conftest import wait_until
from tests.malformed.parquet_files import ELEMENT_TYPE, SCHEMA, edited, parquet, put

PATH = "/api/catalogs/shop/submissions"
NDJSON = {"Content-Type": "application/x-ndjson"}
# A column of text that says it is one of true and false: native code aborts.
ENDS_ITS_READER = edited(parquet({"id": ["1"]}), put(SCHEMA, 1, ELEMENT_TYPE, value=0))


@pytest.fixture
def app(settings: CommonSettings) -> FastAPI:
    limits: dict[str, Any] = {
        "chunk_listings": 10,
        "max_upload_bytes": 300_000,
        "max_row_bytes": 20_000,
        "max_image_bytes": 5_000,
        "max_listings": 1000,
        "upload_idle_s": 0.3,
    }
    return create_app(settings, GatewaySettings(**limits))


@pytest.fixture
def http(app: FastAPI) -> Iterator[TestClient]:
    with TestClient(app) as client:
        yield client


def rows_of(spool: Spool, job_id: str) -> list[Row]:
    keys = sorted(spool.keys(f"jobs/{job_id}/chunks"))
    chunks = [Chunk.model_validate_json(spool.get(key) or b"") for key in keys]
    assert all(chunk.job_id == job_id for chunk in chunks)
    return [row for chunk in chunks for row in chunk.rows]


def lines(count: int) -> bytes:
    return b"".join(b'{"id":"%d","title":"T%d"}\n' % (i, i) for i in range(count))


def check_nothing_is_left(ledger: Ledger, spool: Spool, code: str) -> None:
    """The failed upload is told in the list of jobs, and nothing of it is kept."""
    (record,) = ledger.recent(None, 10)
    assert record.status == "failed"
    assert record.error is not None
    assert record.error["code"] == code
    assert list(spool.keys("jobs")) == []


def image_of(row: Row, spool: Spool) -> bytes | None:
    assert row.listing is not None
    image = SpooledImage.parse(row.listing.image or "")
    assert image is not None
    assert image.length is not None
    return spool.get_part(image.key, image.start, image.length)


def test_an_accepted_submission_is_on_disk_in_chunks(http: TestClient, ledger: Ledger, spool: Spool) -> None:
    answer = http.post(
        PATH, content=lines(25), headers=NDJSON, params={"k": 5, "k_image": 0, "threshold": 0.7}
    )
    job = answer.json()
    assert answer.status_code == 202
    assert answer.headers["Location"] == f"/api/jobs/{job['id']}"
    assert answer.headers["Retry-After"] == "1"
    assert (job["status"], job["stage"], job["counts"]["rows"]) == ("running", "encode", 25)
    rows = rows_of(spool, job["id"])
    assert [row.row for row in rows] == list(range(1, 26))
    assert [row.listing.title for row in rows if row.listing] == [f"T{i}" for i in range(25)]
    accepted = AcceptedJob.model_validate_json(spool.get(accepted_key(job["id"])) or b"")
    record = ledger.read(job["id"])
    assert (accepted.chunks, accepted.rows, accepted.options) == (3, 25, record.options)
    assert (accepted.options.limits, accepted.options.threshold) == (Limits(0, 5, 5), 0.7)
    assert ledger.upkeep.queue_depth(ENCODE_BULK) == 3


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("application/json", b'[{"id":"1","title":"A"},{"title":"B"}]'),
        ("application/json; charset=utf-8", b'{"listings":[{"id":"1","title":"A"},{"title":"B"}]}'),
        ("application/x-ndjson", b'{"id":"1","title":"A"}\n{"title":"B"}\n'),
        ("text/csv; charset=utf-8", b"id,title\n1,A\n,B\n"),
        ('text/csv; charset="utf-8"; header=present', b"id,title\n1,A\n,B\n"),
        ("application/vnd.apache.parquet", parquet({"id": ["1", None], "title": ["A", "B"]})),
        ("application/parquet", parquet({"id": [1, None], "title": ["A", "B"]})),
        ("application/x-parquet", parquet({"id": [b"1", None], "title": ["A", "B"]})),
    ],
)
def test_every_form_gives_the_same_rows(
    http: TestClient, spool: Spool, content_type: str, body: bytes
) -> None:
    job = http.post(PATH, content=body, headers={"Content-Type": content_type}).json()
    first, second = rows_of(spool, job["id"])
    assert first.listing is not None
    assert second.rejection is not None
    assert (first.listing.id, first.listing.title) == ("1", "A")
    assert (second.row, second.rejection.row, second.rejection.code) == (2, 2, "listing_id_missing")


def test_images_inside_rows_go_to_the_spool(http: TestClient, spool: Spool) -> None:
    uri = "data:image/jpeg;base64," + base64.b64encode(b"picture").decode()
    large = "data:image/jpeg;base64," + "QUFB" * 2000
    body = json.dumps([{"id": "1", "image": uri}, {"id": "2", "image_url": uri}, {"id": "3", "image": large}])
    job = http.post(PATH, content=body, headers={"Content-Type": "application/json"}).json()
    first, second, third = rows_of(spool, job["id"])
    assert first.listing is not None
    assert second.listing is not None
    assert image_of(first, spool) == image_of(second, spool) == b"picture"
    assert third.rejection is not None
    assert third.rejection.code == "image_too_many_bytes"


def test_a_zip_brings_its_images(http: TestClient, spool: Spool) -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("list.csv", "sku,photo\n1,img/a.jpg\n2,img/none.jpg\n3,https://x.example/c.jpg\n")
        archive.writestr("img/a.jpg", b"picture")
    query = {"id_column": "sku", "image_column": "photo"}
    headers = {"Content-Type": "application/zip"}
    job = http.post(PATH, content=file.getvalue(), params=query, headers=headers).json()
    first, second, third = rows_of(spool, job["id"])
    assert image_of(first, spool) == b"picture"
    assert second.rejection is not None
    assert second.rejection.code == "image_missing"
    assert third.listing is not None


def test_parquet_brings_its_images(http: TestClient, spool: Spool) -> None:
    pictures = [{"bytes": b"picture", "path": "a.jpg"}, {"bytes": None, "path": "img/b.jpg"}]
    body = parquet({"sku": [1, 2], "photo": pictures})
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("shop/list.parquet", body)
        archive.writestr("shop/img/b.jpg", b"other picture")
    query = {"id_column": "sku", "image_column": "photo"}
    headers = {"Content-Type": "application/zip"}
    job = http.post(PATH, content=file.getvalue(), params=query, headers=headers).json()
    images = [image_of(row, spool) for row in rows_of(spool, job["id"])]
    assert images == [b"picture", b"other picture"]


def test_images_share_files_and_a_file_of_the_archive_is_stored_once(http: TestClient, spool: Spool) -> None:
    small, large = [bytes([n]) * 50 for n in range(30)], b"large" * 900
    rows = "".join(f"{n},{n % 30}.jpg\n" for n in range(40))
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("list.csv", f"id,image\n{rows}40,large.jpg\n41,./large.jpg\n42,a/../large.jpg\n")
        for n, data in enumerate(small):
            archive.writestr(f"{n}.jpg", data)
        archive.writestr("large.jpg", large)
    job = http.post(PATH, content=file.getvalue(), headers={"Content-Type": "application/zip"}).json()
    taken = [row for row in rows_of(spool, job["id"]) if row.listing is not None]
    assert [image_of(row, spool) for row in taken[:40]] == small + small[:10]
    assert [image_of(row, spool) for row in taken[40:]] == [large, large]
    files = list(spool.keys(f"jobs/{job['id']}/images"))
    assert len(files) == 4, "chunks of ten rows, one of which brings nothing new"
    assert sum(len(spool.get(key) or b"") for key in files) == sum(map(len, small)) + len(large)


def zip_with(name: str) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("list.csv", "id,title\n1,A\n")
        archive.writestr(name, b"x")
    return file.getvalue()


@pytest.mark.parametrize(
    ("content_type", "body", "status", "code"),
    [
        ("application/json", b"", 400, "json_invalid"),
        ("application/json", b"[]", 422, "submission_empty"),
        ("application/json", b"{}", 422, "submission_empty"),
        ("application/json", lines(25)[:5], 400, "json_invalid"),
        ("application/x-ndjson", b"\n \n", 422, "submission_empty"),
        ("application/x-ndjson", lines(1001), 413, "too_many_listings"),
        ("application/x-ndjson", b"x" * 300_001, 413, "body_too_large"),
        ("text/csv", b"id,title\n1,\xff\n", 400, "csv_not_utf8"),
        ("text/csv", b"sku,title\n1,A\n", 422, "csv_no_id_column"),
        ("text/csv", b"id,name\n1,A\n", 422, "csv_no_title_column"),
        ("text/csv", b'id,title\n1,A\n2,"B\n3,C\n', 400, "csv_invalid"),
        ("text/csv", b'id,title\n1,"' + b"x" * 30_000, 413, "row_too_large"),
        ("application/vnd.apache.parquet", b"no parquet", 400, "parquet_invalid"),
        ("application/vnd.apache.parquet", b"x" * 300_001, 413, "body_too_large"),
        ("application/vnd.apache.parquet", ENDS_ITS_READER, 400, "parquet_invalid"),
        (
            "application/vnd.apache.parquet",
            parquet({"id": list(range(1001)), "title": ["A"] * 1001}),
            413,
            "too_many_listings",
        ),
        ("application/vnd.apache.parquet", parquet({"sku": ["1"]}), 422, "parquet_no_id_column"),
        ("application/zip", b"no zip", 400, "zip_invalid"),
        ("application/zip", zip_with("../up.jpg"), 422, "zip_unsafe_entry"),
    ],
)
def test_what_cannot_be_taken_as_a_whole_is_a_problem(
    http: TestClient, ledger: Ledger, spool: Spool, content_type: str, body: bytes, status: int, code: str
) -> None:
    def streamed() -> Iterator[bytes]:
        yield body

    answer = http.post(PATH, content=streamed(), headers={"Content-Type": content_type})
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.headers["Content-Type"] == "application/problem+json"
    check_nothing_is_left(ledger, spool, code)


def test_a_bad_end_takes_back_the_chunks_before_it(http: TestClient, ledger: Ledger, spool: Spool) -> None:
    body = b"[" + b",".join(lines(95).splitlines()) + b", oh"
    answer = http.post(PATH, content=body, headers={"Content-Type": "application/json"})
    assert answer.json()["code"] == "json_invalid"
    assert answer.json()["listing"] == 95
    check_nothing_is_left(ledger, spool, "json_invalid")


@pytest.mark.parametrize(
    ("path", "headers", "status", "code"),
    [
        (PATH, {"Content-Type": "text/plain"}, 415, "media_type_unsupported"),
        (PATH, {}, 415, "media_type_unsupported"),
        (PATH, {**NDJSON, "Content-Encoding": "gzip"}, 415, "content_encoding_unsupported"),
        (PATH, {"Content-Type": "text/csv; charset=latin-1"}, 400, "csv_not_utf8"),
        (PATH, {**NDJSON, "Content-Length": "300001"}, 413, "body_too_large"),
        (PATH + "?against=other", NDJSON, 422, "request_invalid"),
        (PATH + "?k=0", NDJSON, 422, "request_invalid"),
        (PATH + "?k_lexical=101", NDJSON, 422, "request_invalid"),
        (PATH + "?k_image=0&k_text=0&k_lexical=0", NDJSON, 422, "request_invalid"),
        ("/api/catalogs/UPPER/submissions", NDJSON, 422, "request_invalid"),
        (PATH, {**NDJSON, "Idempotency-Key": "x" * 256}, 400, "idempotency_key_invalid"),
    ],
)
def test_requests_that_make_no_job(
    http: TestClient, ledger: Ledger, path: str, headers: dict[str, str], status: int, code: str
) -> None:
    answer = http.post(path, content=lines(1), headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert ledger.recent(None, 10) == []


def test_the_same_key_is_the_same_job(http: TestClient, ledger: Ledger) -> None:
    headers = NDJSON | {"Idempotency-Key": "k1"}
    first = http.post(PATH, content=lines(3), headers=headers)
    again = http.post(PATH, content=lines(3), headers=headers)
    assert (again.status_code, again.json()["id"]) == (202, first.json()["id"])
    other = http.post(PATH, content=lines(4), headers=headers)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_mismatch")
    other_query = http.post(PATH + "?k=3", content=lines(3), headers=headers)
    assert other_query.json()["code"] == "idempotency_mismatch"
    elsewhere = http.post("/api/catalogs/other/submissions", content=lines(4), headers=headers)
    assert elsewhere.status_code == 202
    assert len(ledger.recent(None, 10)) == 2


def test_a_failed_request_frees_its_key(http: TestClient) -> None:
    headers = {"Content-Type": "application/json", "Idempotency-Key": "k2"}
    assert http.post(PATH, content=b"[", headers=headers).status_code == 400
    assert http.post(PATH, content=b'[{"id":"1","title":"A"}]', headers=headers).status_code == 202


async def send(app: FastAPI, body: AsyncIterator[bytes] | bytes, **headers: str) -> httpx.Response:
    """Send in this process; unlike the test client, it really streams."""
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        return await client.post(PATH, content=body, headers={**NDJSON, **headers})


def run(app: FastAPI, *requests: Coroutine[Any, Any, httpx.Response]) -> list[httpx.Response]:
    async def all_at_once() -> list[httpx.Response]:
        async with app.router.lifespan_context(app):
            return await asyncio.gather(*requests)

    return asyncio.run(all_at_once())


def test_fifty_at_once_with_one_key_are_one_job(app: FastAPI, ledger: Ledger) -> None:
    answers = run(app, *(send(app, lines(30), **{"Idempotency-Key": "k3"}) for _ in range(50)))
    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert len(ledger.recent(None, 100)) == 1


def test_a_silent_upload_is_given_up(app: FastAPI, ledger: Ledger, spool: Spool) -> None:
    async def silent() -> AsyncIterator[bytes]:
        yield lines(15)
        await asyncio.Event().wait()

    (answer,) = run(app, send(app, silent()))
    assert (answer.status_code, answer.json()["code"]) == (408, "upload_idle")
    check_nothing_is_left(ledger, spool, "upload_idle")


def test_an_upload_that_breaks_off_is_not_accepted(app: FastAPI, ledger: Ledger, spool: Spool) -> None:
    messages = [
        {"type": "http.request", "body": lines(15), "more_body": True},
        {"type": "http.disconnect"},
    ]
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        return messages.pop(0)

    async def keep(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http", "method": "POST", "path": PATH, "raw_path": PATH.encode(), "query_string": b"",
        "headers": [(b"content-type", b"application/x-ndjson")], "http_version": "1.1", "scheme": "http",
        "root_path": "", "server": ("test", 80), "client": ("test", 1), "asgi": {"version": "3.0"},
    }  # fmt: skip

    async def serve() -> None:
        async with app.router.lifespan_context(app):
            await app(scope, receive, keep)

    asyncio.run(serve())
    assert sent[0]["status"] == 400
    check_nothing_is_left(ledger, spool, "upload_incomplete")


def test_encoding_can_start_while_the_upload_goes_on(settings: CommonSettings, ledger: Ledger) -> None:
    async def slow() -> AsyncIterator[bytes]:
        yield lines(20)
        await asyncio.to_thread(wait_until, lambda: ledger.upkeep.queue_depth(ENCODE_BULK) == 2)
        (record,) = ledger.recent(None, 1)
        assert (record.status, record.counts["rows"]) == ("receiving", 20)
        yield b'{"id":"last","title":"x"}'

    app = create_app(settings, GatewaySettings(chunk_listings=10))
    (answer,) = run(app, send(app, slow()))
    assert answer.status_code == 202


def test_an_upload_whose_job_was_cancelled_ends(app: FastAPI, ledger: Ledger, spool: Spool) -> None:
    async def cancelled() -> AsyncIterator[bytes]:
        yield lines(5)
        await asyncio.to_thread(wait_until, lambda: ledger.recent(None, 1))
        ledger.cancel(ledger.recent(None, 1)[0].id)
        yield b'{"id":"last","title":"x"}'

    (answer,) = run(app, send(app, cancelled()))
    assert (answer.status_code, answer.json()["code"]) == (409, "job_cancelled")
    assert ledger.recent(None, 1)[0].status == "cancelled"
    assert list(spool.keys("jobs")) == []
