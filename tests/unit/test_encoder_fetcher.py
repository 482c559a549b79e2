"""The fetcher against a server of our own: what it brings, and that it goes nowhere it should not."""

import ipaddress
import logging
import secrets
import shutil
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import SecretStr

from shared.errors import SettingInvalid
from workers.encoder.addresses import AddressPolicy, is_public
from workers.encoder.connection import Deadline
from workers.encoder.fetcher import Fetcher
from workers.encoder.host_headers import HostHeaders
from workers.encoder.hosts import Hosts
from workers.encoder.refusal import ImageRefused
from workers.encoder.target import TargetFinder

BODY = bytes(range(256)) * 40
LOCAL = ("127.0.0.0/8",)


class Server(ThreadingHTTPServer):
    """Answers by path; counts what it sees."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.seen: list[tuple[str, str]] = []
        self.at_once = 0
        self.most_at_once = 0
        self.lock = threading.Lock()
        self.release = threading.Event()

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    def handle_error(self, *_: object) -> None:
        """Clients that go away are part of these tests."""


class Handler(BaseHTTPRequestHandler):
    server: Server

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        self.server.seen.append((self.path, self.headers["Host"]))
        getattr(self, "do_" + self.path.strip("/").split("/")[0])()

    def send(self, status: int, body: bytes = b"", **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def do_image(self) -> None:
        self.send(200, BODY)

    def do_headers(self) -> None:
        self.send(200, "|".join(f"{k}:{v}" for k, v in self.headers.items()).encode())

    def do_missing(self) -> None:
        self.send(404)

    def do_broken(self) -> None:
        self.wfile.write(b"no http at all\r\n\r\n")

    def do_hop(self) -> None:
        left = int(self.path.rsplit("/", 1)[1])
        self.send(302, Location=f"/hop/{left - 1}" if left else "/image")

    def do_away(self) -> None:
        self.send(302, Location=self.path.removeprefix("/away/").replace("!", "/"))

    def do_declared(self) -> None:
        self.send(200, BODY, Content_Length="99999999")

    def do_endless(self) -> None:
        self.send(200)
        for _ in range(1000):
            self.wfile.write(BODY)

    def do_gzip(self) -> None:
        self.send(200, BODY, Content_Encoding="gzip")

    def do_drip(self) -> None:
        self.send(200)
        while not self.server.release.wait(0.05):
            self.wfile.write(b"x")

    def do_dripping_headers(self) -> None:
        self.wfile.write(b"HTTP/1.1 200 OK\r\n")
        while not self.server.release.wait(0.05):
            self.wfile.write(b"X-A: 1\r\n")

    def do_silence(self) -> None:
        self.server.release.wait(20)

    def do_slowly(self) -> None:
        with self.server.lock:
            self.server.at_once += 1
            self.server.most_at_once = max(self.server.most_at_once, self.server.at_once)
        threading.Event().wait(0.1)
        with self.server.lock:
            self.server.at_once -= 1
        self.send(200, BODY)


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as running:
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield running
        running.release.set()
        running.shutdown()
        thread.join()


Make = Callable[..., Fetcher]
Headers = dict[str, dict[str, str]]


@pytest.fixture
def make() -> Iterator[Make]:
    made: list[Fetcher] = []

    def build(
        networks: Sequence[str] = LOCAL,
        hosts: Sequence[str] = (),
        resolver: Callable[[str], Sequence[str]] = lambda _: ["127.0.0.1"],
        max_bytes: int = 100_000,
        timeout_s: float = 5,
        tls: ssl.SSLContext | None = None,
        headers: Headers | None = None,
        policy: AddressPolicy | None = None,
    ) -> Fetcher:
        finder = TargetFinder(policy or AddressPolicy(networks), hosts, resolver)
        tls = tls or ssl.create_default_context()
        own = HostHeaders(
            {host: {k: SecretStr(v) for k, v in of.items()} for host, of in (headers or {}).items()}
        )
        made.append(Fetcher(finder, Hosts(), tls, own, max_bytes, timeout_s))
        return made[-1]

    yield build
    for fetcher in made:
        fetcher.close()


def refusal(fetcher: Fetcher, url: str) -> str:
    with pytest.raises(ImageRefused) as caught:
        fetcher.get(url)
    return caught.value.code


def test_image_arrives_under_its_own_host_name(server: Server, make: Make) -> None:
    assert make().get(f"http://shop.example:{server.port}/image") == BODY
    assert server.seen == [("/image", f"shop.example:{server.port}")]


def test_request_asks_for_no_compression_and_tells_nothing_else(server: Server, make: Make) -> None:
    headers = make().get(f"http://shop.example:{server.port}/headers").decode().lower()
    assert "accept-encoding:identity" in headers
    assert "authorization" not in headers
    assert "cookie" not in headers


def with_tls(server: Server, certificate: Path) -> ssl.SSLContext:
    """Let the server speak TLS; return a context that trusts it."""
    of_server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    of_server.load_cert_chain(certificate)
    server.socket = of_server.wrap_socket(server.socket, server_side=True)
    return ssl.create_default_context(cafile=str(certificate))


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """Make a certificate for shop.example, with its key in the same file."""
    if shutil.which("openssl") is None:
        pytest.skip("no openssl to make a certificate with")
    path = tmp_path / "shop.pem"
    what = ["-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=shop.example"]
    names = ["-addext", "subjectAltName=DNS:shop.example"]
    files = ["-keyout", str(path), "-out", str(tmp_path / "public.pem")]
    subprocess.run(["openssl", "req", *what, *names, *files], check=True, capture_output=True)
    path.write_bytes(path.read_bytes() + (tmp_path / "public.pem").read_bytes())
    return path


def test_certificate_must_be_of_the_name_though_the_address_is_pinned(
    server: Server, make: Make, certificate: Path
) -> None:
    trusting = with_tls(server, certificate)
    assert make(tls=trusting).get(f"https://shop.example:{server.port}/image") == BODY
    assert refusal(make(tls=trusting), f"https://other.example:{server.port}/image") == "image_unreachable"
    assert refusal(make(), f"https://shop.example:{server.port}/image") == "image_unreachable"


SECRET = f"Bearer {secrets.token_hex(8)}"


class Anywhere(AddressPolicy):
    """Stands in for the internet, which starts at this machine here."""

    def allows(self, address: object) -> bool:
        return True


def own(server: Server, host: str = "shop.example") -> Headers:
    return {f"{host}:{server.port}": {"Authorization": SECRET, "User-Agent": "shop"}}


def test_a_host_gets_its_headers_over_tls(server: Server, make: Make, certificate: Path) -> None:
    fetcher = make(
        policy=Anywhere(),
        tls=with_tls(server, certificate),
        headers=own(server),
        hosts=[f"shop.example:{server.port}"],
    )
    lines = fetcher.get(f"https://shop.example:{server.port}/headers").decode().lower().split("|")
    assert f"authorization:{SECRET}".lower() in lines
    assert [line for line in lines if line.startswith("user-agent")] == ["user-agent:shop"]


def test_headers_go_unencrypted_into_a_listed_network_only(server: Server, make: Make) -> None:
    url = f"http://shop.example:{server.port}/headers"
    assert SECRET in make(headers=own(server)).get(url).decode()
    outside = make(policy=Anywhere(), headers=own(server), hosts=[f"shop.example:{server.port}"])
    assert SECRET not in outside.get(url).decode()


@pytest.mark.parametrize(
    "host", ["other.example", "www.shop.example", "shop.example.other.example", "127.0.0.1"]
)
def test_headers_go_to_no_other_host(server: Server, make: Make, host: str) -> None:
    assert SECRET not in make(headers=own(server)).get(f"http://{host}:{server.port}/headers").decode()


def test_headers_go_to_no_other_port(server: Server, make: Make) -> None:
    headers = {"shop.example": {"Authorization": SECRET}, "shop.example:1": {"Authorization": SECRET}}
    assert SECRET not in make(headers=headers).get(f"http://shop.example:{server.port}/headers").decode()


def test_headers_stay_behind_at_a_redirect(server: Server, make: Make) -> None:
    away = f"http://{{}}:{server.port}/away/http:!!{{}}:{server.port}!headers"
    fetcher = make(headers=own(server))
    assert SECRET not in fetcher.get(away.format("shop.example", "other.example")).decode()
    assert SECRET in fetcher.get(away.format("other.example", "SHOP.example")).decode()


@pytest.mark.parametrize("path", ["missing", "broken", "gzip", "endless", "away/http:!!inside.example!"])
def test_no_refusal_tells_a_header(server: Server, make: Make, path: str) -> None:
    addresses = {"inside.example": ["10.0.0.1"]}
    fetcher = make(headers=own(server), resolver=lambda host: addresses.get(host, ["127.0.0.1"]))
    with pytest.raises(ImageRefused) as caught:
        fetcher.get(f"http://shop.example:{server.port}/{path}")
    assert SECRET not in caught.value.detail


def test_no_log_tells_a_header(server: Server, make: Make, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        assert SECRET in make(headers=own(server)).get(f"http://shop.example:{server.port}/headers").decode()
    assert "request_headers" in caplog.text
    assert SECRET not in caplog.text


def test_proxies_of_the_environment_are_not_used(
    server: Server, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert make().get(f"http://shop.example:{server.port}/image") == BODY


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("missing", "image_unreachable"),
        ("broken", "image_unreachable"),
        ("gzip", "image_unreachable"),
        ("declared", "image_too_many_bytes"),
        ("endless", "image_too_many_bytes"),
        ("hop/3", "image_unreachable"),
    ],
)
def test_bad_answer_is_refused(server: Server, make: Make, path: str, code: str) -> None:
    assert refusal(make(), f"http://shop.example:{server.port}/{path}") == code


@pytest.mark.parametrize("path", ["drip", "dripping_headers", "silence"])
def test_slow_answer_ends_at_the_deadline(server: Server, make: Make, path: str) -> None:
    start = time.monotonic()
    assert refusal(make(timeout_s=0.5), f"http://shop.example:{server.port}/{path}") == "image_timeout"
    assert time.monotonic() - start < 2


def test_redirects_are_followed_three_times(server: Server, make: Make) -> None:
    assert make().get(f"http://shop.example:{server.port}/hop/2") == BODY
    assert len(server.seen) == 4


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:{port}/image", "http://localhost:{port}/image", "http://2130706433:{port}/image",
        "http://0x7f000001:{port}/image", "http://017700000001:{port}/image", "http://127.1:{port}/image",
        "http://0177.0.0.1:{port}/image", "http://[::1]:{port}/image", "http://[::ffff:127.0.0.1]:{port}/image",
        "http://[::ffff:7f00:1]:{port}/image", "http://[64:ff9b::7f00:1]:{port}/image",
        "http://[2002:7f00:1::]:{port}/image", "http://[::127.0.0.1]:{port}/image", "http://0.0.0.0:{port}/image",
        "http://0:{port}/image", "http://127.0.0.1.:{port}/image", "http://LOCALHOST.:{port}/image",
        "http://１２７.0.0.1:{port}/image", "http://127。0。0。1:{port}/image", "http://rebound.example:{port}/image",
        "http://shop.example@127.0.0.1:{port}/image", "http://127.0.0.1:{port}#@shop.example/",
        "http://shop.example:80\\@127.0.0.1:{port}/image", "http://127.0.0.1\t:{port}/image",
        "http://169.254.169.254/latest/meta-data/", "http://[fe80::1%25eth0]:{port}/image",
    ],
)  # fmt: skip
def test_no_spelling_reaches_this_machine(server: Server, make: Make, url: str) -> None:
    fetcher = make(networks=(), resolver=lambda _: ["127.0.0.1"])
    assert refusal(fetcher, url.format(port=server.port)) in ("image_address_refused", "image_url_invalid")
    assert server.seen == []


@pytest.mark.parametrize(
    "url",
    ["", "image.jpg", "/etc/passwd", "file:///etc/passwd", "ftp://shop.example/a", "gopher://shop.example/",
     "data:image/png;base64,AAAA", "http://", "http:///image", "https://user:secret@shop.example/a",
     "http://shop.example:99999/a", "http://[::1/a", "http://shop.example/\r\nHost: x", "javascript:alert(1)",
     "http://\x00shop.example/", "redis://127.0.0.1:6379/"],
)  # fmt: skip
def test_what_is_no_web_address_is_refused(make: Make, url: str) -> None:
    assert refusal(make(), url) == "image_url_invalid"


@given(
    st.one_of(st.text(), st.text().map("http://{}".format), st.from_regex(r"https?://[^/]*[:@\[%.]+[^/]*/?"))
)
@settings(max_examples=300, deadline=None)
def test_any_text_is_refused_or_leads_to_the_checked_address(text: str) -> None:
    finder = TargetFinder(AddressPolicy(), (), lambda _: ["93.184.216.34"])
    with suppress(ImageRefused):
        target = finder.find(text, Deadline(5))
        assert is_public(ipaddress.ip_address(target.address))
        assert target.request_url().scheme in (b"http", b"https")
    finder.close()


def test_one_private_answer_among_public_ones_is_enough(server: Server, make: Make) -> None:
    fetcher = make(networks=(), resolver=lambda _: ["93.184.216.34", "127.0.0.1"])
    assert refusal(fetcher, f"http://rebound.example:{server.port}/image") == "image_address_refused"
    assert server.seen == []


def test_name_is_resolved_once_and_the_checked_address_is_used(server: Server, make: Make) -> None:
    answers = iter([["127.0.0.1"], ["10.0.0.1"]])
    assert make(resolver=lambda _: next(answers)).get(f"http://shop.example:{server.port}/image") == BODY


@pytest.mark.parametrize(
    "location",
    ["http:!!127.0.0.2:{port}!image", "http:!!inside.example:{port}!image", "!!inside.example:{port}!image",
     "http:!!2130706434:{port}!image", "file:!!!etc!passwd", "http:!![::1!image", "http:!!a:99999!"],
)  # fmt: skip
def test_redirect_inside_is_refused(server: Server, make: Make, location: str) -> None:
    inside = {"inside.example": ["127.0.0.2"]}
    fetcher = make(networks=("127.0.0.1/32",), resolver=lambda host: inside.get(host, ["127.0.0.1"]))
    url = f"http://shop.example:{server.port}/away/{location.format(port=server.port)}"
    assert refusal(fetcher, url) in ("image_address_refused", "image_url_invalid")
    assert len(server.seen) == 1


def test_ports_other_than_the_webs_are_refused_unless_listed(make: Make) -> None:
    public = make(networks=(), resolver=lambda _: ["93.184.216.34"])
    assert refusal(public, "http://shop.example:6379/") == "image_address_refused"
    assert refusal(public, "http://shop.example:22/") == "image_address_refused"


def lets_through(hosts: list[str], url: str) -> bool:
    with closing(TargetFinder(AddressPolicy(), hosts, lambda _: ["93.184.216.34"])) as finder:
        try:
            finder.find(url, Deadline(5))
        except ImageRefused:
            return False
    return True


@pytest.mark.parametrize(
    ("entry", "taken", "refused"),
    [
        ("cdn.example", ["http://cdn.example/", "https://CDN.example:443/", "http://cdn.example:443/"],
         ["https://cdn.example:8443/", "https://a.cdn.example/", "https://cdn.example.evil.example/"]),
        ("cdn.example:8443", ["https://cdn.example:8443/"], ["https://cdn.example/", "https://cdn.example:8444/"]),
        ("cdn.example:443", ["https://cdn.example/"], ["http://cdn.example/"]),
        ("*.cdn.example", ["https://a.cdn.example/", "https://b.a.CDN.example/"],
         ["https://cdn.example/", "https://evilcdn.example/", "https://a.cdn.example:8443/",
          "https://a.cdn.example.evil.example/", "https://a.cdn.example./"]),
        ("*.cdn.example:8443", ["https://a.cdn.example:8443/"], ["https://a.cdn.example/"]),
        ("bücher.example", ["https://xn--bcher-kva.example/", "https://BÜCHER.example/"], ["https://bucher.example/"]),
        ("[2606:4700::1]:8443", ["https://[2606:4700::1]:8443/"], ["https://[2606:4700::1]/"]),
    ],
)  # fmt: skip
def test_an_entry_of_the_list_lets_through_what_it_names(
    entry: str, taken: list[str], refused: list[str]
) -> None:
    assert [url for url in taken if not lets_through([entry], url)] == []
    assert [url for url in refused if lets_through([entry], url)] == []


@pytest.mark.parametrize(
    "entry",
    ["", "*", "*.", "*cdn.example", "a.*.example", "https://cdn.example", "cdn.example/", "cdn.example/a",
     "a@cdn.example", "cdn.example:0", "cdn.example:99999", "cdn.example:http", "cdn.example?", "cdn example",
     "cdn.example,b.example"],
)  # fmt: skip
def test_an_entry_that_is_no_host_is_an_error(entry: str) -> None:
    with pytest.raises(SettingInvalid, match=r"host name|impossible port"):
        TargetFinder(AddressPolicy(), [entry], lambda _: [])


def test_only_listed_hosts_are_asked_when_there_is_a_list(server: Server, make: Make) -> None:
    fetcher = make(hosts=["Shop.example"])
    assert fetcher.get(f"http://SHOP.example:{server.port}/image") == BODY
    assert refusal(fetcher, f"http://other.example:{server.port}/image") == "image_address_refused"


def test_listed_host_on_a_private_address_is_refused(server: Server, make: Make) -> None:
    fetcher = make(networks=(), hosts=["shop.example"])
    assert refusal(fetcher, f"http://shop.example:{server.port}/image") == "image_address_refused"
    assert server.seen == []


def test_detail_does_not_tell_the_inner_address(make: Make) -> None:
    with pytest.raises(ImageRefused) as caught:
        make(networks=(), resolver=lambda _: ["10.9.8.7"]).get("http://inside.example/a")
    assert "10.9" not in caught.value.detail


def test_unknown_name_is_unreachable(make: Make) -> None:
    def nowhere(host: str) -> list[str]:
        raise socket.gaierror(host)

    assert refusal(make(resolver=nowhere), "http://gone.example/a") == "image_unreachable"
    assert refusal(make(resolver=lambda _: []), "http://gone.example/a") == "image_unreachable"


def test_slow_name_server_ends_at_the_deadline(make: Make) -> None:
    never = threading.Event()
    fetcher = make(resolver=lambda _: [str(never.wait(3))], timeout_s=0.2)
    assert refusal(fetcher, "http://slow.example/a") == "image_timeout"
    never.set()


def test_a_host_gets_two_requests_at_a_time(server: Server, make: Make) -> None:
    fetcher = make()
    with ThreadPoolExecutor(8) as pool:
        bodies = list(pool.map(fetcher.get, [f"http://shop.example:{server.port}/slowly"] * 8))
    assert bodies == [BODY] * 8
    assert server.most_at_once <= 2


def test_dead_host_is_not_asked_again_and_again(make: Make) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        url = f"http://dead.example:{closed.getsockname()[1]}/a"
        fetcher, details = make(), []
        for _ in range(5):
            with pytest.raises(ImageRefused) as caught:
                fetcher.get(url)
            details.append((caught.value.code, "lately" in caught.value.detail))
    assert details == [("image_unreachable", False)] * 3 + [("image_unreachable", True)] * 2


def test_a_dead_port_is_not_held_against_another(server: Server, make: Make) -> None:
    fetcher = make()
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        for _ in range(3):
            url = f"http://shop.example:{closed.getsockname()[1]}/a"
            assert refusal(fetcher, url) == "image_unreachable"
    assert fetcher.get(f"http://shop.example:{server.port}/image") == BODY


def test_host_that_answers_404_is_not_dead(server: Server, make: Make) -> None:
    fetcher = make()
    for _ in range(5):
        assert refusal(fetcher, f"http://shop.example:{server.port}/missing") == "image_unreachable"
    assert fetcher.get(f"http://shop.example:{server.port}/image") == BODY
