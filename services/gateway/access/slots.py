"""How many unfinished jobs a key may have."""

from services.gateway.access.caller import Caller, quota_exceeded
from shared.ledger import Ledger

_RETRY_S = 10


def take_slot(ledger: Ledger, caller: Caller, job_id: str) -> None:
    """Count a new submission or rematch as one of the key's that have not ended.

    Raises:
        Problem: the key has as many as it may.
        LedgerUnavailable: the ledger did not answer.
    """
    most = caller.key.max_active_jobs if caller.key else None
    if caller.id is None or most is None:
        return
    if not ledger.quotas.take_slot(caller.id, job_id, most):
        detail = f"this key may have {most} unfinished jobs; wait for one to end, or cancel one"
        raise quota_exceeded(detail, _RETRY_S)


def free_slot(ledger: Ledger, caller: Caller, job_id: str) -> None:
    """Give back the slot of a job that came to nothing.

    Raises:
        LedgerUnavailable: the ledger did not answer.
    """
    if caller.key is not None and caller.key.max_active_jobs is not None:
        ledger.quotas.free_slot(caller.key.id, job_id)
