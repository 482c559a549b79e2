"""What the ledger holds as a whole: for the reconciler and for metrics."""

from redis import Redis

from shared.ledger import keys
from shared.ledger.load import Load, memory_share
from shared.ledger.script import names, outage_as_error
from shared.routing import ENCODE_INTERACTIVE, INDEX_INTERACTIVE

# Fields of a job's units that name its chunks.
_ENCODED = "s:encode/"
# What is at the key of the epoch.
_REBUILDING, _COMPLETE = "0", "1"


class Upkeep:
    """The part of the ledger that looks at all jobs at once."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    def lost_everything(self) -> bool:
        """Say whether Redis started empty since the last `mark_epoch`."""
        with outage_as_error():
            return self._redis.get(keys.EPOCH) != _COMPLETE

    def begin_epoch(self) -> None:
        """Note that the ledger is being rebuilt."""
        with outage_as_error():
            self._redis.set(keys.EPOCH, _REBUILDING)

    def mark_epoch(self) -> None:
        """Note that the ledger is complete, unless it was lost again since `begin_epoch`."""
        with outage_as_error():
            self._redis.set(keys.EPOCH, _COMPLETE, xx=True)

    def lead(self, name: str, holder: str, ttl_ms: int) -> bool:
        """Become or stay the only one who does `name`."""
        key = f"{keys.PREFIX}leader:{name}"
        with outage_as_error():
            if self._redis.set(key, holder, nx=True, px=ttl_ms):
                return True
            if self._redis.get(key) == holder:
                return bool(self._redis.pexpire(key, ttl_ms))
        return False

    def now_ms(self) -> int:
        """Return the time by Redis's clock, in milliseconds: all times of the ledger are by it."""
        with outage_as_error():
            seconds, microseconds = self._redis.time()
        return seconds * 1000 + microseconds // 1000

    def queue_depth(self, queue: str) -> int:
        """Return the number of messages in a Celery queue."""
        with outage_as_error():
            return int(self._redis.llen(keys.queue(queue)))

    def load(self) -> Load:
        """Return how much is used and waits; one round trip, of some 0.1 ms."""
        with outage_as_error():
            pipe = self._redis.pipeline(transaction=False)
            pipe.info("memory")
            pipe.zcard(keys.LEASES)
            pipe.llen(keys.queue(ENCODE_INTERACTIVE))
            pipe.llen(keys.queue(INDEX_INTERACTIVE))
            info, units, *queries = pipe.execute()
        return Load(memory_share(info), units, sum(queries))

    def totals(self) -> dict[str, int]:
        """Return how many submissions are being received, run, and have ended and are still kept."""
        with outage_as_error():
            pipe = self._redis.pipeline(transaction=False)
            for key in (keys.JOBS, keys.RECEIVING, keys.ENDED):
                pipe.zcard(key)
            jobs, receiving, ended = pipe.execute()
        return {"receiving": receiving, "running": max(0, jobs - receiving - ended), "ended": ended}

    def stalled_uploads(self, idle_ms: int) -> list[str]:
        """Return jobs whose upload gave no sign of life for `idle_ms`."""
        last = self.now_ms() - idle_ms
        with outage_as_error():
            return names(self._redis.zrange(keys.RECEIVING, 0, last, byscore=True))

    def ended_before(self, ms: int, most: int = 100) -> list[str]:
        """Return ended submissions whose retention may have passed."""
        with outage_as_error():
            return names(self._redis.zrange(keys.ENDED, 0, ms, byscore=True, offset=0, num=most))

    def leftovers(self, ended_before_ms: int, most: int = 100) -> list[str]:
        """Return submissions that ended before that time and still have units and embeddings in Redis."""
        with outage_as_error():
            return names(
                self._redis.zrange(keys.LEFTOVERS, 0, ended_before_ms, byscore=True, offset=0, num=most)
            )

    def clear(self, job_id: str) -> None:
        """Drop an ended job's units, and the embeddings that nobody will fetch any more."""
        with outage_as_error():
            fields = names(self._redis.hkeys(keys.units(job_id)))
            chunks = [field.removeprefix(_ENCODED) for field in fields if field.startswith(_ENCODED)]
            pipe = self._redis.pipeline()
            for chunk in chunks:
                pipe.unlink(keys.embeddings(job_id, chunk))
            pipe.unlink(keys.units(job_id), keys.suspects(job_id))
            pipe.zrem(keys.LEFTOVERS, job_id)
            pipe.execute()

    def forget(self, job_id: str) -> None:
        """Drop all that Redis holds of a job."""
        self.clear(job_id)
        with outage_as_error():
            pipe = self._redis.pipeline()
            pipe.delete(keys.job(job_id))
            pipe.zrem(keys.JOBS, job_id)
            pipe.zrem(keys.ENDED, job_id)
            pipe.zrem(keys.RECEIVING, job_id)
            pipe.execute()
