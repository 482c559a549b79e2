"""A TCP proxy that a test can turn against the two it connects."""

import asyncio
import socket
import ssl
import struct
import threading
from collections.abc import Callable
from dataclasses import dataclass

from local.ports import LOOPBACK

# Closing with this sends a reset at once instead of what is left and an end.
_LINGER_NONE = struct.pack("ii", 1, 0)


@dataclass(eq=False)
class _Link:
    """One connection through the proxy; a silent one swallows everything and stays open."""

    client: asyncio.StreamWriter
    server: asyncio.StreamWriter
    silent: bool = False

    def reset(self) -> None:
        for writer in (self.client, self.server):
            # One side may have closed by itself; asked then, TLS raises.
            found = None if writer.is_closing() else writer.get_extra_info("socket")
            if found is not None and found.fileno() >= 0:
                found.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_NONE)
            writer.transport.abort()


class Proxy:
    """Forwards a loopback port of its own to `target`, a port of this machine.

    `drop_up` swallows what clients send, `drop_down` what they would be told, `delay_s` is added to every
    packet, `cut_next` forwards half of the next thing a client sends and resets its connection. With `tls`
    it speaks TLS to clients, and to the target as they do to it inside of that.
    """

    def __init__(self, target: int, tls: ssl.SSLContext | None = None) -> None:
        self._target = target
        self._links: set[_Link] = set()
        self.drop_up = self.drop_down = self.cut_next = False
        self.delay_s = 0.0
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True, name="proxy")
        self._thread.start()
        self._server = asyncio.run_coroutine_threadsafe(
            asyncio.start_server(self._accept, LOOPBACK, 0, ssl=tls), self._loop
        ).result()
        self.port = int(self._server.sockets[0].getsockname()[1])

    def reset(self) -> None:
        """Break every connection; new ones are forwarded as the switches say."""

        def reset() -> None:
            for link in list(self._links):
                link.reset()

        self._in_loop(reset)

    def half_open(self) -> None:
        """Let every connection of now go silent, as when the other machine has vanished."""

        def silence() -> None:
            for link in self._links:
                link.silent = True

        self._in_loop(silence)

    def heal(self) -> None:
        """Forward again; connections that lost bytes are broken."""
        lossy = self.drop_up or self.drop_down
        self.drop_up = self.drop_down = self.cut_next = False
        self.delay_s = 0.0
        if lossy:
            self.reset()

    def close(self) -> None:
        """End all connections and the thread."""

        async def end() -> None:
            self._server.close()
            for link in list(self._links):
                link.reset()
            others = asyncio.all_tasks() - {asyncio.current_task()}
            for task in others:
                task.cancel()
            await asyncio.gather(*others, return_exceptions=True)

        asyncio.run_coroutine_threadsafe(end(), self._loop).result(5)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
        self._loop.close()

    def _in_loop(self, do: Callable[[], object]) -> None:
        done = threading.Event()

        def run() -> None:
            do()
            done.set()

        self._loop.call_soon_threadsafe(run)
        assert done.wait(5)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            from_server, to_server = await asyncio.open_connection(LOOPBACK, self._target)
        except OSError:
            writer.close()
            return
        link = _Link(writer, to_server)
        self._links.add(link)
        try:
            await asyncio.gather(
                self._pump(reader, to_server, link, up=True), self._pump(from_server, writer, link, up=False)
            )
        finally:
            self._links.discard(link)

    async def _pump(
        self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, link: _Link, *, up: bool
    ) -> None:
        try:
            while data := await source.read(65_536):
                if self.delay_s:
                    await asyncio.sleep(self.delay_s)
                if link.silent or (self.drop_up if up else self.drop_down):
                    continue
                if up and self.cut_next:
                    self.cut_next = False
                    sink.write(data[: len(data) // 2])
                    await sink.drain()
                    link.reset()
                    return
                sink.write(data)
                await sink.drain()
        except OSError:
            link.reset()
        finally:
            if not link.silent:
                sink.close()
