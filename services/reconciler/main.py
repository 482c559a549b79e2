"""Builds the reconciler and runs it: one leader at a time, however many processes there are."""

import logging
import signal
import threading

from services.reconciler.ends import record_ends
from services.reconciler.restore import restore
from services.reconciler.retention import clear_leftovers, expire, give_up_stalled_uploads
from services.reconciler.sweep import sweep
from shared import ids
from shared.broker import Publisher, make_celery
from shared.crash import crash_at
from shared.errors import TransientError
from shared.ledger import Ledger
from shared.logs import configure_logging
from shared.presence import Presence
from shared.settings import CommonSettings, ReconcilerSettings
from shared.spool import Spool

log = logging.getLogger(__name__)


class Reconciler:
    """Sweeps at an interval while it is the leader."""

    def __init__(
        self,
        ledger: Ledger,
        spool: Spool,
        publisher: Publisher,
        *,
        every_s: float,
        retention_s: float,
        settled_s: float,
    ) -> None:
        self._ledger = ledger
        self._spool = spool
        self._publisher = publisher
        self._every_s = every_s
        self._retention_s = retention_s
        self._settled_s = settled_s
        self._name = ids.new_id()

    def once(self) -> None:
        """Do one round, if this process leads.

        Raises:
            TransientError: Redis or the spool did not answer.
        """
        if not self._ledger.upkeep.lead("reconciler", self._name, int(self._every_s * 3000)):
            return
        if self._ledger.upkeep.lost_everything():
            self._ledger.upkeep.begin_epoch()
            restore(self._ledger, self._spool, self._publisher)
            crash_at("ledger-restored")
            self._ledger.upkeep.mark_epoch()
        sweep(self._ledger, self._publisher)
        give_up_stalled_uploads(self._ledger, self._spool, self._settled_s)
        record_ends(self._ledger, self._spool)
        clear_leftovers(self._ledger, self._settled_s)
        expire(self._ledger, self._spool, self._retention_s)

    def run(self, stop: threading.Event) -> None:
        """Do rounds until `stop` is set; an outage is logged and outlived."""
        while not stop.wait(self._every_s):
            try:
                self.once()
            except TransientError as error:
                log.warning("outage, trying again", extra={"error": str(error)})


def main() -> None:
    """Run until SIGTERM or SIGINT."""
    common = CommonSettings()
    settings = ReconcilerSettings()
    configure_logging("reconciler", common.log_level)
    reconciler = Reconciler(
        Ledger.connect(common, timeout_s=5),
        Spool.connect(common.spool_url),
        Publisher(make_celery("doppel", common, publisher_only=True)),
        every_s=settings.reconcile_every_s,
        retention_s=common.retention_s,
        settled_s=2 * common.lease_s,
    )
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    with Presence.connect(common, timeout_s=5) as presence:
        presence.announce("reconciler", stop)
        log.info("reconciler started")
        reconciler.run(stop)
