"""Which network addresses images may be fetched from."""

import ipaddress
from collections.abc import Sequence
from typing import Final, TypeAlias

Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address
Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network

# `is_global` is true for these, and behind each may be a private address (or nothing a shop would use):
# NAT64, Teredo, 6to4 and its relays, IPv4-compatible, site-local, protocol assignments, documentation; and
# the address under which every machine of Azure finds its host's agent.
_DENIED: Final[tuple[Network, ...]] = tuple(
    ipaddress.ip_network(text)
    for text in (
        "192.0.0.0/24", "192.88.99.0/24", "64:ff9b::/96", "64:ff9b:1::/48", "2001::/23", "2002::/16", "::/96",
        "fec0::/10", "5f00::/16", "3fff::/20", "100::/64", "168.63.129.16/32",
    )
)  # fmt: skip
# ISATAP (RFC 5214, 6.1): any prefix, then this, then the IPv4 address that packets go to.
_ISATAP: Final = (0x00005EFE, 0x02005EFE)


def is_public(address: Address) -> bool:
    """Say whether an address is on the public internet, and not a detour to one that is not."""
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        return is_public(address.ipv4_mapped)
    if any(address in network for network in _DENIED) or _is_isatap(address):
        return False
    return address.is_global and not (address.is_multicast or address.is_reserved or address.is_unspecified)


def _is_isatap(address: Address) -> bool:
    return address.version == 6 and int(address) >> 32 & 0xFFFFFFFF in _ISATAP


def unmapped(address: Address) -> Address:
    """Return the IPv4 address inside an IPv4-mapped one, any other as it is."""
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address


def literal(host: str) -> Address | None:
    """Return the address that a host is written as, None for a name.

    Raises:
        ValueError: the host is an address in a spelling that resolvers disagree about (decimal, octal,
            hexadecimal, shortened, with a zone).
    """
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        last = host.rstrip(".").rsplit(".", 1)[-1].lower()
        # A host whose last label is a number is an IPv4 address (URL standard, "ends in a number").
        if ":" in host or "%" in host or last.isdigit() or last.startswith("0x"):
            raise
        return None
    if getattr(address, "scope_id", None):
        raise ValueError(f"{host} names a zone")
    return address


class AddressPolicy:
    """Public addresses, and the private networks that the operator listed."""

    def __init__(self, private_networks: Sequence[str] = ()) -> None:
        self._private = tuple(ipaddress.ip_network(text) for text in private_networks)

    def is_listed(self, address: Address) -> bool:
        """Say whether the operator listed a network that holds the address."""
        return any(unmapped(address) in network for network in self._private)

    def allows(self, address: Address) -> bool:
        """Say whether images may be fetched from the address."""
        return is_public(address) or self.is_listed(address)
