"""Every address of the table is refused with its code, and nothing on this machine is asked."""

from collections.abc import Iterator
from contextlib import closing

import httpx
import pytest

from shared.errors import SettingInvalid
from tests.malformed.addresses import TABLE
from tests.malformed.listener import Listener, refusal
from workers.encoder.allowed_hosts import AllowedHosts


@pytest.fixture(scope="module")
def listener() -> Iterator[Listener]:
    with closing(Listener()) as made:
        yield made


def listing(url: str) -> list[str]:
    """Return a list that names the URL's host and port, if these can be in one."""
    try:
        entry = httpx.URL(url.strip()).netloc.decode()
        AllowedHosts([entry])
    except (httpx.InvalidURL, ValueError, SettingInvalid):
        return []
    return [entry]


@pytest.mark.parametrize(("url", "code"), TABLE)
def test_url_is_refused_with_its_code_and_nobody_is_asked(listener: Listener, url: str, code: str) -> None:
    url = url.replace("{port}", str(listener.port))
    assert refusal(url) == code
    # Now the port alone is no reason to refuse.
    assert refusal(url, hosts=listing(url)) == code
    assert listener.connections() == 0


def test_table_is_long_and_says_nothing_twice() -> None:
    urls = [url for url, _ in TABLE]
    assert len(urls) == len(set(urls)) >= 60


@pytest.mark.parametrize("host", ["127.0.0.1", "inside.example", "[::ffff:127.0.0.1]", "mapped.example"])
def test_listener_is_reached_once_the_network_is_listed(listener: Listener, host: str) -> None:
    assert refusal(f"http://{host}:{listener.port}/", networks=["127.0.0.0/8"]) == "image_timeout"
    assert listener.connections() == 1
