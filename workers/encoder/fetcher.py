"""Fetches images from the internet without being led to anywhere else."""

import ssl

import httpcore
import httpx

from workers.encoder.connection import Deadline, PinnedBackend
from workers.encoder.host_headers import HostHeaders
from workers.encoder.hosts import Hosts
from workers.encoder.refusal import ImageRefused
from workers.encoder.target import Target, TargetFinder, joined

_REDIRECTS = 3
_REDIRECT_STATUSES = frozenset({301, 302, 303, 307, 308})
_HEADERS = {"accept": "image/*,*/*;q=0.5", "accept-encoding": "identity", "user-agent": "doppel"}
_OUTAGES = (httpcore.NetworkError, httpcore.ProtocolError, httpcore.ProxyError, OSError)


class Fetcher:
    """Gets the bytes behind a URL; safe to share between threads.

    Every hop is checked by itself: the name is resolved once, all its addresses must be allowed, and the
    connection goes to the address that was checked. Proxies of the environment are not used. A host's own
    `headers` go to that host alone, at whichever hop, over TLS or into a private network that is listed.
    """

    def __init__(
        self,
        finder: TargetFinder,
        hosts: Hosts,
        tls: ssl.SSLContext,
        headers: HostHeaders,
        max_bytes: int,
        timeout_s: float,
    ) -> None:
        self._finder = finder
        self._hosts = hosts
        self._max_bytes = max_bytes
        self._timeout_s = timeout_s
        self._tls = tls
        self._headers = headers

    def close(self) -> None:
        """End the helper threads."""
        self._finder.close()

    def get(self, reference: str) -> bytes:
        """Return the body of a 200 answer; all hops together may take `timeout_s`.

        Raises:
            ImageRefused: the URL is forbidden, or there is no such image in the time and size allowed.
        """
        url, deadline = reference, Deadline(self._timeout_s)
        for _ in range(_REDIRECTS + 1):
            answer = self._hop(url, deadline)
            if isinstance(answer, bytes):
                return answer
            url = joined(url, answer)
        raise ImageRefused("image_unreachable", f"more than {_REDIRECTS} redirects")

    def _hop(self, url: str, deadline: Deadline) -> bytes | str:
        """Return the body, or the `Location` of a redirect."""
        target = self._finder.find(url, deadline)
        host, authority = target.url.host, target.authority
        with self._hosts.visit(authority, deadline):
            try:
                answer = self._request(target, deadline)
            except httpcore.TimeoutException as error:
                self._hosts.report(authority, answered=False)
                raise ImageRefused("image_timeout", f"{host} took too long") from error
            except _OUTAGES as error:
                self._hosts.report(authority, answered=False)
                raise ImageRefused("image_unreachable", f"{host} cannot be reached: {error}"[:200]) from error
            self._hosts.report(authority, answered=True)
            return answer

    def _request(self, target: Target, deadline: Deadline) -> bytes | str:
        backend = PinnedBackend(target.address, deadline)
        with (
            # Not kept alive: a connection is bound to one name's certificate, a pool only to an address.
            httpcore.ConnectionPool(
                ssl_context=self._tls, max_connections=1, network_backend=backend
            ) as pool,
            pool.stream("GET", target.request_url(), headers=self._headers_for(target)) as response,
        ):
            headers = httpx.Headers(response.headers)
            if response.status in _REDIRECT_STATUSES and "location" in headers:
                return headers["location"]
            if response.status != 200:
                raise ImageRefused("image_unreachable", f"{target.url.host} answered {response.status}")
            if headers.get("content-encoding", "identity") != "identity":
                raise ImageRefused("image_unreachable", "the image came compressed, which was not asked for")
            return self._body(response, headers)

    def _headers_for(self, target: Target) -> list[tuple[str, str]]:
        own = self._headers.of(target.authority) if target.url.scheme == "https" or target.private else {}
        return list((_HEADERS | own).items())

    def _body(self, response: httpcore.Response, headers: httpx.Headers) -> bytes:
        declared = headers.get("content-length", "0")
        body = bytearray()
        too_large = declared.isdigit() and int(declared) > self._max_bytes
        if not too_large:
            for part in response.iter_stream():
                body += part
                too_large = len(body) > self._max_bytes
                if too_large:
                    break
        if too_large:
            raise ImageRefused("image_too_many_bytes", f"the image has more than {self._max_bytes} bytes")
        return bytes(body)
