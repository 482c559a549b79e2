"""The connection that a client holds, and its end."""

import time
from collections.abc import Callable
from types import TracebackType
from typing import Self

from client.http import Http


class Session:
    """Connections to the service at `url`; usable as a context manager.

    `pause` is `time.sleep` but for tests.
    """

    def __init__(
        self, url: str, *, timeout_s: float = 120, pause: Callable[[float], None] = time.sleep
    ) -> None:
        self._http = Http(url, timeout_s=timeout_s, pause=pause)
        self._pause = pause

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
