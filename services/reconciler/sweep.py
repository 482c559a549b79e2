"""One sweep over the ledger: republish what a lost message or a dead worker left behind."""

import logging
from collections import Counter

from shared.broker import Publisher
from shared.crash import crash_at
from shared.ledger import Ledger
from shared.messages import UnitHint
from shared.routing import STAGE_TASKS

log = logging.getLogger(__name__)


def _queue(hint: UnitHint) -> str:
    return STAGE_TASKS[hint.stage][1]


def sweep(ledger: Ledger, publisher: Publisher) -> int:
    """Publish a hint for every unit that needs one; return how many were published.

    A unit whose worker vanished always needs one. A unit that nobody claimed yet needs one only if its
    queue is shorter than the number of such units: then some of their messages are lost, else they wait.

    Raises:
        LedgerUnavailable: Redis did not answer; the next sweep finds the same work.
    """
    abandoned, waiting = ledger.units.due()
    if abandoned or waiting:
        crash_at("sweep-found")
    overdue = Counter(_queue(hint) for hint in waiting)
    short = {queue for queue, count in overdue.items() if ledger.upkeep.queue_depth(queue) < count}
    hints = (*abandoned, *(hint for hint in waiting if _queue(hint) in short))
    if hints:
        log.warning(
            "republishing", extra={"abandoned": len(abandoned), "unclaimed": len(hints) - len(abandoned)}
        )
    publisher.hint(*hints)
    return len(hints)
