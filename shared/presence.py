"""Which workers are there: each says so in Redis every few seconds; silence means gone.

`python -m shared.presence ROLE` exits with 0 when a worker of this host and role is present (healthchecks).
"""

import logging
import os
import socket
import sys
import threading
from collections import Counter
from typing import Final

from redis import Redis

from shared.connection import WORKER_TIMEOUT_S, OverRedis, open_redis
from shared.errors import LedgerUnavailable
from shared.ledger.script import LedgerScript, names
from shared.settings import CommonSettings

log = logging.getLogger(__name__)

_EVERY_S = 3
# A worker that was silent for so long, by Redis's clock, is gone.
SILENCE_S: Final = 15


class Presence(OverRedis):
    """Reads and announces who is there.

    Every method raises `LedgerUnavailable` when Redis does not answer.
    """

    def __init__(self, redis: Redis) -> None:
        super().__init__(redis)
        self._script = LedgerScript(redis)

    @classmethod
    def connect(cls, settings: CommonSettings, *, timeout_s: float = WORKER_TIMEOUT_S) -> "Presence":
        """Open the connection pool; nothing is sent yet."""
        return cls(open_redis(settings, timeout_s=timeout_s, text=True))

    def announce(self, role: str, stop: threading.Event | None = None) -> threading.Thread:
        """Say every few seconds, from a daemon thread, that this process can take work as `role`."""
        worker = f"{role}:{socket.gethostname()}:{os.getpid()}"
        ended = stop or threading.Event()

        def repeat() -> None:
            while not ended.is_set():
                try:
                    self._script("announce", worker)
                except LedgerUnavailable:
                    log.warning("could not announce this worker", extra={"role": role})
                ended.wait(_EVERY_S)

        thread = threading.Thread(target=repeat, daemon=True, name=f"presence-{role}")
        thread.start()
        return thread

    def counts(self, host: str | None = None) -> Counter[str]:
        """Return how many workers of each role are there, on `host` or on all hosts."""
        found = (worker.split(":") for worker in names(self._script("present", SILENCE_S * 1000)))
        return Counter(role for role, on, _ in found if host in (None, on))


def main() -> None:
    """Exit with 0 when a worker of the given role is present on this host."""
    role = sys.argv[1]
    with Presence.connect(CommonSettings(), timeout_s=2) as presence:
        sys.exit(0 if presence.counts(socket.gethostname())[role] else 1)


if __name__ == "__main__":
    main()
