"""The body of a request as a worker thread reads it: within limits of size and of patience."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Protocol

from anyio import from_thread
from starlette.requests import ClientDisconnect

from services.gateway.problems import Problem

_ALIVE_EVERY_S = 5.0


class Digest(Protocol):
    """What is told every byte: a hash."""

    def update(self, data: bytes, /) -> None:
        """Add bytes."""
        ...


class Body:
    """The bytes of one request, read once."""

    def __init__(
        self, stream: AsyncIterator[bytes], max_bytes: int, idle_s: float, digest: Digest | None = None
    ) -> None:
        self._stream = stream
        self._max_bytes = max_bytes
        self._idle_s = idle_s
        self._digest = digest
        self._received = 0

    async def block(self) -> bytes:
        """Return the next block, or nothing at the end.

        Raises:
            Problem: the client went away (`upload_incomplete`), sent nothing for too long (`upload_idle`),
                or sent too much (`body_too_large`).
        """
        try:
            async with asyncio.timeout(self._idle_s):
                data = await anext(self._stream, b"")
        except TimeoutError as error:
            detail = f"nothing arrived for {self._idle_s:g} s"
            raise Problem(408, "upload_idle", detail, headers={"Connection": "close"}) from error
        except ClientDisconnect as error:
            raise Problem(400, "upload_incomplete", "the upload broke off before its end") from error
        self._received += len(data)
        if self._received > self._max_bytes:
            raise Problem(413, "body_too_large", f"the body has more than {self._max_bytes} bytes")
        if self._digest is not None:
            self._digest.update(data)
        return data

    def blocks(self, alive: Callable[[], None]) -> Iterator[bytes]:
        """Yield the blocks in a worker thread of anyio; `alive` is called every few seconds meanwhile."""
        said = time.monotonic()
        while data := from_thread.run(self.block):
            yield data
            if time.monotonic() - said > _ALIVE_EVERY_S:
                alive()
                said = time.monotonic()

    async def read(self) -> bytes:
        """Return the whole body; only where the limit is small."""
        parts = []
        while data := await self.block():
            parts.append(data)
        return b"".join(parts)

    async def drain(self) -> None:
        """Read to the end and keep nothing."""
        while await self.block():
            pass
