"""Which rows of a chunk a unit covers, and how a bulk task runs a unit."""

import logging
import time
from collections.abc import Callable
from typing import TypeVar

from shared.broker import Publisher
from shared.errors import JobFailure, TransientError
from shared.ledger import Claim, Ledger
from shared.logs import log_context
from shared.messages import UnitHint

log = logging.getLogger(__name__)
T = TypeVar("T")

_RETRY_DELAY_S = 5.0


def chunk_of(unit: str) -> int:
    """Return the chunk that a unit is part of: `17-0-1` is the second half of the first half of chunk 17."""
    return int(unit.split("-", 1)[0])


def rows_of(unit: str, rows: tuple[T, ...]) -> tuple[T, ...]:
    """Return the rows of the chunk that the unit covers."""
    for half in unit.split("-")[1:]:
        middle = len(rows) // 2
        rows = rows[:middle] if half == "0" else rows[middle:]
    return rows


def _refuse_exhausted(claim: Claim) -> None:
    """Raise when all attempts are used up; a chunk to encode goes on, to be isolated."""
    if claim.answer == "exhausted" and claim.stage != "encode":
        raise JobFailure(f"stage {claim.stage} failed {claim.attempts - 1} times; see the worker's log")


def run_unit(
    hint: UnitHint, ledger: Ledger, publisher: Publisher, work: Callable[[Claim], tuple[UnitHint, ...]]
) -> None:
    """Claim the unit, do `work` under a heartbeat, and publish the hints that it returns.

    An outage gives the unit back uncounted. A `JobFailure` ends the job. Any other exception is a bug: it is
    raised and has counted as an attempt; when all are used up, the job fails (a chunk to encode is instead
    handed to `work` with the answer `exhausted`, to be isolated). Nothing happens when the unit is done, held
    by another worker, or its job has ended.
    """
    with log_context(job=hint.job_id, stage=hint.stage, unit=hint.unit):
        claim = ledger.units.claim(hint)
        if not claim.granted:
            log.debug("nothing to do", extra={"answer": claim.answer})
            return
        started = time.monotonic()
        try:
            _refuse_exhausted(claim)
            with ledger.units.heartbeat(claim):
                hints = work(claim)
        except TransientError as error:
            log.warning("outage, will be retried", extra={"error": str(error)})
            ledger.units.release(claim, _RETRY_DELAY_S)
            return
        except JobFailure as error:
            log.error("job failed", extra={"code": error.code, "error": str(error)})  # noqa: TRY400
            ledger.fail(hint.job_id, error.code, str(error))
            return
        log.info("unit done", extra={"s": round(time.monotonic() - started, 3)})
        publisher.hint(*hints)
