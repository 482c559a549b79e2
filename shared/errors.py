"""The error tree: every error raised on purpose carries a stable code.

A problem of one listing is never raised across a process boundary: it is data, a `Rejection`.
"""

from typing import ClassVar


class DoppelError(Exception):
    """Any error that Doppel raises on purpose."""

    code: ClassVar[str] = "internal"


class TransientError(DoppelError):
    """An outage: the same work may succeed later, so it is retried."""

    code = "unavailable"


class LedgerUnavailable(TransientError):
    """Redis did not answer in time."""

    code = "ledger_unavailable"


class MemoryPressure(TransientError):
    """Redis is so full that this waits until other work has given memory back."""

    code = "memory_pressure"


class SpoolUnavailable(TransientError):
    """The blob storage did not answer or is full."""

    code = "spool_unavailable"


class StoreUnavailable(TransientError):
    """A catalog's file cannot be read or written now; mostly a disk that is full."""

    code = "store_unavailable"


class DeviceFull(TransientError):
    """A GPU has no memory left for a batch: what else runs on it may give some back."""

    code = "device_full"


class UnknownJob(DoppelError):
    """No job has this id, and none had it lately."""

    code = "job_unknown"


class ExpiredJob(DoppelError):
    """The job existed; its record and results passed their retention."""

    code = "job_expired"


class CorruptBlock(DoppelError):
    """Bytes that should be an embedding block are not one, or fail their checksum."""

    code = "block_corrupt"


class JobFailure(DoppelError):
    """The whole job cannot go on; what is raised here is told to the client."""

    code = "job_failed"


class ChunkLost(JobFailure):
    """A chunk of the upload is not in the spool any more, or cannot be read."""

    code = "chunk_lost"


class ProfileMismatch(JobFailure):
    """Embeddings of one model met a catalog that holds those of another."""

    code = "profile_mismatch"


class UnknownCatalog(JobFailure):
    """A job names a catalog that does not exist."""

    code = "catalog_unknown"


class CatalogDamaged(JobFailure):
    """The file of a catalog was changed by something else than SQLite, or its disk fails."""

    code = "catalog_damaged"


class ArtifactError(DoppelError):
    """An artifact is missing, malformed or does not fit; the process refuses to start."""

    code = "artifact_invalid"


class SettingInvalid(DoppelError):
    """A setting, or a file that it names, does not fit; the process refuses to start."""

    code = "setting_invalid"


class ModelUnavailable(ArtifactError):
    """Model weights could not be had; the message says what was tried and how to provide them."""

    code = "model_unavailable"
