"""Bad input: each kind gets its code, and every other listing comes through."""

import base64
import contextlib
import io
import json
import socket
import struct
import threading
import zipfile
import zlib
from collections.abc import Iterator

import pytest

from tests.support import Json, Shop, jpeg, ndjson

GOOD = jpeg(1)


def data_uri(data: bytes) -> str:
    return "data:image/jpeg;base64," + base64.b64encode(data).decode()


def png_of(width: int, height: int) -> bytes:
    """Return a PNG whose header promises so many pixels."""

    def block(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    pixels = zlib.compress(bytes(1000))
    return b"\x89PNG\r\n\x1a\n" + block(b"IHDR", header) + block(b"IDAT", pixels) + block(b"IEND", b"")


@pytest.fixture(scope="module")
def silent_server() -> Iterator[int]:
    """A listener that takes connections and never answers."""
    with contextlib.closing(socket.create_server(("127.0.0.2", 0))) as server:
        yield server.getsockname()[1]


BAD_LISTINGS: list[tuple[str, Json, str]] = [
    ("broken JPEG", {"title": "t", "image": data_uri(GOOD[:200] + b"\xff" * 50 + GOOD[400:])}, "image_"),
    ("zero bytes", {"title": "t", "image": data_uri(b"")}, "image_empty"),
    ("half a JPEG", {"title": "t", "image": data_uri(GOOD[: len(GOOD) // 2])}, "image_truncated"),
    ("text named .jpg", {"title": "t", "image": data_uri(b"this is no picture")}, "image_broken"),
    ("100 megapixels", {"title": "t", "image": data_uri(png_of(10_000, 10_000))}, "image_too_many_pixels"),
    ("neither image nor title", {"title": " "}, "listing_empty"),
    ("private address", {"title": "t", "image": "http://127.0.0.1/x.jpg"}, "image_address_refused"),
    ("metadata address", {"title": "t", "image": "http://169.254.169.254/x.jpg"}, "image_address_refused"),
    ("not a URL", {"title": "t", "image": "ftp://example.com/x.jpg"}, "image_url_invalid"),
]


def test_bad_listings_are_rejections_and_the_others_are_right(shop: Shop) -> None:
    good = [
        {"id": f"good{i}", "title": f"Green mug {i // 2}", "image": data_uri(jpeg(i // 2))} for i in range(40)
    ]
    good += [
        {"id": "no-image", "title": "a title is enough"},
        {"id": "no-title", "image": data_uri(jpeg(77))},
    ]
    bad = [{"id": name, **listing} for name, listing, _ in BAD_LISTINGS]
    lines = [json.dumps(x).encode() for pair in zip(good, bad, strict=False) for x in pair]
    lines += [json.dumps(x).encode() for x in good[len(bad) :]]
    lines += [b'{"id": "good1", "title": "the same id once more"}', b'{"id": broken', b'{"title": "no id"}']
    job = shop.wait(shop.submit("bad-input", b"\n".join(lines))["id"])
    assert job["counts"]["listings"] == len(good)
    assert job["counts"]["rejected"] == len(bad) + 3

    rejections = shop.rows(job["id"], "rejections")
    codes = {r["listing_id"]: r["code"] for r in rejections if r["listing_id"]}
    for name, _, code in BAD_LISTINGS:
        assert codes[name].startswith(code), (name, codes[name])
    assert codes["good1"] == "listing_duplicate_id"
    assert {r["code"] for r in rejections if r["listing_id"] is None} == {"row_invalid", "listing_id_missing"}
    assert all(r["detail"] for r in rejections)

    alone = shop.wait(shop.submit("bad-input-none", ndjson(good))["id"])
    assert shop.rows(job["id"], "pairs") == shop.rows(alone["id"], "pairs")


def test_an_image_that_does_not_arrive_is_a_rejection(shop: Shop, silent_server: int) -> None:
    address = f"http://127.0.0.2:{silent_server}/x.jpg"
    rows = [{"id": "a", "title": "t", "image": address}, {"id": "b", "title": "t"}]
    job = shop.wait(shop.submit("slow", ndjson(rows))["id"])
    (rejection,) = shop.rows(job["id"], "rejections")
    assert (rejection["listing_id"], rejection["code"]) == ("a", "image_timeout")
    assert job["counts"]["listings"] == 1


def zipped(entries: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in entries.items():
            archive.writestr(name, data)
    return out.getvalue()


TABLE = b"id,title,image\na,t,a.jpg\n"


@pytest.mark.parametrize(
    ("body", "content_type", "code"),
    [
        (b"id,title\na,\xff\xfe\n", "text/csv", "csv_not_utf8"),
        (b"sku,title\na,t\n", "text/csv", "csv_no_id_column"),
        (zipped({"t.csv": TABLE, "../a.jpg": GOOD}), "application/zip", "zip_unsafe_entry"),
        (zipped({"t.csv": TABLE, "a.jpg": bytes(9_000_000)}), "application/zip", "zip_bomb"),
        (b"PK\x03\x04 no zip", "application/zip", "zip_invalid"),
        (zipped({"a.jpg": GOOD}), "application/zip", "zip_no_table"),
        (b'[{"id": "a", "title": "t"}, {"id": ', "application/json", "json_invalid"),
        (b"", "application/x-ndjson", "submission_empty"),
    ],
)
def test_a_bad_upload_is_refused_as_a_whole(shop: Shop, body: bytes, content_type: str, code: str) -> None:
    url = "/api/catalogs/bad-uploads/submissions"
    answer = shop.http.post(url, content=body, headers={"Content-Type": content_type})
    assert 400 <= answer.status_code < 500
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["code"] == code
    assert len(answer.json()["detail"]) > 10


def test_an_image_missing_from_its_zip_is_a_rejection(shop: Shop) -> None:
    body = zipped({"t.csv": b"id,title,image\na,t,a.jpg\nb,t,gone.jpg\n", "a.jpg": GOOD})
    job = shop.wait(shop.submit("zip-missing", body, "application/zip")["id"])
    (rejection,) = shop.rows(job["id"], "rejections")
    assert (rejection["listing_id"], rejection["code"]) == ("b", "image_missing")


def test_an_upload_that_breaks_off_is_not_accepted(shop: Shop) -> None:
    """The connection is cut in mid-body: the job fails, and nothing of it reaches the catalog."""
    port = shop.stack.gateway_port
    head = f"POST /api/catalogs/cut/submissions HTTP/1.1\r\nHost: localhost:{port}\r\n"
    head += "Content-Type: application/x-ndjson\r\nContent-Length: 1000000\r\n\r\n"
    before = {job["id"] for job in shop.http.get("/api/jobs").json()["items"]}
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(head.encode() + ndjson([{"id": str(i), "title": f"cut {i}"} for i in range(100)]))
        seen = threading.Event()
        while not seen.is_set():
            made = {job["id"] for job in shop.http.get("/api/jobs").json()["items"]} - before
            if made:
                seen.set()
    job = shop.wait(made.pop(), status="failed")
    assert job["error"]["code"] == "upload_incomplete"
