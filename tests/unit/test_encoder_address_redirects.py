"""Redirects and name servers that lead inside on the second look."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from tests.malformed.addresses import ADDRESS, NAMES, NONE, URL
from tests.malformed.listener import Listener, refusal


class Redirects(ThreadingHTTPServer):
    """A public server, as far as the policy goes, that sends on to where a path says."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Sender)
        self.places: dict[str, str] = {}
        self.asked: list[str] = []
        self.url = f"http://shop.example:{self.server_address[1]}"


class Sender(BaseHTTPRequestHandler):
    server: Redirects

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        self.send_response(302)
        self.send_header("Location", self.server.places[self.path])
        self.end_headers()


@pytest.fixture(scope="module")
def redirects() -> Iterator[Redirects]:
    with Redirects() as running:
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield running
        running.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def listener() -> Iterator[Listener]:
    with closing(Listener()) as made:
        yield made


def outside(host: str) -> Sequence[str]:
    return ["127.0.0.2"] if host == "inside.example" else NAMES.get(host, ["127.0.0.1"])


# The public server is on 127.0.0.1, which the operator listed; all else of this machine is inside.
OUTSIDE: dict[str, Any] = {"networks": ["127.0.0.1/32"], "resolver": outside}


@pytest.mark.parametrize(
    ("place", "code"),
    [
        ("http://127.0.0.2:{port}/", ADDRESS),
        ("http://[::1]:{port}/", ADDRESS),
        ("http://2130706434:{port}/", ADDRESS),
        ("http://0x7f000002:{port}/", ADDRESS),
        ("http://[::ffff:127.0.0.2]:{port}/", ADDRESS),
        ("http://[64:ff9b::7f00:2]:{port}/", ADDRESS),
        ("http://inside.example:{port}/", ADDRESS),
        ("http://inside6.example:{port}/", ADDRESS),
        ("//inside.example:{port}/", ADDRESS),
        ("//127.0.0.2:{port}/", ADDRESS),
        ("https://127.0.0.2:{port}/", ADDRESS),
        ("http://169.254.169.254/latest/meta-data/", ADDRESS),
        ("http://user@127.0.0.2:{port}/", URL),
        ("http://127.0.0.2\\@shop.example:{port}/", URL),
        ("file:///etc/passwd", URL),
        ("gopher://127.0.0.2:{port}/_GET", URL),
        ("data:image/png;base64,AAAA", URL),
        ("http://[::1:{port}/", URL),
    ],
)
@pytest.mark.parametrize("hops", [1, 3])
def test_redirect_inside_is_refused_however_late(
    listener: Listener, redirects: Redirects, place: str, code: str, hops: int
) -> None:
    redirects.asked.clear()
    paths = [f"/{number}" for number in range(hops)]
    ends = [*(redirects.url + path for path in paths[1:]), place.replace("{port}", str(listener.port))]
    redirects.places = dict(zip(paths, ends, strict=True))
    assert refusal(f"{redirects.url}/0", **OUTSIDE) == code
    assert redirects.asked == paths
    assert listener.connections() == 0


def test_redirects_in_a_circle_end(redirects: Redirects) -> None:
    redirects.asked.clear()
    redirects.places = {"/": "/"}
    assert refusal(f"{redirects.url}/", **OUTSIDE) == NONE
    assert redirects.asked == ["/"] * 4


def test_name_whose_address_changes_between_two_hops_is_checked_at_each(
    listener: Listener, redirects: Redirects
) -> None:
    redirects.asked.clear()
    redirects.places = {"/": f"http://shop.example:{listener.port}/"}
    answers = iter([["127.0.0.1"], ["127.0.0.2"]])
    options = {**OUTSIDE, "resolver": lambda _: next(answers)}
    assert refusal(f"{redirects.url}/", **options) == ADDRESS
    assert redirects.asked == ["/"]
    assert listener.connections() == 0


def test_name_whose_address_changes_after_the_check_leads_to_the_checked_one(listener: Listener) -> None:
    answers = iter([["127.0.0.1"]])
    # A second look-up would fail, and the code would be another.
    options = {**OUTSIDE, "resolver": lambda _: next(answers, [])}
    assert refusal(f"http://shop.example:{listener.port}/", **options) == "image_timeout"
    assert listener.connections() == 1
