"""From a URL to the one address it may be fetched from."""

import ipaddress
import socket
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeoutError
from dataclasses import dataclass
from typing import TypeAlias

import httpcore
import httpx

from workers.encoder.addresses import Address, AddressPolicy, literal, unmapped
from workers.encoder.allowed_hosts import AllowedHosts
from workers.encoder.authority import Authority
from workers.encoder.connection import Deadline
from workers.encoder.refusal import ImageRefused

Resolver: TypeAlias = Callable[[str], Sequence[str]]
_PORTS = {"http": 80, "https": 443}


def system_resolver(host: str) -> list[str]:
    """Return every address of a name.

    Raises:
        OSError: the name has none, or no server answered.
    """
    return [str(entry[4][0]) for entry in socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)]


@dataclass(frozen=True, slots=True)
class Target:
    """A URL and the checked address to connect to.

    `private` says that the operator listed networks that hold every address of the host.
    """

    url: httpx.URL
    address: str
    private: bool = False

    @property
    def authority(self) -> Authority:
        """Host and port, also where the URL names no port."""
        return _authority(self.url)

    def request_url(self) -> httpcore.URL:
        """Return the URL in its parts, so that it is not parsed a second time and differently."""
        url = self.url
        return httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path)


class TargetFinder:
    """Checks URLs: scheme, port, host, and every address that the host has."""

    def __init__(self, policy: AddressPolicy, allowed_hosts: Sequence[str], resolver: Resolver) -> None:
        self._policy = policy
        self._allowed = AllowedHosts(allowed_hosts)
        self._resolver = resolver
        # A resolver cannot be given a deadline; a thread that waits for it can be left behind.
        self._pool = ThreadPoolExecutor(max_workers=16, thread_name_prefix="resolve")

    def close(self) -> None:
        """End the resolver's threads."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def find(self, text: str, deadline: Deadline) -> Target:
        """Return the target of a URL.

        Raises:
            ImageRefused: the URL is malformed, forbidden, or its host has no address (in time).
        """
        url = _parse(text)
        host = url.host.lower()
        authority = _authority(url)
        if not self._allowed.allow(authority):
            raise ImageRefused("image_address_refused", f"images are not fetched from {url.netloc.decode()}")
        addresses = self._addresses(host, deadline)
        refused = [address for address in addresses if not self._policy.allows(address)]
        if refused:
            # The address is not told: it would answer who asks what the inside of the network looks like.
            raise ImageRefused("image_address_refused", f"{host} is not a public address")
        private = all(self._policy.is_listed(address) for address in addresses)
        if not (private or authority.port in _PORTS.values() or self._allowed.name(authority)):
            raise ImageRefused("image_address_refused", "images are fetched from ports 80 and 443 only")
        return Target(url, str(unmapped(addresses[0])), private)

    def _addresses(self, host: str, deadline: Deadline) -> list[Address]:
        try:
            address = literal(host)
        except ValueError as error:
            raise ImageRefused("image_address_refused", f"{host} is no plain host name or address") from error
        if address is not None:
            return [address]
        try:
            found = self._pool.submit(self._resolver, host).result(deadline.left_s())
            addresses = [ipaddress.ip_address(text) for text in found]
        except (FutureTimeoutError, httpcore.ReadTimeout) as error:
            raise ImageRefused("image_timeout", f"the name {host} was not resolved in time") from error
        except (OSError, ValueError) as error:
            raise ImageRefused("image_unreachable", f"the name {host} has no address") from error
        if not addresses:
            raise ImageRefused("image_unreachable", f"the name {host} has no address")
        return addresses


def joined(base: str, location: str) -> str:
    """Return where a redirect leads.

    Raises:
        ImageRefused: `location` is not a URL.
    """
    try:
        return str(httpx.URL(base).join(location))
    except (httpx.InvalidURL, ValueError) as error:
        raise ImageRefused("image_url_invalid", "the image address redirects to what is not a URL") from error


def _authority(url: httpx.URL) -> Authority:
    return Authority(url.raw_host.decode("ascii"), url.port or _PORTS[url.scheme])


def _parse(text: str) -> httpx.URL:
    if any(c < " " or c in "\\\x7f" for c in text):
        raise ImageRefused("image_url_invalid", "the image address holds control characters or backslashes")
    try:
        url = httpx.URL(text.strip(" "))
        host, port = url.host, url.port
    except (httpx.InvalidURL, ValueError) as error:
        raise ImageRefused("image_url_invalid", "the image address is not a URL") from error
    if port is not None and not 0 < port < 65536:
        raise ImageRefused("image_url_invalid", "the image address names an impossible port")
    if url.scheme not in _PORTS or not host:
        raise ImageRefused("image_url_invalid", "the image address is not an http or https URL")
    if url.userinfo:
        raise ImageRefused("image_url_invalid", "the image address holds a user name")
    return url
