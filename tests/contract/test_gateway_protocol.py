"""The limits of a request's head, over real connections."""

import socket
import threading
from collections.abc import Iterator

import pytest
import uvicorn

from services.gateway.main import create_app
from services.gateway.protocol import BoundedHttp
from shared.settings import CommonSettings, GatewaySettings
from tests.conftest import wait_until

START = b"POST /api/dedup HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"


class Impatient(BoundedHttp):
    """Waits no longer for a head than a test does."""

    head_patience_s = 0.5


@pytest.fixture
def port(settings: CommonSettings) -> Iterator[int]:
    app = create_app(settings, GatewaySettings())
    server = uvicorn.Server(uvicorn.Config(app, port=0, http=Impatient, log_config=None))
    thread = threading.Thread(target=server.run)
    thread.start()
    wait_until(lambda: server.started)
    yield server.servers[0].sockets[0].getsockname()[1]
    server.should_exit = True
    thread.join()


def connected(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), timeout=20)


def sent_in_blocks(connection: socket.socket, most_bytes: int) -> int:
    """Send until the other end hangs up; return how many bytes it took."""
    taken = 0
    try:
        while taken < most_bytes:
            taken += connection.send(b"a" * 65536)
    except ConnectionError:
        pass
    return taken


@pytest.mark.parametrize(
    "before",
    [
        pytest.param(START + b"X-A: ", id="header"),
        pytest.param(START[:5] + b"/", id="target"),
        pytest.param(START + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\nX-A: ", id="trailer"),
        pytest.param(START + b"Transfer-Encoding: chunked\r\n\r\n2;", id="extension"),
    ],
)
def test_a_head_without_end_is_hung_up_on(port: int, before: bytes) -> None:
    most_bytes = 200_000_000
    with connected(port) as connection:
        connection.sendall(before)
        taken = sent_in_blocks(connection, most_bytes)
    # What fits into the buffers of a connection is taken without being read.
    assert taken < most_bytes / 4


def test_a_head_that_is_too_large_is_refused_also_in_one_block(port: int) -> None:
    with connected(port) as connection:
        connection.sendall(START + b"X-A: " + b"a" * BoundedHttp.most_head_bytes + b"\r\n\r\n")
        assert connection.recv(65536).startswith(b"HTTP/1.1 400 ")


def test_a_large_head_and_a_large_body_are_taken(port: int) -> None:
    body = b'{"a": {"title": "' + b"a" * 500_000 + b'"}, "b": {"title": "b"}}'
    head = START + b"Content-Length: %d\r\nX-A: " % len(body) + b"a" * (BoundedHttp.most_head_bytes - 200)
    with connected(port) as connection:
        for _ in range(2):
            connection.sendall(head + b"\r\n\r\n" + body)
            assert b"title_too_long" in connection.recv(65536)


@pytest.mark.parametrize("start", [b"", START], ids=["nothing", "half-a-head"])
def test_a_client_that_sends_no_whole_head_is_given_up(port: int, start: bytes) -> None:
    with connected(port) as connection:
        connection.sendall(start)
        assert connection.recv(65536) == b""


def test_a_client_that_waits_for_its_answer_is_not_given_up(port: int) -> None:
    with connected(port) as connection:
        connection.sendall(START + b"Content-Length: 54\r\nPrefer: wait=1\r\n\r\n")
        connection.sendall(b'{"a": {"title": "Mug"}, "b": {"title": "Mug 350 ml"}}'.ljust(54))
        assert connection.recv(65536).startswith(b"HTTP/1.1 202 ")
