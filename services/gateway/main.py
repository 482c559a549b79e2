"""Composition root: the only place of the gateway where things are made."""

import csv
import logging
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, asynccontextmanager

import uvicorn
from anyio import CapacityLimiter
from fastapi import Depends, FastAPI
from fastapi.middleware.cors import CORSMiddleware
from fastapi_offline import FastAPIOffline

from services.gateway.access.caller import caller_of
from services.gateway.access.store import KeyStore
from services.gateway.admission import Admission
from services.gateway.cancellation import Canceller
from services.gateway.description import DESCRIPTION, describe
from services.gateway.handlers import install_handlers
from services.gateway.idempotency import Idempotency
from services.gateway.metrics import Metrics
from services.gateway.middleware import Observer
from services.gateway.problems import responses
from services.gateway.protocol import BoundedHttp
from services.gateway.queries.asker import Asker
from services.gateway.readiness import Readiness, SpoolProbe
from services.gateway.reading import JobReader
from services.gateway.rematcher import Rematcher
from services.gateway.results.pages import Pages
from services.gateway.routes import health, jobs, polls, queries, rematches, results, submissions
from services.gateway.security import SecurityHeaders
from services.gateway.services import Services
from services.gateway.upload.formats import Limits
from services.gateway.upload.receiver import Receiver
from services.gateway.waiting import JobWaiter
from shared.broker import Publisher, make_celery
from shared.collector import collect_garbage_rarely
from shared.connection import open_async_redis
from shared.inflight import InFlight
from shared.key_file import KeysUnreadable
from shared.ledger import Ledger
from shared.logs import configure_logging
from shared.presence import Presence
from shared.pressure import Pressure
from shared.settings import CommonSettings, GatewaySettings
from shared.spool import Spool

log = logging.getLogger(__name__)

# Redis answers in milliseconds or is in trouble: a request must not hang on it.
_REDIS_TIMEOUT_S = 2
_STORE_THREADS = 8
_MOST_UPLOADS = 64
_EXPOSED = [
    "Location",
    "Retry-After",
    "ETag",
    "Link",
    "X-Request-Id",
    "Preference-Applied",
    "WWW-Authenticate",
]


def make_services(common: CommonSettings, settings: GatewaySettings, opened: ExitStack) -> Services:
    """Connect everything; nothing is sent yet. What has to be closed is put onto `opened`.

    Raises:
        KeysUnreadable: the file of API keys is not there, or none of ours.
    """
    keys = KeyStore(settings.keys_file) if settings.keys_file else None
    ledger = opened.enter_context(Ledger.connect(common, timeout_s=_REDIS_TIMEOUT_S))
    inflight = opened.enter_context(InFlight.connect(common, timeout_s=_REDIS_TIMEOUT_S))
    celery = make_celery("gateway", common, publisher_only=True)
    opened.callback(celery.close)
    publisher = Publisher(celery)
    pool = opened.enter_context(ThreadPoolExecutor(_STORE_THREADS, thread_name_prefix="store"))
    spool = Spool.connect(common.spool_url)
    limits = Limits(
        settings.max_upload_bytes, settings.max_row_bytes, settings.max_image_bytes, settings.max_listings
    )
    presence = opened.enter_context(Presence.connect(common, timeout_s=_REDIS_TIMEOUT_S))
    readiness = Readiness(
        ledger,
        presence,
        SpoolProbe(spool, opened.enter_context(ThreadPoolExecutor(1, thread_name_prefix="spool-probe"))),
        stalled_s=settings.stalled_s,
        behind_s=settings.behind_s,
    )
    reader = JobReader(ledger)
    metrics = Metrics(ledger, readiness)
    admission = Admission(Pressure(ledger.upkeep.load), spool, settings, metrics.refusals)
    return Services(
        settings=settings,
        ledger=ledger,
        reader=reader,
        waiter=JobWaiter(open_async_redis(common, connect_s=_REDIS_TIMEOUT_S), reader),
        receiver=Receiver(
            spool,
            ledger,
            publisher,
            pool,
            limits=limits,
            chunk_listings=settings.chunk_listings,
            slice_listings=settings.slice_listings,
            go_on=admission.go_on,
        ),
        rematcher=Rematcher(spool, ledger, publisher, settings.slice_listings),
        idempotency=Idempotency(ledger),
        asker=Asker(ledger, inflight, publisher, settings.query_deadline_s),
        pages=Pages(spool),
        canceller=Canceller(ledger, spool),
        metrics=metrics,
        admission=admission,
        readiness=readiness,
        uploads=CapacityLimiter(_MOST_UPLOADS),
        alive_every_s=common.lease_s / 3,
        keys=keys,
    )


def create_app(common: CommonSettings, settings: GatewaySettings) -> FastAPI:
    """Return the gateway as an ASGI app."""
    opened = ExitStack()
    services = make_services(common, settings, opened)
    # A cell may hold an image; the limit is the interpreter's, not a reader's.
    csv.field_size_limit(settings.max_row_bytes)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        with opened:
            async with services.waiter.listening():
                yield

    # FastAPI's own /docs loads its scripts from a public network that a shop's servers may not reach.
    app = FastAPIOffline(
        title="Doppel", version="0.1.0", description=DESCRIPTION, lifespan=lifespan, redoc_url=None
    )
    app.state.services = services
    app.include_router(health.router)
    # What is polled comes first: paths are tried in this order.
    for routes in (polls, submissions, rematches, queries, jobs, results):
        # Here, so that no operation can be added without it; `polls` asks by itself.
        app.include_router(
            routes.router, dependencies=[Depends(caller_of)], responses=responses(401, 403, 429)
        )
    install_handlers(app)
    describe(app)
    app.add_middleware(
        CORSMiddleware,
        allow_origins=settings.cors_origins,
        allow_methods=["*"],
        allow_headers=["*"],
        expose_headers=_EXPOSED,
    )
    app.add_middleware(SecurityHeaders)
    app.add_middleware(Observer, metrics=services.metrics)
    return app


def build() -> FastAPI:
    """Return the app with the settings of the environment."""
    return create_app(CommonSettings(), GatewaySettings())


def main() -> None:
    """Serve until told to stop."""
    common, settings = CommonSettings(), GatewaySettings()
    configure_logging("gateway", common.log_level)
    try:
        app = create_app(common, settings)
    except KeysUnreadable as error:
        log.critical("cannot start: %s", error, extra={"code": error.code})
        raise SystemExit(1) from error
    if app.state.services.keys is None:
        log.warning("no API keys are configured: whoever reaches this port may do anything")
    collect_garbage_rarely()
    uvicorn.run(
        app,
        host=settings.gateway_host,
        port=settings.gateway_port,
        http=BoundedHttp,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=15,
    )
