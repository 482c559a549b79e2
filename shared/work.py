"""How a task runs a unit of a bulk job, and how it runs a query."""

import logging
import time
from collections.abc import Callable

from shared.broker import Publisher
from shared.crash import crash_at
from shared.errors import DoppelError, JobFailure, LedgerUnavailable, TransientError
from shared.ledger import Claim, Ledger
from shared.logs import log_context
from shared.messages import Query, UnitHint

log = logging.getLogger(__name__)

_RETRY_DELAY_S = 5.0


def _refuse_exhausted(claim: Claim) -> None:
    """Raise when all attempts are used up; an encoder singles out the listing at fault instead."""
    if claim.answer == "exhausted" and claim.stage != "encode":
        raise JobFailure(f"stage {claim.stage} failed {claim.attempts - 1} times; see the worker's log")


def _give_back(claim: Claim, ledger: Ledger) -> None:
    try:
        ledger.units.release(claim, _RETRY_DELAY_S)
    except LedgerUnavailable as error:
        log.warning("not given back; the lease will run out", extra={"error": str(error)})


def run_unit(
    hint: UnitHint, ledger: Ledger, publisher: Publisher, work: Callable[[Claim], tuple[UnitHint, ...]]
) -> None:
    """Claim the unit, do `work` under a heartbeat, and publish the hints that it returns.

    An outage gives the unit back uncounted. A `JobFailure` ends the job. Any other exception is a bug: it is
    raised and has counted as an attempt; when all are used up, the job fails (a chunk to encode is instead
    handed to `work` with the answer `exhausted`, to single out the listing at fault). Nothing happens when
    the unit is done, held by another worker, or its job has ended.
    """
    with log_context(job=hint.job_id, stage=hint.stage, unit=hint.unit):
        claim = ledger.units.claim(hint)
        if not claim.granted:
            log.debug("nothing to do", extra={"answer": claim.answer})
            return
        crash_at(f"{hint.stage}-claimed")
        started = time.monotonic()
        try:
            _refuse_exhausted(claim)
            with ledger.units.heartbeat(claim):
                hints = work(claim)
        except TransientError as error:
            log.warning("outage, will be retried", extra={"error": str(error)})
            _give_back(claim, ledger)
            return
        except JobFailure as error:
            log.error("job failed", extra={"code": error.code, "error": str(error)})  # noqa: TRY400
            ledger.fail(hint.job_id, error.code, str(error))
            return
        log.info("unit done", extra={"s": round(time.monotonic() - started, 3)})
        crash_at(f"{hint.stage}-done")
        try:
            publisher.hint(*hints)
        except LedgerUnavailable as error:
            log.warning("hints were not published; the reconciler will", extra={"error": str(error)})


def run_query(query: Query, ledger: Ledger, work: Callable[[Query], None]) -> None:
    """Do `work` on a query; whatever stops it is told to the client at once.

    An outage drops the query, which its deadline reports. Any other of our errors fails it with its code, any
    other exception is a bug: it fails the query as `internal` and is raised. Nothing happens when the
    deadline has passed already.
    """
    with log_context(job=query.job_id, stage="query"):
        try:
            if ledger.upkeep.now_ms() > query.deadline_ms:
                log.info("too late for a query")
                return
            work(query)
        except TransientError as error:
            log.warning("outage, the query is dropped", extra={"error": str(error)})
        except DoppelError as error:
            ledger.fail(query.job_id, error.code, str(error))
        except Exception:
            ledger.fail(query.job_id, "internal", "a worker failed; see its log")
            raise
