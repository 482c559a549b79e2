"""Builds the encoder worker: `celery -A workers.encoder.main worker -Q encode.bulk` (or encode.interactive).

The parent process only takes messages. The models live in one spawned child, which loads them before its
first task and then says that it is present; when they cannot be had, the whole worker stops.
"""

import logging
import os
import signal
import time
from typing import Any, Final

import httpx
from celery import signals
from celery.worker import state

from shared.broker import Publisher, make_celery
from shared.errors import DoppelError
from shared.inflight import InFlight
from shared.ledger import Ledger
from shared.logs import configure_logging
from shared.presence import Presence
from shared.pressure import Pressure
from shared.profile import load_profile
from shared.settings import CommonSettings, EncoderSettings
from shared.spool import Spool
from shared.watchdog import ConsumerWatch, HangWatch
from workers.encoder.addresses import AddressPolicy
from workers.encoder.chunk_work import ChunkWork
from workers.encoder.decoder import PillowDecoder
from workers.encoder.fetcher import Fetcher
from workers.encoder.host_headers import HostHeaders
from workers.encoder.hosts import Hosts
from workers.encoder.image_intake import ImageIntake
from workers.encoder.image_stage import ImageStage
from workers.encoder.models import build_encoders
from workers.encoder.pipeline import Pipeline
from workers.encoder.query_work import QueryWork
from workers.encoder.redis_cache import RedisCache
from workers.encoder.sources import ListingImages
from workers.encoder.stage_times import StageTimes, TimedDecoder, TimedEncoder
from workers.encoder.target import TargetFinder, system_resolver
from workers.encoder.tasks import Services, register
from workers.encoder.text_stage import TextStage
from workers.memory import keep_freed_memory

log = logging.getLogger(__name__)

# How a child learns which queues its parent consumes: it is a fresh interpreter.
_QUEUES_VARIABLE: Final = "DOPPEL_ENCODER_QUEUES"
# How a child tells its parent that the models cannot be had.
_GIVE_UP: Final = signal.SIGUSR2

common = CommonSettings()
settings = EncoderSettings()
app = make_celery("doppel", common)
app.conf.update(
    worker_pool="prefork",
    worker_concurrency=1,
    # CUDA does not survive a fork, and a fresh interpreter keeps torch out of the parent.
    worker_pool_start_method="spawn",
    # The child gets a copy of the app without its tasks; importing this file adds them.
    imports=["workers.encoder.main"],
    # A first start may download a model.
    worker_proc_alive_timeout=1800,
)
_services: list[Services] = []
register(app, lambda: _services[0])
# The parent kills a child that hangs; this is for a child whose parent hangs, too.
HangWatch(common.task_limit_s * 1.25).connect()


def build_services() -> Services:
    """Load the models and connect; takes seconds.

    Raises:
        ArtifactError: the profile or its weights cannot be had.
        SettingInvalid: an entry of a list of hosts, or the file of headers, does not fit.
    """
    # First, as the models take seconds.
    headers = HostHeaders.read(settings.fetch_headers_file)
    finder = TargetFinder(
        AddressPolicy(settings.fetch_private_networks), settings.fetch_allow_hosts, system_resolver
    )
    profile, folder = load_profile(settings.profile, settings.artifacts_dir)
    encoders = build_encoders(profile, folder, settings)
    encoders.warm_up(settings.image_batch)
    inflight = InFlight.connect(common)
    ledger = Ledger.connect(common)
    spool = Spool.connect(common.spool_url)
    publisher = Publisher(app)
    ttl_s = settings.cache_ttl_s
    pressure = Pressure(ledger.upkeep.load)
    image_cache = RedisCache(inflight, pressure, "image", encoders.image.model, encoders.image.dim, ttl_s)
    text_cache = RedisCache(inflight, pressure, "text", encoders.text.model, encoders.text.dim, ttl_s)
    tls = httpx.create_ssl_context(trust_env=False)
    fetcher = Fetcher(finder, Hosts(), tls, headers, settings.fetch_max_bytes, settings.fetch_timeout_s)
    times = StageTimes()
    decoder = TimedDecoder(PillowDecoder(settings.max_image_pixels), times)
    pictures = TimedEncoder(encoders.image, times, "image")
    titles = TimedEncoder(encoders.text, times, "text")
    intake = ImageIntake(ListingImages(spool, fetcher), decoder, pictures, image_cache)
    images = ImageStage(intake, pictures, image_cache, settings.image_batch, settings.decode_threads)
    pipeline = Pipeline(images, TextStage(titles, text_cache), pictures, titles)
    return Services(
        ledger=ledger,
        publisher=publisher,
        # Well below the task's time limits, so that a slow chunk is halved and not killed.
        chunk_work=ChunkWork(
            ledger, spool, inflight, pipeline, pressure, times, budget_s=common.task_limit_s * 0.375
        ),
        query_work=QueryWork(ledger, inflight, pipeline, publisher),
    )


@signals.setup_logging.connect
def _set_up_logging(**_: Any) -> None:  # noqa: ANN401 - Celery's signature
    configure_logging("encoder", common.log_level)


@signals.celeryd_after_setup.connect
def _prepare_parent(instance: Any, **_: Any) -> None:  # noqa: ANN401 - Celery's signature
    os.environ[_QUEUES_VARIABLE] = ",".join(app.amqp.queues.consume_from)
    ConsumerWatch.of(app, Ledger.connect(common), common.wedged_s).connect()

    def stop(*_: object) -> None:
        instance.exitcode = os.EX_CONFIG
        state.should_terminate = os.EX_CONFIG  # type: ignore[assignment]

    signal.signal(_GIVE_UP, stop)


@signals.worker_process_init.connect
def _prepare_child(**_: Any) -> None:  # noqa: ANN401 - Celery's signature
    start = time.monotonic()
    logging.captureWarnings(True)
    keep_freed_memory()
    try:
        _services.append(build_services())
    except DoppelError as error:
        log.critical("cannot start: %s", error, extra={"code": error.code})
        _give_up()
    # Celery would log the exception and let a child without models take tasks.
    except Exception:
        log.critical("cannot start", exc_info=True)
        _give_up()
    for queue in os.environ.get(_QUEUES_VARIABLE, "").split(","):
        Presence.connect(common).announce(queue)
    log.info("ready", extra={"profile": settings.profile, "s": round(time.monotonic() - start, 2)})


def _give_up() -> None:
    """End the worker; a child that just exited would be started again for ever."""
    os.kill(os.getppid(), _GIVE_UP)
    while True:
        signal.pause()
