import ipaddress

import pytest

from workers.encoder.addresses import AddressPolicy, is_public, literal

REFUSED = [
    # this machine, this network
    "127.0.0.1", "127.255.255.254", "0.0.0.0", "0.1.2.3", "::1", "::", "255.255.255.255",  # noqa: S104
    # private
    "10.0.0.1", "10.255.255.255", "172.16.0.1", "172.31.255.255", "192.168.0.1", "100.64.0.1",
    "100.127.255.255",
    "fc00::1", "fd12:3456:789a::1", "fec0::1",
    # link-local, where clouds keep their metadata
    "169.254.169.254", "169.254.0.1", "fe80::1", "fd00:ec2::254",
    # protocol assignments, documentation, benchmarks, reserved, multicast
    "192.0.0.8", "192.0.0.170", "192.0.2.1", "198.51.100.1", "203.0.113.1", "198.18.0.1", "198.19.255.255",
    "240.0.0.1", "224.0.0.1", "239.255.255.250", "192.88.99.1", "2001:db8::1", "3fff::1", "100::1", "5f00::1",
    "ff02::1", "ff0e::1", "2001:10::1", "2001:2::1",
    # detours to any of these: mapped, compatible, NAT64, 6to4, Teredo
    "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "::ffff:0:127.0.0.1", "::127.0.0.1",
    "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::7f00:1", "2002:7f00:1::", "2002:a00:1::1",
    "2001:0:7f00:1::", "2001:0:4136:e378:8000:63bf:3fff:fdd2",
]  # fmt: skip
ALLOWED = [
    "1.1.1.1", "8.8.8.8", "93.184.216.34", "172.15.0.1", "172.32.0.1", "100.63.255.255", "192.1.0.1",
    "223.255.255.1",
    "2606:4700::1111", "2a00:1450:4001:80b::200e", "::ffff:8.8.8.8",
]  # fmt: skip


@pytest.mark.parametrize("text", REFUSED)
def test_address_inside_is_refused(text: str) -> None:
    assert not is_public(ipaddress.ip_address(text))
    assert not AddressPolicy().allows(ipaddress.ip_address(text))


@pytest.mark.parametrize("text", ALLOWED)
def test_address_outside_is_allowed(text: str) -> None:
    assert is_public(ipaddress.ip_address(text))


@pytest.mark.parametrize(
    "host",
    ["2130706433", "0x7f000001", "017700000001", "127.1", "127.0.1", "0177.0.0.1", "0x7f.0.0.1", "127.0.0.01",
     "127.0.0.0x1", "1.2.3.4.5", "256.1.1.1", "99999999999", "127.0.0.1.", "example.0x7f", "fe80::1%eth0",
     "::1%1",
     "1::2::3", "[::1]"],
)  # fmt: skip
def test_odd_spelling_of_an_address_is_an_error(host: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - ipaddress words it differently each time
        literal(host)


@pytest.mark.parametrize(
    "host", ["example.com", "localhost", "0x7f.example", "1.2.3.4.nip.io", "a-1.b2", "7eleven"]
)
def test_name_is_no_address(host: str) -> None:
    assert literal(host) is None


def test_listed_network_is_allowed_also_when_mapped() -> None:
    policy = AddressPolicy(["10.1.0.0/16"])
    assert policy.allows(ipaddress.ip_address("10.1.2.3"))
    assert policy.allows(ipaddress.ip_address("::ffff:10.1.2.3"))
    assert not policy.allows(ipaddress.ip_address("10.2.0.1"))
    assert policy.allows(ipaddress.ip_address("8.8.8.8"))


def test_malformed_network_stops_the_process() -> None:
    with pytest.raises(ValueError, match="33"):
        AddressPolicy(["10.1.0.0/33"])
