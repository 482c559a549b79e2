"""The memory of vectors, in Redis."""

from collections.abc import Mapping, Sequence
from typing import Literal

from shared.inflight import InFlight
from shared.pressure import CACHE_SHARE, Pressure


class RedisCache:
    """Vectors of one model by the digest of what was encoded; kept for `ttl_s`, not at all when that is 0.

    Nothing is added while Redis is half full: what is in work needs the room, and this only saves time.

    Every method raises `LedgerUnavailable` when Redis does not answer.
    """

    def __init__(
        self,
        inflight: InFlight,
        pressure: Pressure,
        modality: Literal["image", "text"],
        model: str,
        dim: int,
        ttl_s: int,
    ) -> None:
        self._inflight = inflight
        self._pressure = pressure
        self._modality = modality
        self._model = model
        self._bytes = 2 * dim
        self._ttl_s = ttl_s

    def get(self, digests: Sequence[str]) -> list[bytes | None]:
        """Return the vectors, None where there is none of the right length."""
        if self._ttl_s <= 0:
            return [None] * len(digests)
        found = self._inflight.get_cached(self._modality, self._model, digests)
        return [data if data is not None and len(data) == self._bytes else None for data in found]

    def put(self, vectors: Mapping[str, bytes]) -> None:
        """Remember vectors, if there is room."""
        if self._ttl_s > 0 and self._pressure.has_room(CACHE_SHARE):
            self._inflight.put_cached(self._modality, self._model, dict(vectors), self._ttl_s)
