"""Which listing an encoder had in hand when it died: notes in Redis, as nothing else of it is left."""

from dataclasses import dataclass

from redis import Redis

from shared.ledger import keys
from shared.ledger.script import LedgerScript, outage_as_error

# Past the longest job; the notes of a job that ended are dropped long before.
_TTL_S = 86_400
# A row of an upload is counted from 1.
_NOTHING = 0


@dataclass(frozen=True, slots=True)
class Deaths:
    """How many workers died with each row in hand, and how many over the unit with none."""

    by_row: dict[int, int]
    nameless: int


class Suspects:
    """The part of the ledger that singles out a listing which kills its worker."""

    def __init__(self, redis: Redis, script: LedgerScript) -> None:
        self._redis = redis
        self._script = script

    def accuse(self, job_id: str, unit: str) -> Deaths:
        """Count the death of the unit's last worker, if it left a note; return all deaths so far."""
        nameless, *counts = (int(word) for word in self._script("accuse", job_id, unit))
        return Deaths(dict(zip(counts[::2], counts[1::2], strict=True)), nameless)

    def hold(self, job_id: str, unit: str, row: int = _NOTHING) -> None:
        """Note that the unit is being worked on, and the row (from 1) that is in hand now."""
        key = keys.suspects(job_id)
        with outage_as_error():
            pipe = self._redis.pipeline(transaction=False)
            pipe.hset(key, f"hand/{unit}", row)
            pipe.expire(key, _TTL_S)
            pipe.execute()

    def let_go(self, job_id: str, unit: str) -> None:
        """Take the note back: the worker stops, and lives."""
        with outage_as_error():
            self._redis.hdel(keys.suspects(job_id), f"hand/{unit}")

    def acquit(self, job_id: str, row: int) -> None:
        """Forget the deaths of a row that went through."""
        with outage_as_error():
            self._redis.hdel(keys.suspects(job_id), f"row/{row}")
