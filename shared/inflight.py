"""Bytes that travel through Redis beside the messages: embedding blocks, query images, cached vectors."""

from collections.abc import Sequence
from typing import Final, cast

from shared.connection import WORKER_TIMEOUT_S, OverRedis, open_redis
from shared.ledger import keys
from shared.ledger.script import outage_as_error
from shared.settings import CommonSettings

# The index drops a block when it has it; the expiry only catches what was abandoned.
_BLOCK_TTL_S = 86_400
_PAYLOAD_TTL_S = 120
# A query's block lies where a chunk's would.
QUERY_UNIT: Final = "query"


class InFlight(OverRedis):
    """Access to the bytes; safe to share between threads.

    Every method raises `LedgerUnavailable` when Redis does not answer.
    """

    @classmethod
    def connect(cls, settings: CommonSettings, *, timeout_s: float = WORKER_TIMEOUT_S) -> "InFlight":
        """Open the connection pool; nothing is sent yet."""
        return cls(open_redis(settings, timeout_s=timeout_s, text=False))

    def put_block(self, job_id: str, unit: str, block: bytes) -> None:
        """Store the embedding block of a chunk, or of a query (`QUERY_UNIT`)."""
        with outage_as_error():
            # Nobody waits for a query as long as for a chunk.
            ttl_s = _PAYLOAD_TTL_S if unit == QUERY_UNIT else _BLOCK_TTL_S
            self._redis.set(keys.embeddings(job_id, unit), block, ex=ttl_s)

    def get_block(self, job_id: str, unit: str) -> bytes | None:
        """Return the block, or None if it is gone."""
        with outage_as_error():
            return cast(bytes | None, self._redis.get(keys.embeddings(job_id, unit)))

    def drop_block(self, job_id: str, unit: str) -> None:
        """Delete the block."""
        with outage_as_error():
            self._redis.delete(keys.embeddings(job_id, unit))

    def put_payload(self, job_id: str, index: int, data: bytes) -> str:
        """Store the image bytes of a query for a short while; return their key."""
        key = keys.payload(job_id, index)
        with outage_as_error():
            self._redis.set(key, data, ex=_PAYLOAD_TTL_S)
        return key

    def get_payload(self, key: str) -> bytes | None:
        """Return the image bytes of a query, or None if they are gone."""
        with outage_as_error():
            return cast(bytes | None, self._redis.get(key))

    def get_cached(self, modality: str, model: str, digests: Sequence[str]) -> list[bytes | None]:
        """Return the cached vector of each content digest, None where there is none."""
        if not digests:
            return []
        with outage_as_error():
            found = self._redis.mget([keys.cached(modality, model, digest) for digest in digests])
        return cast(list[bytes | None], found)

    def put_cached(self, modality: str, model: str, vectors: dict[str, bytes], ttl_s: int) -> None:
        """Cache vectors by content digest."""
        if not vectors or ttl_s <= 0:
            return
        with outage_as_error():
            pipe = self._redis.pipeline(transaction=False)
            for digest, data in vectors.items():
                pipe.set(keys.cached(modality, model, digest), data, ex=ttl_s)
            pipe.execute()
