"""The address of Redis and the files that go with it: what is refused, and how they are joined."""

import secrets
from pathlib import Path
from typing import Any

import pytest
from kombu.utils.url import url_to_parts
from pydantic import ValidationError
from redis.connection import parse_url

from shared.connection import redis_address, redis_tls
from shared.settings import CommonSettings
from tests.certificates import CertificateMaker

SECRET = secrets.token_hex(8)


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("redis://db:7000/3", "db"),
        ("rediss://gateway@db:7000/3", "db"),
        ("redis://gateway@[::1]:7000/3", "::1"),
    ],
)
def test_a_password_in_a_file_is_read_alike_by_both_libraries(tmp_path: Path, url: str, place: str) -> None:
    file = tmp_path / "password"
    file.write_text(" p:a/s?s@w#o%r d\n")
    settings = CommonSettings(redis_url=url, redis_password_file=file)
    address = redis_address(settings)
    ours = parse_url(address)
    username = "gateway" if "gateway" in url else None
    assert (ours["host"], ours["port"], ours["db"]) == (place, 7000, 3)
    assert (ours.get("username"), ours["password"]) == (username, "p:a/s?s@w#o%r d")
    theirs = url_to_parts(address)
    assert (theirs.hostname, theirs.port, theirs.path) == (place, 7000, "3")
    assert (theirs.username or None, theirs.password) == (username, ours["password"])


def test_an_address_without_files_is_left_as_it_is() -> None:
    settings = CommonSettings(redis_url="redis://gateway:a@db:7000/3")
    assert redis_address(settings) == "redis://gateway:a@db:7000/3"
    assert redis_tls(settings) == {}


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"redis_url": f"http://:{SECRET}@db"}, "begin with redis://"),
        ({"redis_url": f"rediss://:{SECRET}@db/0?ssl_cert_reqs=none"}, "always checked"),
        ({"redis_url": f"rediss://:{SECRET}@db/0?ssl_check_hostname="}, "always checked"),
        ({"redis_url": f"redis://:{SECRET}@db", "redis_password_file": "ca.pem"}, "and in DOPPEL_REDIS"),
        ({"redis_url": f"redis://:{SECRET}@db", "redis_ca_file": "ca.pem"}, "begin with rediss://"),
        ({"redis_url": f"rediss://:{SECRET}@db", "redis_cert_file": "ca.pem"}, "go together"),
        ({"redis_url": f"rediss://:{SECRET}@db", "redis_ca_file": "nosuch.pem"}, "does not point to a file"),
        ({"redis_url": f"rediss://:{SECRET}@db", "redis_ca_file": "ca.key"}, "cannot be used"),
        ({"redis_url": f"rediss://:{SECRET}@db", "redis_cert_file": "a.pem", "redis_key_file": "ca.key"},
         "cannot be used"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused_and_no_password_quoted(
    tmp_path: Path, given: dict[str, Any], why: str
) -> None:
    maker = CertificateMaker(tmp_path / "tls")
    maker.make("a", "DNS:a")
    files = {name: maker.ca.parent / value for name, value in given.items() if name != "redis_url"}
    with pytest.raises(ValidationError, match=why) as caught:
        CommonSettings(**(given | files))
    assert SECRET not in str(caught.value)
