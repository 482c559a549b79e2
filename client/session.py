"""The connection that a client holds, and its end."""

import os
import time
from collections.abc import Callable
from types import TracebackType
from typing import Self

from client.http import Http

KEY_VARIABLE = "DOPPEL_API_KEY"


class Session:
    """Connections to the service at `url`; usable as a context manager.

    `key` is an API key, for a service that has keys; without it, that of the variable `DOPPEL_API_KEY`.
    `pause` is `time.sleep` but for tests.
    """

    def __init__(
        self,
        url: str,
        *,
        key: str | None = None,
        timeout_s: float = 120,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        key = (key or os.environ.get(KEY_VARIABLE, "")).strip()
        self._http = Http(url, key=key, timeout_s=timeout_s, pause=pause)
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
