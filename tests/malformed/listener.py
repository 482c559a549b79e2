"""A listener that nobody may reach, and a fetcher to try it with."""

import socket
import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

import pytest

from tests.malformed.addresses import resolve
from workers.encoder.addresses import AddressPolicy
from workers.encoder.fetcher import Fetcher
from workers.encoder.host_headers import HostHeaders
from workers.encoder.hosts import Hosts
from workers.encoder.refusal import ImageRefused
from workers.encoder.target import Resolver, TargetFinder


class Listener:
    """Waits on one port of every loopback address that there is, and answers nobody."""

    def __init__(self) -> None:
        self.sockets = [socket.create_server(("127.0.0.1", 0))]
        self.port = int(self.sockets[0].getsockname()[1])
        for family, host in ((socket.AF_INET, "127.0.0.2"), (socket.AF_INET6, "::1")):
            with suppress(OSError):
                self.sockets.append(socket.create_server((host, self.port), family=family))
        for listening in self.sockets:
            listening.setblocking(False)

    def close(self) -> None:
        for listening in self.sockets:
            listening.close()

    def connections(self) -> int:
        """Return how many came since the last call: loopback connects are in the queue when they return."""
        count = 0
        for listening in self.sockets:
            with suppress(BlockingIOError):
                while True:
                    listening.accept()[0].close()
                    count += 1
        return count


TLS = ssl.create_default_context()


@contextmanager
def fetching(
    networks: Sequence[str] = (), hosts: Sequence[str] = (), resolver: Resolver = resolve
) -> Iterator[Fetcher]:
    """Give a fetcher that waits half a second for an answer."""
    finder = TargetFinder(AddressPolicy(networks), hosts, resolver)
    fetcher = Fetcher(finder, Hosts(), TLS, HostHeaders({}), 1000, 0.5)
    yield fetcher
    fetcher.close()


def refusal(url: str, **options: Any) -> str:
    """Return the code with which a fetcher of these options refuses the URL."""
    with fetching(**options) as fetcher, pytest.raises(ImageRefused) as caught:
        fetcher.get(url)
    return caught.value.code
