"""TCP connections that go to one checked address, whatever the name says now, and end at a deadline."""

import ssl
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import httpcore


class Deadline:
    """A moment by which something must be done."""

    def __init__(self, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._end = clock() + seconds

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Let the time that the block takes not count."""
        start = self._clock()
        try:
            yield
        finally:
            self._end += self._clock() - start

    def left_s(self) -> float:
        """Return the seconds that are left.

        Raises:
            httpcore.ReadTimeout: there are none.
        """
        left = self._end - self._clock()
        if left <= 0:
            raise httpcore.ReadTimeout("the time is up")
        return left


class _DeadlineStream(httpcore.NetworkStream):
    """Every read waits at most until the deadline, so a drip of single bytes cannot go on for ever.

    httpcore's own timeouts begin anew with each read; they are not used.
    """

    def __init__(self, stream: httpcore.NetworkStream, deadline: Deadline) -> None:
        self._stream = stream
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ARG002
        return self._stream.read(max_bytes, self._deadline.left_s())

    def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ARG002
        self._stream.write(buffer, self._deadline.left_s())

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ARG002
    ) -> httpcore.NetworkStream:
        stream = self._stream.start_tls(ssl_context, server_hostname, self._deadline.left_s())
        return _DeadlineStream(stream, self._deadline)

    def get_extra_info(self, info: str) -> Any:  # noqa: ANN401 - the type is httpcore's
        return self._stream.get_extra_info(info)


class PinnedBackend(httpcore.NetworkBackend):
    """Connects to `address` only; name, `Host` header and certificate check stay those of the URL."""

    def __init__(self, address: str, deadline: Deadline, connect_s: float = 5.0) -> None:
        self._address = address
        self._deadline = deadline
        self._connect_s = connect_s
        self._tcp = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,  # noqa: ARG002
        port: int,
        timeout: float | None = None,  # noqa: ARG002
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        """Open a connection to the checked address."""
        wait_s = min(self._connect_s, self._deadline.left_s())
        stream = self._tcp.connect_tcp(self._address, port, wait_s, local_address, socket_options)
        return _DeadlineStream(stream, self._deadline)
