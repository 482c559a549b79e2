"""Idempotency keys: the same request, sent again, is the same job."""

import asyncio
import time
from dataclasses import dataclass
from hashlib import sha256

from fastapi import Request

from services.gateway.problems import Problem
from shared.errors import ExpiredJob, UnknownJob
from shared.ledger import JobRecord, Ledger

_MAX_KEY_CHARACTERS = 255
# How long the record of a job may take to appear after its key was bound.
_CREATION_S = 10.0
_POLL_S = 0.1


@dataclass(frozen=True, slots=True)
class Key:
    """An idempotency key within the scope of its operation."""

    digest: str

    @classmethod
    def of(cls, request: Request, owner: str | None) -> "Key | None":
        """Return the request's key, or None if it has none.

        `owner` is the API key that asks: what others use for a key is of no consequence to it.

        Raises:
            Problem: the key is empty or too long.
        """
        text = request.headers.get("Idempotency-Key")
        if text is None:
            return None
        if not 0 < len(text) <= _MAX_KEY_CHARACTERS:
            detail = f"an Idempotency-Key has 1 to {_MAX_KEY_CHARACTERS} characters"
            raise Problem(400, "idempotency_key_invalid", detail)
        scope = f"{request.method} {request.url.path}\n{text}"
        if owner is not None:
            scope = f"{owner}\n{scope}"
        return cls(sha256(scope.encode()).hexdigest())


class Idempotency:
    """Binds keys to jobs; every method raises `LedgerUnavailable` in an outage."""

    def __init__(self, ledger: Ledger, wait_s: float = 10.0) -> None:
        self._ledger = ledger
        self._wait_s = wait_s

    def acquire(self, key: Key | None, job_id: str) -> bool:
        """Bind the key to a new job; False if it is bound to an earlier request's job already.

        A key is taken over when its request never got as far as an accepted job.
        """
        if key is None:
            return True
        for _ in range(3):
            bound = self._ledger.idempotency.reserve(key.digest, job_id)
            if bound is None:
                return True
            if not self._is_abandoned(bound["job"], int(bound["at_ms"])):
                return False
            self._ledger.idempotency.unreserve(key.digest, bound["job"])
        return False

    def remember(self, key: Key | None, fingerprint: str) -> None:
        """Note what the key was used with."""
        if key is not None:
            self._ledger.idempotency.set_fingerprint(key.digest, fingerprint)

    def release(self, key: Key | None, job_id: str) -> None:
        """Free the key of a request that made no job."""
        if key is not None:
            self._ledger.idempotency.unreserve(key.digest, job_id)

    async def earlier(self, key: Key, fingerprint: str) -> JobRecord:
        """Return the job of the earlier request with this key, waiting a little for it to be accepted.

        Raises:
            Problem: the earlier request was another one (422), or is still on its way (409).
        """
        deadline = time.monotonic() + self._wait_s
        while time.monotonic() < deadline:
            bound = await asyncio.to_thread(self._ledger.idempotency.reserved, key.digest)
            if bound.get("fingerprint", fingerprint) != fingerprint:
                detail = "this Idempotency-Key was used with another request"
                raise Problem(422, "idempotency_mismatch", detail)
            record = await asyncio.to_thread(self._accepted, bound)
            if record is not None:
                return record
            if not bound:
                break
            await asyncio.sleep(_POLL_S)
        detail = "the earlier request with this Idempotency-Key is still on its way, or just failed"
        raise Problem(409, "idempotency_in_progress", detail, headers={"Retry-After": "2"})

    def _accepted(self, bound: dict[str, str]) -> JobRecord | None:
        if "fingerprint" not in bound:
            return None
        try:
            record = self._ledger.read(bound["job"])
        except (UnknownJob, ExpiredJob):
            return None
        return record if record.sealed or not record.bulk else None

    def _is_abandoned(self, job_id: str, bound_ms: int) -> bool:
        try:
            record = self._ledger.read(job_id)
        except ExpiredJob:
            return True
        except UnknownJob:
            return self._ledger.upkeep.now_ms() - bound_ms > _CREATION_S * 1000
        return record.ended and record.bulk and not record.sealed
