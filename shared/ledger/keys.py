"""Names of the keys in Redis."""

from typing import Final

from shared.broker import KEY_PREFIX

PREFIX: Final = KEY_PREFIX
JOBS: Final = f"{PREFIX}jobs"  # sorted set: job id by creation time, ms
LEASES: Final = f"{PREFIX}leases"  # sorted set: "job stage unit" by the time it is due, ms
RECEIVING: Final = f"{PREFIX}receiving"  # sorted set: job id by its upload's last sign of life, ms
ENDED: Final = f"{PREFIX}ended"  # sorted set: job id by the time it ended, ms
LEFTOVERS: Final = f"{PREFIX}leftovers"  # sorted set: ended jobs whose units and embeddings are still there
SEQUENCE: Final = f"{PREFIX}sequence"  # the highest place in the order in which jobs were accepted
EPOCH: Final = f"{PREFIX}epoch"  # 1, or 0 while the ledger is rebuilt; absent when Redis lost everything
ENDED_CHANNEL: Final = f"{PREFIX}job-ended"  # pub/sub: ids of jobs that ended


def queue(name: str) -> str:
    """List: the messages of a Celery queue."""
    return f"{PREFIX}{name}"


def job(job_id: str) -> str:
    """Hash: the job's record."""
    return f"{PREFIX}job:{job_id}"


def units(job_id: str) -> str:
    """Hash: state, attempts, token of each unit."""
    return f"{PREFIX}job:{job_id}:units"


def suspects(job_id: str) -> str:
    """Hash: the listing that each unit's encoder has in hand, and the deaths counted so far."""
    return f"{PREFIX}job:{job_id}:suspects"


def embeddings(job_id: str, unit: str) -> str:
    """String: the embedding block of a chunk, or of a query."""
    return f"{PREFIX}emb:{job_id}:{unit}"


def payload(job_id: str, index: int) -> str:
    """String: the image bytes of an interactive request."""
    return f"{PREFIX}payload:{job_id}:{index}"


def cached(modality: str, model: str, digest: str) -> str:
    """String: the vector of content that was encoded before."""
    return f"{PREFIX}cache:{modality}:{model}:{digest}"


def idempotency(digest: str) -> str:
    """Hash: job and fingerprint of the request that used an idempotency key."""
    return f"{PREFIX}idem:{digest}"
