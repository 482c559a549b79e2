"""How far a job is, stage by stage, in numbers for a person."""

from dataclasses import dataclass

from client.models import Job

STAGES = ("receiving", "encode", "ingest", "match", "finish")


@dataclass(frozen=True, slots=True)
class StageProgress:
    """A stage with listings done and to do; `total` is None while the upload goes on."""

    name: str
    done: int
    total: int | None


def stages(job: Job) -> tuple[StageProgress, ...]:
    """Return the stages of a submission in their order."""
    counts = job.counts
    rows = counts.get("rows", 0)
    known = None if job.status == "receiving" or job.stage == "receiving" else rows
    taken = counts.get("listings", 0) + counts.get("rejected", 0)
    listings = counts.get("listings", 0)
    matched = min(counts.get("matched", 0) * counts.get("slice_listings", 0), listings)
    finished = listings if job.status == "succeeded" else 0
    return (
        StageProgress("receiving", rows, known),
        StageProgress("encode", counts.get("encoded_rows", 0), known),
        StageProgress("ingest", taken, known),
        StageProgress("match", listings if finished else matched, None if known is None else listings),
        StageProgress("finish", finished, None if known is None else listings),
    )


def duration(seconds: float) -> str:
    """Return seconds as a person says them: `8 s`, `3 min 20 s`, `2 h 5 min`."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def line(job: Job) -> str:
    """Return one line about a job's progress, for logs and terminals without cursor control."""
    if job.ended:
        return job.status
    now = next((stage for stage in stages(job) if stage.name == job.stage), None)
    parts = [job.stage or job.status]
    if now is not None:
        parts.append(f"{now.done:,}" if now.total is None else f"{now.done:,}/{now.total:,} listings")
    if job.rate:
        parts.append(f"{job.rate:,.1f} listings/s")
    if job.eta_s is not None:
        parts.append(f"about {duration(job.eta_s)} left")
    return "  ".join(parts)
