"""Requests that no HTTP library sends: none of them is an error on our side, and none hangs."""

import socket

import httpx
import pytest

from tests.fuzz.conftest import Gateways

JSON = b"Content-Type: application/json"
MULTIPART = b"Content-Type: multipart/form-data"
FORM = MULTIPART + b"; boundary=x"
CHUNKED = b"Transfer-Encoding: chunked"
CSV = b"Content-Type: text/csv"
SUBMIT = b"POST /api/catalogs/raw/submissions"
PART = b'--x\r\nContent-Disposition: form-data; name="a_title"\r\n\r\nMug\r\n--x--\r\n'


def request(line: bytes, *headers: bytes, body: bytes | None = None) -> bytes:
    """Return a request of these lines, which need not fit together."""
    length = [] if body is None else [b"Content-Length: %d" % len(body)]
    head = (line + b" HTTP/1.1", b"Host: localhost", b"Connection: close", *length, *headers)
    return b"\r\n".join(head) + b"\r\n\r\n" + (body or b"")


RAW = {
    "length-no-number": (400, request(b"POST /api/dedup", JSON, b"Content-Length: abc")),
    "length-negative": (400, request(b"POST /api/dedup", JSON, b"Content-Length: -1")),
    "length-too-large": (400, request(b"POST /api/dedup", JSON, b"Content-Length: 99999999999999999999")),
    "length-twice": (400, request(b"POST /api/dedup", JSON, b"Content-Length: 3", body=b"{}")),
    "length-and-chunks": (400, request(b"POST /api/dedup", JSON, CHUNKED, body=b"{}")),
    "length-over-the-limit": (
        413, request(SUBMIT, JSON, b"Content-Length: 99999999999"),
    ),
    "chunk-no-size": (400, request(b"POST /api/dedup", JSON, CHUNKED) + b"zz\r\nab\r\n"),
    "header-too-large": (400, request(b"GET /api/jobs", b"X-A: " + b"a" * 2**20)),
    "headers-too-many": (400, request(b"GET /api/jobs", *(b"X-%d: a" % i for i in range(10_000)))),
    "header-with-nul": (400, request(b"GET /api/jobs", b"Prefer: wait=\x001")),
    "headers-no-ascii": (
        404, request(b"GET /api/jobs/a", b"Prefer: \xff", b"If-None-Match: \xfe", b"X-Request-Id: \xff"),
    ),
    "accept-no-number": (406, request(b"GET /api/jobs/a/pairs", b"Accept: \xff;q=nan, a/b;q=inf")),
    "key-no-ascii": (200, request(b"GET /api/jobs", b"Authorization: Bearer \xff\xfe")),
    "target-too-long": (400, request(b"GET /api/jobs?cursor=" + b"a" * 2**20)),
    "percent-cut-off": (404, request(b"GET /api/jobs/%zz%4")),
    "nul-in-path": (400, request(b"GET /api/jobs/\0")),
    "nul-in-path-encoded": (404, request(b"GET /api/jobs/%00/pairs")),
    "nul-in-query": (422, request(b"GET /api/jobs?catalog=%00&cursor=%00")),
    "no-utf8-in-path": (404, request(b"DELETE /api/jobs/%ff%fe")),
    "half-a-surrogate-in-path": (404, request(b"GET /api/jobs/%ed%a0%80")),
    "no-utf8-in-query": (
        422,
        request(SUBMIT + b"?id_column=%ff", CSV, b"Idempotency-Key: \xff", body=b"id,title\n"),
    ),
    "no-utf8-in-catalog": (422, request(b"POST /api/catalogs/%ff/rematches", body=b"")),
    "out-of-the-files-of-the-docs": (404, request(b"GET /static-offline-docs/%00/..%2f..%2fetc%2fpasswd")),
    "method-unknown": (400, request(b"BREW /api/jobs")),
    "method-of-webdav": (405, request(b"PROPFIND /api/jobs")),
    "method-trace": (405, request(b"TRACE /api/jobs")),
    "target-asterisk": (404, request(b"OPTIONS *")),
    "proxy-asked-for": (400, request(b"CONNECT example.com:443")),
    "tls": (400, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(range(256))),
    "http2": (400, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
    "form-without-boundary": (400, request(b"POST /api/dedup", MULTIPART, body=PART)),
    "form-of-other-boundary": (400, request(b"POST /api/dedup", FORM + b"y", body=PART)),
    "form-of-strange-charset": (422, request(b"POST /api/dedup", FORM + b"; charset=nonsense", body=PART)),
    "form-part-without-name": (400, request(b"POST /api/dedup", FORM, body=PART.replace(b"name=", b"x="))),
    "form-name-no-utf8": (422, request(b"POST /api/dedup", FORM, body=PART.replace(b"a_title", b"\xff\xfe"))),
}  # fmt: skip


def answer(port: int, data: bytes) -> bytes:
    """Return all that the gateway says to these bytes."""
    said = b""
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        try:
            connection.sendall(data)
            while block := connection.recv(65536):
                said += block
        except ConnectionError:
            # It hung up before it had read everything, which it may where it refuses.
            assert said or len(data) > 2**17
    return said


@pytest.mark.parametrize("name", RAW)
def test_what_is_no_proper_request_is_refused(gateways: Gateways, name: str) -> None:
    status, data = RAW[name]
    said = answer(gateways.stack.gateway_port, data)
    if said or len(data) < 2**17:
        assert said.startswith(b"HTTP/1.1 %d " % status), said[:500]
    assert httpx.get(f"{gateways.stack.url}/health/ready", trust_env=False).status_code == 200
