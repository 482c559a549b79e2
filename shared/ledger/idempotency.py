"""Idempotency keys: which job the first request with a key made, and with what body."""

from redis import Redis

from shared.ledger import keys
from shared.ledger.script import LedgerScript, names, outage_as_error, texts


class Idempotency:
    """The part of the ledger that keeps a repeated request from making a second job."""

    def __init__(self, redis: Redis, script: LedgerScript) -> None:
        self._redis = redis
        self._script = script

    def reserve(self, digest: str, job_id: str, ttl_s: int = 86_400) -> dict[str, str] | None:
        """Bind an idempotency key to a job; return what it is bound to already, or None if it was free.

        `at_ms` is when it was bound, by Redis's clock.
        """
        answer = names(self._script("reserve", keys.idempotency(digest), job_id, ttl_s))
        bound = dict(zip(answer[::2], answer[1::2], strict=True))
        # A command whose answer was lost is sent again by the client library.
        return None if bound["job"] == job_id else bound

    def set_fingerprint(self, digest: str, fingerprint: str) -> None:
        """Remember the body that the idempotency key was used with."""
        with outage_as_error():
            self._redis.hset(keys.idempotency(digest), "fingerprint", fingerprint)

    def reserved(self, digest: str) -> dict[str, str]:
        """Return what an idempotency key is bound to; empty when it is free."""
        with outage_as_error():
            return texts(self._redis.hgetall(keys.idempotency(digest)))

    def unreserve(self, digest: str, job_id: str | None = None) -> None:
        """Free an idempotency key whose request failed; with `job_id`, only while it is bound to that job."""
        self._script("unreserve", keys.idempotency(digest), job_id or "")
