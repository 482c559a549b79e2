"""Waits for jobs to end: one subscription per process serves every waiting request."""

import asyncio
import logging
import time
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from redis.asyncio import Redis
from redis.exceptions import RedisError

from services.gateway.reading import JobReader
from shared.ledger import ENDED_CHANNEL, JobRecord

log = logging.getLogger(__name__)

_RECONNECT_S = 0.5
# An announcement can be lost; then the next look at the record finds the end.
_POLL_S = 2.0
_POLL_BLIND_S = 0.3


class JobWaiter:
    """Lets requests sleep until their job ended."""

    def __init__(self, redis: "Redis", reader: JobReader) -> None:
        self._redis = redis
        self._reader = reader
        self._waiting: defaultdict[str, set[asyncio.Event]] = defaultdict(set)
        self._connected = False

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[None]:
        """Follow the announcements of ended jobs while the block runs."""
        task = asyncio.create_task(self._listen())
        try:
            yield
        finally:
            # More than once: redis-py 8.1 swallows a cancellation that meets it while it connects.
            while not task.done():
                task.cancel()
                await asyncio.wait({task}, timeout=0.5)
            await self._redis.aclose()

    async def _listen(self) -> None:
        while True:
            try:
                await self._follow()
            except (RedisError, OSError) as error:
                log.warning("lost the announcements of ended jobs", extra={"error": str(error)})
            finally:
                self._connected = False
            await asyncio.sleep(_RECONNECT_S)

    async def _follow(self) -> None:
        async with self._redis.pubsub() as subscription:
            await subscription.subscribe(ENDED_CHANNEL)
            self._connected = True
            async for message in subscription.listen():
                if message["type"] == "message":
                    self._wake(str(message["data"], "ascii"))

    def _wake(self, job_id: str) -> None:
        for event in self._waiting.get(job_id, ()):
            event.set()

    async def wait(self, job_id: str, seconds: float) -> JobRecord:
        """Return the job's record when it ended, or as it is after `seconds`.

        Raises:
            UnknownJob, ExpiredJob, LedgerUnavailable: as `Ledger.read`.
        """
        deadline = time.monotonic() + seconds
        event = asyncio.Event()
        self._waiting[job_id].add(event)
        try:
            while True:
                event.clear()
                record = await self._reader.read(job_id)
                left = deadline - time.monotonic()
                if record.ended or left <= 0:
                    return record
                # The deadline of a query is by Redis's clock, and is seen at the next look.
                await self._sleep(event, min(left, _POLL_S if self._connected else _POLL_BLIND_S))
        finally:
            self._waiting[job_id].discard(event)
            if not self._waiting[job_id]:
                del self._waiting[job_id]

    @staticmethod
    async def _sleep(event: asyncio.Event, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await event.wait()
        except TimeoutError:
            return
