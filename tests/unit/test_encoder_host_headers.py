"""The file of headers for single hosts: what is refused, and that no error quotes a value."""

import secrets
from pathlib import Path

import pytest

from shared.errors import SettingInvalid
from workers.encoder.authority import Authority
from workers.encoder.host_headers import HostHeaders

SECRET = secrets.token_hex(8)


def read(tmp_path: Path, text: str) -> HostHeaders:
    file = tmp_path / "headers.json"
    file.write_text(text)
    return HostHeaders.read(file)


def test_a_host_has_its_headers_at_the_port_of_https_or_at_the_one_it_names(tmp_path: Path) -> None:
    headers = read(
        tmp_path, '{"CDN.example": {"X-Token": "a b"}, "cdn.example:8443": {"Authorization": "c"}}'
    )
    assert headers.of(Authority("cdn.example", 443)) == {"x-token": "a b"}
    assert headers.of(Authority("cdn.example", 8443)) == {"authorization": "c"}
    assert headers.of(Authority("cdn.example", 80)) == headers.of(Authority("a.cdn.example", 443)) == {}


def test_without_a_file_there_are_none() -> None:
    assert HostHeaders.read(None).of(Authority("cdn.example", 443)) == {}


@pytest.mark.parametrize(
    "name",
    ["Host", "host", "Content-Length", "Transfer-Encoding", "Connection", "Upgrade", "Accept-Encoding",
     "Range", "Proxy-Authorization", "", "X Token", "X-Token:", "X-Token\\r\\nHost", "Tökén"],
)  # fmt: skip
def test_a_header_that_a_request_cannot_be_given_is_an_error(tmp_path: Path, name: str) -> None:
    with pytest.raises(SettingInvalid, match="no request can be given a header") as caught:
        read(tmp_path, f'{{"cdn.example": {{"{name}": "{SECRET}"}}}}')
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize("value", ["", " {}", "{} ", "{}\\r\\nHost: x", "{}\\n", "{}\\u0000", "{}é", "\\t{}"])
def test_a_value_that_cannot_be_sent_is_an_error_that_does_not_quote_it(tmp_path: Path, value: str) -> None:
    with pytest.raises(SettingInvalid, match="the value of X-Token") as caught:
        read(tmp_path, f'{{"cdn.example": {{"X-Token": "{value.format(SECRET)}"}}}}')
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize(
    "text",
    ["", "[]", f'"{SECRET}"', f'{{"cdn.example": "{SECRET}"}}',
     f'{{"cdn.example": {{"X-Token": ["{SECRET}"]}}}}',
     f'{{"cdn.example": {{"X-Token": "{SECRET}"}}', f'{{"*.cdn.example": {{"X-Token": "{SECRET}"}}}}',
     f'{{"https://cdn.example/": {{"X-Token": "{SECRET}"}}}}',
     f'{{"cdn.example": {{}}, "CDN.example:443": {{"X-Token": "{SECRET}"}}}}',
     f'{{"cdn.example": {{"X-Token": "{SECRET}", "x-token": "{SECRET}"}}}}'],
    # Every worker that runs tests draws another one.
    ids=lambda text: text.replace(SECRET, "secret"),
)  # fmt: skip
def test_a_file_that_does_not_fit_is_an_error_that_names_it_and_quotes_no_value(
    tmp_path: Path, text: str
) -> None:
    with pytest.raises(SettingInvalid, match=r"headers\.json: ") as caught:
        read(tmp_path, text)
    assert SECRET not in str(caught.value)


def test_a_file_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(SettingInvalid, match="No such file"):
        HostHeaders.read(tmp_path / "headers.json")
