"""Requests sent again with one Idempotency-Key, against gateways that run as processes of their own."""

import re
import select
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from shared.ledger import Ledger
from shared.routing import ENCODE_BULK, ENCODE_INTERACTIVE, INDEX_BULK
from shared.settings import CommonSettings, GatewaySettings
from shared.spool import Spool
from tests.conftest import wait_until
from tests.processes import running_gateway

SUBMISSIONS = "/api/catalogs/shop/submissions"
NDJSON = "application/x-ndjson"
CHUNKS = 5
LISTINGS = b"".join(
    b'{"id":"%d","title":"Cup %d"}\n' % (i, i) for i in range(CHUNKS * GatewaySettings().chunk_listings)
)
TITLES = b'{"a":{"title":"Red cup"},"b":{"title":"Cup, red"}}'


@pytest.fixture
def port(settings: CommonSettings, tmp_path: Path) -> Iterator[int]:
    with running_gateway(settings, tmp_path) as (_, port):
        yield port


def insist(port: int, path: str, body: bytes, content_type: str) -> str:
    """Send until it is accepted, as the API guide says; return the job's id."""
    headers = {"Content-Type": content_type, "Idempotency-Key": "once"}
    found: list[str] = []

    def accepted() -> bool:
        answer = httpx.post(
            f"http://127.0.0.1:{port}{path}", content=body, headers=headers, timeout=60, trust_env=False
        )
        document = answer.json()
        if answer.status_code == 409:
            # The one other answer there is: the first request is still on its way.
            assert document["code"] == "idempotency_in_progress"
            assert "Retry-After" in answer.headers
            return False
        assert answer.status_code == 202, document
        assert answer.headers["Location"] == f"/api/jobs/{document['id']}"
        found.append(document["id"])
        return True

    wait_until(accepted, timeout_s=60)
    return found[0]


def test_fifty_requests_at_once_over_two_gateways_are_one_job(
    settings: CommonSettings, ledger: Ledger, spool: Spool, tmp_path: Path
) -> None:
    start = threading.Barrier(50)

    def send(port: int) -> str:
        start.wait(60)
        return insist(port, SUBMISSIONS, LISTINGS, NDJSON)

    with (
        running_gateway(settings, tmp_path) as (_, first),
        running_gateway(settings, tmp_path) as (_, second),
        ThreadPoolExecutor(50) as pool,
    ):
        jobs = set(pool.map(send, [first, second] * 25))
    (job,) = jobs
    assert [record.id for record in ledger.recent(None, 100)] == [job]
    assert list(spool.job_ids()) == [job]
    assert ledger.upkeep.queue_depth(ENCODE_BULK) == CHUNKS


def request_bytes(path: str, body: bytes, content_type: str) -> bytes:
    head = (
        f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: {content_type}\r\nIdempotency-Key: once\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


@pytest.mark.parametrize(
    ("path", "body", "content_type", "queue", "messages"),
    [
        (SUBMISSIONS, LISTINGS, NDJSON, ENCODE_BULK, CHUNKS),
        ("/api/catalogs/shop/rematches", b"", NDJSON, INDEX_BULK, 1),
        ("/api/dedup", TITLES, "application/json", ENCODE_INTERACTIVE, 1),
    ],
    ids=["submission", "rematch", "comparison"],
)
def test_a_request_whose_answer_was_lost_is_the_same_job_again(
    port: int, ledger: Ledger, path: str, body: bytes, content_type: str, queue: str, messages: int
) -> None:
    with socket.create_connection(("127.0.0.1", port)) as client:
        client.sendall(request_bytes(path, body, content_type))
        assert select.select([client], [], [], 60)[0]
        # Looked at and left where it is: to the gateway, a client that went away without reading.
        lost = client.recv(65_536, socket.MSG_PEEK).decode()
    assert lost.startswith("HTTP/1.1 202")
    (job,) = re.findall(r"(?im)^location: /api/jobs/(\w+)\r$", lost)
    assert insist(port, path, body, content_type) == job
    assert ledger.upkeep.queue_depth(queue) == messages


def test_clients_that_go_away_before_the_answer_do_not_lock_their_key(
    port: int, ledger: Ledger, spool: Spool
) -> None:
    for _ in range(5):
        with socket.create_connection(("127.0.0.1", port)) as client:
            client.sendall(request_bytes(SUBMISSIONS, LISTINGS, NDJSON))
    job = insist(port, SUBMISSIONS, LISTINGS, NDJSON)
    wait_until(lambda: all(record.sealed or record.ended for record in ledger.recent(None, 100)))
    assert [record.id for record in ledger.recent(None, 100) if record.sealed] == [job]
    wait_until(lambda: list(spool.job_ids()) == [job])
