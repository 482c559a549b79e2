"""The job's record as read from Redis."""

import json
from dataclasses import dataclass, field
from typing import Any, Final, get_args

from shared.messages import AcceptedKind, JobOptions

TERMINAL: Final = frozenset({"succeeded", "failed", "cancelled"})
_ACCEPTED: Final = frozenset(get_args(AcceptedKind))


@dataclass(frozen=True, slots=True)
class JobRecord:
    """What the ledger knows of a job; counts of units and listings are 0 until the stage is reached.

    `kind` is submission, rematch, embedding, dedup or search. `catalog` is the one it belongs to, if any;
    `owner` the API key that asked a comparison or a search, where keys are in use. Times are
    milliseconds since the epoch, None when not reached.
    """

    id: str
    kind: str
    status: str
    version: int
    created_ms: int
    updated_ms: int
    started_ms: int | None = None
    ended_ms: int | None = None
    deadline_ms: int | None = None
    sequence: int = 0
    options: JobOptions | None = None
    catalog: str | None = None
    owner: str | None = None
    counts: dict[str, int] = field(default_factory=dict)
    slices: int | None = None
    sealed: bool = False
    result: Any = None
    error: dict[str, str] | None = None

    @property
    def ended(self) -> bool:
        """Whether the status is final."""
        return self.status in TERMINAL

    @property
    def catalogs(self) -> frozenset[str]:
        """The catalogs whose listings the job's results name."""
        against = self.options.against.partition(":")[2] if self.options else ""
        return frozenset(filter(None, (self.catalog, against)))

    @property
    def bulk(self) -> bool:
        """Whether the job is accepted on disk, goes through the stages and ends with result pages."""
        return self.kind in _ACCEPTED


# Fields of the hash that count something.
COUNTS: Final = (
    "rows", "chunks", "encoded", "encoded_rows", "ingested", "listings", "rejected", "matched",
    "pairs", "duplicates", "variants", "groups", "slice_listings",
)  # fmt: skip


def parse_record(job_id: str, raw: dict[str, str]) -> JobRecord | None:
    """Return the record that a job's hash holds, None where it is empty or a remnant."""
    if "kind" not in raw:
        return None

    def maybe(name: str) -> int | None:
        return int(raw[name]) if name in raw else None

    options = JobOptions.model_validate_json(raw["options"]) if "options" in raw else None
    return JobRecord(
        id=job_id,
        kind=raw["kind"],
        status=raw["status"],
        version=int(raw["version"]),
        created_ms=int(raw["created_ms"]),
        updated_ms=int(raw["updated_ms"]),
        started_ms=maybe("started_ms"),
        ended_ms=maybe("ended_ms"),
        deadline_ms=maybe("deadline_ms"),
        sequence=int(raw.get("sequence", 0)),
        options=options,
        catalog=options.catalog if options else raw.get("catalog"),
        owner=raw.get("owner"),
        counts={name: int(raw.get(name, 0)) for name in COUNTS},
        slices=maybe("slices"),
        sealed=raw.get("sealed") == "1",
        result=json.loads(raw["result"]) if "result" in raw else None,
        error=json.loads(raw["error"]) if "error" in raw else None,
    )
