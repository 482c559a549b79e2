"""How full Redis is, and what is left undone from which share on, so that what was begun can be finished.

Only accepted jobs give memory back: the index takes their embeddings away, and those of an upload in
progress not before it is complete. So all else stops at shares below the one at which encoding itself waits
for the index (`docs/decisions/0014-admission.md`).
"""

import time
from collections.abc import Callable
from typing import Final

from shared.errors import MemoryPressure
from shared.ledger.load import Load

# Embeddings are no more remembered for identical content to come; what is remembered stays for a day.
CACHE_SHARE: Final = 0.5
# Chunks of uploads in progress are no more encoded ahead.
AHEAD_SHARE: Final = 0.6
# Uploads in progress are not read on. (Nothing new is accepted from `DOPPEL_ADMIT_MEMORY_SHARE` on.)
UPLOAD_SHARE: Final = 0.8
# Chunks of accepted jobs wait for the index to take embeddings away.
ENCODE_SHARE: Final = 0.85


class Pressure:
    """Looks at Redis at most once a second, however often it is asked; safe to share between threads."""

    def __init__(
        self,
        look: Callable[[], Load],
        *,
        every_s: float = 1.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._look = look
        self._every_s = every_s
        self._clock = clock
        self._seen: tuple[float, Load] | None = None

    def load(self) -> Load:
        """Return the load as it was at most `every_s` ago.

        Raises:
            LedgerUnavailable: Redis did not answer.
        """
        now = self._clock()
        if self._seen is None or now - self._seen[0] >= self._every_s:
            # Two threads may look at once; both are right.
            self._seen = (now, self._look())
        return self._seen[1]

    def has_room(self, share: float) -> bool:
        """Say whether less than this share of Redis's memory is used.

        Raises:
            LedgerUnavailable: Redis did not answer.
        """
        return self.load().memory < share

    def require_room(self, share: float) -> None:
        """Return if less than this share is used.

        Raises:
            MemoryPressure: it is not.
            LedgerUnavailable: Redis did not answer.
        """
        used = self.load().memory
        if used >= share:
            raise MemoryPressure(f"Redis is {used:.0%} full; this waits until it is below {share:.0%}")
