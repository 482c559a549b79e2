"""How other people's servers are treated: two fetches at a time each, and a pause for one that is down."""

import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from workers.encoder.authority import Authority
from workers.encoder.connection import Deadline
from workers.encoder.refusal import ImageRefused

_AT_ONCE = 2
_FAILURES = 3
_PAUSE_S = 30.0
_MOST_HOSTS = 1000


@dataclass
class _Host:
    slots: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(_AT_ONCE))
    users: int = 0
    failures: int = 0
    paused_until: float = 0.0


class Hosts:
    """Keeps a count per host and port; safe to share between threads.

    After three outages in a row one is left alone for 30 s: otherwise a job with a thousand images on a
    dead server would wait for each of them.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._hosts: defaultdict[Authority, _Host] = defaultdict(_Host)

    @contextmanager
    def visit(self, name: Authority, deadline: Deadline) -> Iterator[None]:
        """Wait for one of the host's two slots and hold it; the wait does not count against `deadline`.

        Raises:
            ImageRefused: the host did not answer lately.
        """
        with self._lock:
            host = self._hosts[name]
            host.users += 1
        try:
            with deadline.paused():
                host.slots.acquire()
            try:
                if self._clock() < host.paused_until:
                    raise ImageRefused("image_unreachable", f"{name.host} did not answer lately")
                yield
            finally:
                host.slots.release()
        finally:
            with self._lock:
                host.users -= 1
                self._forget_idle()

    def report(self, name: Authority, *, answered: bool) -> None:
        """Note whether the host answered."""
        with self._lock:
            host = self._hosts[name]
            host.failures = 0 if answered else host.failures + 1
            if host.failures >= _FAILURES:
                host.paused_until, host.failures = self._clock() + _PAUSE_S, 0

    def _forget_idle(self) -> None:
        if len(self._hosts) > _MOST_HOSTS:
            for name in [name for name, host in self._hosts.items() if not host.users]:
                del self._hosts[name]
