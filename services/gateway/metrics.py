"""Prometheus metrics of the gateway, in a registry of their own."""

import logging

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from services.gateway.readiness import ROLES, Readiness
from services.gateway.upload.receiver import Receipt
from shared.errors import LedgerUnavailable
from shared.ledger import Ledger
from shared.routing import QUEUES

log = logging.getLogger(__name__)

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300)


class Metrics:
    """What the gateway counts, and what it reads off the ledger when it is asked."""

    def __init__(self, ledger: Ledger, readiness: Readiness) -> None:
        self._ledger = ledger
        self._readiness = readiness
        self._registry = CollectorRegistry()
        self.requests = Counter(
            "doppel_http_requests",
            "Requests answered",
            ["method", "route", "status"],
            registry=self._registry,
        )
        self.seconds = Histogram(
            "doppel_http_request_seconds",
            "Seconds until a request was answered",
            ["method", "route"],
            buckets=_SECONDS,
            registry=self._registry,
        )
        self.listings = Counter(
            "doppel_listings_accepted", "Listings of accepted submissions", registry=self._registry
        )
        self.rejections = Counter(
            "doppel_listings_rejected",
            "Listings of accepted submissions that the gateway rejected",
            ["code"],
            registry=self._registry,
        )
        self.refusals = Counter(
            "doppel_refusals",
            "Requests for work that were refused, by what was short",
            ["short"],
            registry=self._registry,
        )
        self._memory = Gauge(
            "doppel_redis_memory_share", "Used share of what Redis may use", registry=self._registry
        )
        self._units = Gauge(
            "doppel_units", "Chunks and slices of all jobs that are not done", registry=self._registry
        )
        self._queued = Gauge(
            "doppel_queue_messages", "Messages waiting in a queue", ["queue"], registry=self._registry
        )
        self._jobs = Gauge("doppel_jobs", "Submissions by state", ["status"], registry=self._registry)
        self._up = Gauge("doppel_ledger_up", "Whether the ledger answers", registry=self._registry)
        self._checks = Gauge(
            "doppel_ready", "Whether a check of /health/ready holds", ["check"], registry=self._registry
        )
        self._workers = Gauge("doppel_workers", "Workers that are there", ["role"], registry=self._registry)
        self._waiting = Gauge(
            "doppel_stage_waiting_seconds",
            "Seconds that the job which waits longest at a stage has not got on; 0 when none waits",
            ["stage"],
            registry=self._registry,
        )
        self._done = Gauge(
            "doppel_stage_done_seconds",
            "Seconds since a unit of a stage was done, of any job; absent before the first",
            ["stage"],
            registry=self._registry,
        )

    def count(self, receipt: Receipt) -> None:
        """Count what a submission brought."""
        self.listings.inc(receipt.listings)
        for code, count in receipt.rejections.items():
            self.rejections.labels(code).inc(count)

    def render(self) -> bytes:
        """Return all metrics as text; those of the ledger stay as they were while it does not answer."""
        try:
            for queue in QUEUES:
                self._queued.labels(queue).set(self._ledger.upkeep.queue_depth(queue))
            for status, count in self._ledger.upkeep.totals().items():
                self._jobs.labels(status).set(count)
            load = self._ledger.upkeep.load()
            self._memory.set(load.memory)
            self._units.set(load.units)
            self._up.set(1)
        except LedgerUnavailable as error:
            log.warning("no metrics of the ledger", extra={"error": str(error)})
            self._up.set(0)
        self._watch()
        return generate_latest(self._registry)

    def _watch(self) -> None:
        look = self._readiness.look()
        # Of a check that is not possible now, nothing is said.
        self._checks.clear()
        for check in look.checks:
            self._checks.labels(check.name).set(check.ok)
        for role in ROLES:
            self._workers.labels(role).set(look.workers[role])
        for stage, standing in look.stages.items():
            self._waiting.labels(stage).set(standing.oldest_s or 0)
            if standing.done_s is not None:
                self._done.labels(stage).set(standing.done_s)
