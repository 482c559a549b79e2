"""The index worker's composition root.

Run as `celery -A workers.index.main worker -Q index.interactive,index.bulk -P threads -c 1`.
"""

import logging

from celery import Celery
from celery.signals import setup_logging, worker_init, worker_shutdown

from shared.broker import Publisher, make_celery
from shared.collector import collect_garbage_rarely
from shared.errors import DoppelError
from shared.inflight import InFlight
from shared.ledger import Ledger
from shared.logs import configure_logging
from shared.presence import Presence
from shared.settings import CommonSettings, IndexSettings
from shared.spool import Spool
from shared.watchdog import ConsumerWatch, HangWatch
from workers.index.answer import AnswerQuery
from workers.index.catalogs import Catalogs
from workers.index.classifiers import Classifiers
from workers.index.finish import FinishJob
from workers.index.ingest import Ingest
from workers.index.interlude import Interlude
from workers.index.match import MatchSlice
from workers.index.matcher import Matcher
from workers.index.scoring import Context
from workers.index.sized_index import SizedIndex
from workers.index.tasks import UseCases, register
from workers.index.tfidf_index import TfidfIndex
from workers.index.vocabulary import Vocabulary

log = logging.getLogger(__name__)


class Process:
    """The worker's objects, made when it starts and not when this module is imported."""

    def __init__(self, app: Celery, common: CommonSettings, settings: IndexSettings) -> None:
        self._app = app
        self._common = common
        self._settings = settings
        self._interlude = Interlude(app)
        self._catalogs = Catalogs(
            settings.catalogs_dir,
            SizedIndex,
            TfidfIndex,
            most_open=settings.open_catalogs,
            give_way=self._interlude,
        )
        self._use_cases: UseCases | None = None

    def use_cases(self) -> UseCases:
        """Return what the tasks delegate to."""
        if self._use_cases is None:
            raise RuntimeError("the worker has not started")
        return self._use_cases

    def start(self, **_: object) -> None:
        """Own the catalogs, load the classifiers, connect.

        Raises:
            SystemExit: it cannot; the message says why. Celery would swallow any other exception and go on.
        """
        try:
            self._catalogs.acquire()
            matcher = Matcher(Classifiers.load(self._settings.classifiers_dir), self._settings.pair_floor)
            without_catalog = Context(TfidfIndex(), Vocabulary().rarity, "alone")
            ledger, spool = Ledger.connect(self._common), Spool.connect(self._common.spool_url)
            inflight = InFlight.connect(self._common)
            self._use_cases = UseCases(
                ledger=ledger,
                publisher=Publisher(self._app),
                interlude=self._interlude,
                ingest=Ingest(ledger, spool, inflight, self._catalogs),
                match=MatchSlice(ledger, self._catalogs, matcher),
                finish=FinishJob(ledger, spool, self._catalogs, self._settings),
                answer=AnswerQuery(ledger, inflight, self._catalogs, matcher, without_catalog),
            )
        except DoppelError as error:
            raise SystemExit(f"the index worker cannot start: {error}") from error
        # Threads have no time limits of Celery's.
        HangWatch(self._settings.index_limit_s).connect()
        ConsumerWatch.of(self._app, ledger, self._common.wedged_s).connect()
        Presence.connect(self._common).announce("index")
        collect_garbage_rarely()
        log.info("ready", extra={"catalogs": str(self._settings.catalogs_dir.absolute())})

    def set_up_logging(self, **_: object) -> None:
        """Log as every process of ours does; Celery leaves logging alone when this is connected."""
        configure_logging("index", self._common.log_level)

    def stop(self, **_: object) -> None:
        """Close the catalogs."""
        self._catalogs.close()


common_settings = CommonSettings()
app = make_celery("index", common_settings)
process = Process(app, common_settings, IndexSettings())
register(app, process.use_cases)
setup_logging.connect(process.set_up_logging, weak=False)
worker_init.connect(process.start, weak=False)
worker_shutdown.connect(process.stop, weak=False)
