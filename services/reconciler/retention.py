"""Drops jobs past their retention, and uploads whose gateway died."""

from shared.ledger import Ledger
from shared.spool import Spool


def expire(ledger: Ledger, spool: Spool, retention_s: float) -> int:
    """Delete ended jobs older than `retention_s` from spool and ledger; return how many."""
    old = ledger.upkeep.ended_before(ledger.upkeep.now_ms() - int(retention_s * 1000))
    for job_id in old:
        spool.delete_prefix(f"jobs/{job_id}")
        ledger.upkeep.forget(job_id)
    return len(old)


def clear_leftovers(ledger: Ledger, settled_s: float) -> int:
    """Drop units and embeddings of jobs that ended `settled_s` ago; return of how many.

    A worker that was at it when the job ended may still store a block; by then it has noticed.
    """
    ended = ledger.upkeep.leftovers(ledger.upkeep.now_ms() - int(settled_s * 1000))
    for job_id in ended:
        ledger.upkeep.clear(job_id)
    return len(ended)


def give_up_stalled_uploads(ledger: Ledger, spool: Spool, silent_s: float) -> int:
    """Fail jobs whose gateway gave no sign of life for so long; nothing of them was accepted."""
    silent_ms, detail = int(silent_s * 1000), "the upload stopped before its end; submit it again"
    given_up = 0
    for job_id in ledger.upkeep.stalled_uploads(silent_ms):
        # A gateway that was halted may go on in this moment, and its upload be accepted.
        if ledger.give_up(job_id, silent_ms, "upload_incomplete", detail):
            spool.delete_prefix(f"jobs/{job_id}")
            given_up += 1
    return given_up
