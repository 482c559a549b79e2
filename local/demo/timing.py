"""Where the time went, in seconds per stage."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from client import Job


class Timing:
    """Seconds per named stage; `clock` is in seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._start = self._last = clock()
        self.seconds: dict[str, float] = {}

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Count the time of the block as that of stage `name`."""
        start = self._clock()
        try:
            yield
        finally:
            self._last = self._clock()
            self.seconds[name] = self.seconds.get(name, 0.0) + self._last - start

    def job(self, job: Job) -> None:
        """Count the time since the last call, or since the last block, as that of the job's stage now."""
        now = self._clock()
        name = job.stage or "finish"
        self.seconds[name] = self.seconds.get(name, 0.0) + now - self._last
        self._last = now

    def rounded(self) -> dict[str, float]:
        """Return seconds per stage, and in all, to hundredths."""
        every = self.seconds | {"total": self._clock() - self._start}
        return {name: round(seconds, 2) for name, seconds in every.items()}
