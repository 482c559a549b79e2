"""Whether the service takes on more work now; a client hears no before anything is full."""

import time
from collections.abc import Callable

from prometheus_client import Counter

from services.gateway.problems import Problem
from shared.errors import LedgerUnavailable
from shared.pressure import UPLOAD_SHARE, Pressure
from shared.settings import GatewaySettings
from shared.spool import Spool

_PAUSE_S = 1.0
# A client that is made to wait longer is told; most give up on a silent connection after a minute.
_MOST_PAUSES = 30
_BULK_RETRY_S = 10
_QUERY_RETRY_S = 2
_STORAGE_RETRY_S = 60


class Admission:
    """Looks at Redis and at the spool's disk; `refusals` counts by what was short."""

    def __init__(
        self,
        pressure: Pressure,
        spool: Spool,
        settings: GatewaySettings,
        refusals: Counter,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self._pressure = pressure
        self._spool = spool
        self._settings = settings
        self._refusals = refusals
        self._pause = pause

    def admit_bulk(self) -> None:
        """Return if a submission or a rematch may begin.

        Raises:
            Problem: not now (429).
            LedgerUnavailable: Redis did not answer, or takes nothing any more.
        """
        self._admit(_BULK_RETRY_S)
        if self._pressure.load().units >= self._settings.admit_units:
            raise self._busy("units", "too much accepted work waits", _BULK_RETRY_S)

    def admit_query(self) -> None:
        """Return if a comparison or a search may begin.

        Raises:
            Problem: not now (429).
            LedgerUnavailable: Redis did not answer, or takes nothing any more.
        """
        self._admit(_QUERY_RETRY_S)
        if self._pressure.load().queries >= self._settings.admit_queries:
            raise self._busy("queries", "too many comparisons and searches wait", _QUERY_RETRY_S)

    def require_storage(self) -> None:
        """Return if the spool's disk has room for more of an upload; a bucket's quota is its own.

        Raises:
            Problem: it has not (507).
            SpoolUnavailable: the disk did not answer.
        """
        free = self._spool.free_bytes()
        if free is not None and free < self._settings.spool_min_free_bytes:
            self._refusals.labels("storage").inc()
            headers = {"Retry-After": str(_STORAGE_RETRY_S)}
            raise Problem(507, "storage_full", "the storage for uploads is full; try later", headers=headers)

    def go_on(self) -> None:
        """Return when an upload in progress may store more: its thread waits, and its client with it.

        Raises:
            Problem: the disk is full (507), or Redis stays too full for too long (429).
            LedgerUnavailable, SpoolUnavailable: one of them did not answer.
        """
        self.require_storage()
        pauses = 0
        while not self._pressure.has_room(UPLOAD_SHARE):
            if pauses >= _MOST_PAUSES:
                raise self._busy("memory", "the service has too much in work to go on", _BULK_RETRY_S)
            self._pause(_PAUSE_S)
            pauses += 1

    def _admit(self, retry_s: int) -> None:
        used = self._pressure.load().memory
        if used >= 1:
            raise LedgerUnavailable("Redis is full")
        if used >= self._settings.admit_memory_share:
            raise self._busy("memory", "the service has too much in work", retry_s)

    def _busy(self, reason: str, detail: str, retry_s: int) -> Problem:
        self._refusals.labels(reason).inc()
        headers = {"Retry-After": str(retry_s)}
        return Problem(429, "service_busy", f"{detail}; try again in {retry_s} s", headers=headers)
