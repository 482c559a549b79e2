"""A job as the API shows it."""

import math
import time
from datetime import UTC, datetime
from typing import Any, Literal

from pydantic import BaseModel, Field

from shared.ledger import JobRecord

Status = Literal["receiving", "running", "succeeded", "failed", "cancelled"]
Stage = Literal["receiving", "encode", "ingest", "match", "finish", "query"]

# What each kind of job goes through; the others are answered in one step.
_STAGES: dict[str, tuple[Stage, ...]] = {
    "submission": ("encode", "ingest", "match", "finish"),
    "rematch": ("ingest", "match", "finish"),
    "embedding": ("encode",),
}
# Shares of a job's time, for the estimate of what is left; encoding dwarfs the rest.
_WEIGHTS: dict[Stage, float] = {"encode": 0.85, "ingest": 0.05, "match": 0.1}


class StageView(BaseModel):
    """Units of a stage that are done, out of those known so far."""

    done: int
    total: int | None = Field(description="null until it is known")


class JobError(BaseModel):
    """Why a job failed."""

    code: str
    detail: str


class JobLinks(BaseModel):
    """Where more about the job is."""

    self: str
    pairs: str | None = None
    groups: str | None = None
    rejections: str | None = None


class JobView(BaseModel):
    """A job. Times are ISO 8601 in UTC."""

    id: str
    kind: Literal["submission", "rematch", "embedding", "dedup", "search"]
    status: Status
    stage: Stage | None = Field(description="what is being worked on; null when the job has ended")
    catalog: str | None
    options: dict[str, Any] | None
    created_at: str
    updated_at: str
    started_at: str | None
    ended_at: str | None
    counts: dict[str, int] = Field(
        description="rows received and encoded, listings taken, rejected, pairs by verdict, groups"
    )
    stages: dict[str, StageView] = Field(
        description="chunks encoded and ingested, slices matched; a rematch has nothing to encode"
    )
    progress: float | None = Field(description="0 to 1; null while the upload is being received")
    rate: float | None = Field(description="listings encoded per second, in a rematch those matched")
    eta_seconds: float | None = Field(description="estimate of the seconds left")
    error: JobError | None
    result: Any = Field(None, description="the answer to a comparison or a search")
    links: JobLinks


_COUNTS = (
    "rows", "encoded_rows", "listings", "rejected", "pairs", "duplicates", "variants", "groups",
)  # fmt: skip


def _iso(milliseconds: int | None) -> str | None:
    if milliseconds is None:
        return None
    return datetime.fromtimestamp(milliseconds / 1000, UTC).isoformat(timespec="milliseconds")


def _stages(record: JobRecord) -> dict[Stage, StageView]:
    counts = record.counts
    chunks = counts["chunks"] if record.sealed else None
    stages: dict[Stage, StageView] = {
        "encode": StageView(done=counts["encoded"], total=chunks),
        "ingest": StageView(done=counts["ingested"], total=chunks),
        "match": StageView(done=counts["matched"], total=record.slices),
        "finish": StageView(done=int(record.status == "succeeded"), total=1),
    }
    return {name: stages[name] for name in _STAGES.get(record.kind, ())}


def _stage(record: JobRecord, stages: dict[Stage, StageView]) -> Stage | None:
    if record.ended:
        return None
    if not stages:
        return "query"
    if record.bulk and not record.sealed:
        return "receiving"
    return next((name for name, each in stages.items() if each.total is None or each.done < each.total), None)


def _progress(record: JobRecord, stages: dict[Stage, StageView]) -> float | None:
    if record.ended:
        return 1.0
    if not record.sealed:
        return None
    weights = {name: weight for name, weight in _WEIGHTS.items() if name in stages}
    shares = (
        weight * (stages[name].done / total if (total := stages[name].total) else float(total == 0))
        for name, weight in weights.items()
    )
    return round(min(1.0, sum(shares) / sum(weights.values())), 4)


def _pace(record: JobRecord, progress: float | None) -> tuple[float | None, float | None]:
    """Return listings per second so far, and the seconds left if it goes on like this."""
    if record.started_ms is None:
        return None, None
    until = record.ended_ms or int(time.time() * 1000)
    elapsed_s = max(0.001, (until - record.started_ms) / 1000)
    done = record.counts["encoded_rows"]
    if record.kind == "rematch":
        matched = record.counts["matched"] * record.counts["slice_listings"]
        done = min(record.counts["listings"], matched)
    rate = round(done / elapsed_s, 2)
    if record.ended:
        return rate, 0.0
    if not progress:
        return rate, None
    return rate, round(math.ceil(elapsed_s * (1 - progress) / progress * 10) / 10, 1)


def view(record: JobRecord) -> JobView:
    """Return what the API shows of a job."""
    stages = _stages(record)
    progress = _progress(record, stages) if stages else None
    rate, eta_s = _pace(record, progress) if stages else (None, None)
    path = f"/api/jobs/{record.id}"
    links = {kind: f"{path}/{kind}" for kind in ("pairs", "groups", "rejections")} if record.bulk else {}
    return JobView.model_validate(
        {
            "id": record.id,
            "kind": record.kind,
            "status": record.status,
            "stage": _stage(record, stages),
            "catalog": record.catalog,
            "options": record.options.model_dump() if record.options else None,
            "created_at": _iso(record.created_ms),
            "updated_at": _iso(record.updated_ms),
            "started_at": _iso(record.started_ms),
            "ended_at": _iso(record.ended_ms),
            "counts": {name: record.counts[name] for name in _COUNTS} if stages else {},
            "stages": stages,
            "progress": progress,
            "rate": rate,
            "eta_seconds": eta_s,
            "error": record.error,
            "result": record.result,
            "links": {"self": path, **links},
        }
    )


def etag(record: JobRecord) -> str:
    """Return the job's weak validator: it changes with every change of the record."""
    return f'W/"{record.version}-{record.status}"'


def retry_after(record: JobRecord) -> int:
    """Return after how many seconds another look is worth it: longer for jobs that take long."""
    age_s = time.time() - record.created_ms / 1000
    return 1 if age_s < 30 else 2 if age_s < 300 else 5
