"""HTTP as uvicorn speaks it, with two limits that it lacks: of a head's size, and of the time it takes."""

import asyncio
from typing import ClassVar

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol


class BoundedHttp(HttpToolsProtocol):
    """One connection.

    uvicorn keeps whatever comes before a body, and joins it anew with every block: a header of 100 MB held
    the event loop for ten seconds. Nor does it ever give up a connection that has not sent a whole head.
    """

    most_head_bytes: ClassVar = 65_536
    head_patience_s: ClassVar = 30.0

    _pending_bytes = 0
    _head_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for a request."""
        super().connection_made(transport)
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """End all waiting."""
        self._stop_waiting()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read a block; refuse a head, a trailer or a chunk's extension that does not end."""
        self._pending_bytes += len(data)
        progress = self._pending_bytes
        super().data_received(data)
        # The callbacks below start the count anew.
        if self._pending_bytes == progress > self.most_head_bytes and not self.transport.is_closing():
            self.send_400_response("The head of the request is too large.")

    def on_message_begin(self) -> None:
        """Note that a request begins."""
        super().on_message_begin()
        self._await_head()

    def on_headers_complete(self) -> None:
        """Pass a request on, unless its head came in few blocks and is too large even so.

        Raises:
            ValueError: it is; the parser makes that a request that is not valid.
        """
        self._stop_waiting()
        self._pending_bytes = 0
        if len(self.url) + sum(len(name) + len(value) for name, value in self.headers) > self.most_head_bytes:
            raise ValueError("the head of the request is too large")
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Pass a part of the body on."""
        self._pending_bytes = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        """Pass on that the request is complete."""
        self._pending_bytes = 0
        super().on_message_complete()

    def _await_head(self) -> None:
        self._stop_waiting()
        self._head_timer = self.loop.call_later(self.head_patience_s, self.transport.close)

    def _stop_waiting(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None
