"""How far a job is, stage by stage, in numbers for a person."""

from dataclasses import dataclass

from client.models import Job

UPLOAD = "receiving"
_UNITS = {"match": "slices", "finish": "steps"}


@dataclass(frozen=True, slots=True)
class StageProgress:
    """A stage with what is done and what there is to do; `total` is None until it is known."""

    name: str
    done: int
    total: int | None
    unit: str = "listings"

    @property
    def text(self) -> str:
        """The two numbers."""
        return f"{self.done:,}" if self.total is None else f"{self.done:,}/{self.total:,}"


def stages(job: Job) -> tuple[StageProgress, ...]:
    """Return the stages of a job in their order, in listings where those are counted."""
    rows = job.counts.get("rows", 0)
    # A rematch has no upload; how many listings it is about is known when it has begun.
    total = None if job.stage == UPLOAD or not rows else rows
    of_listings = {
        "encode": job.counts.get("encoded_rows", 0),
        "ingest": job.counts.get("listings", 0) + job.counts.get("rejected", 0),
    }
    found = [] if job.kind == "rematch" else [StageProgress(UPLOAD, rows, total)]
    for name, units in job.stages.items():
        if name in of_listings:
            found.append(StageProgress(name, of_listings[name], total))
        else:
            found.append(
                StageProgress(name, units.get("done") or 0, units.get("total"), _UNITS.get(name, "units"))
            )
    return tuple(found)


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
        parts.append(f"{now.text} {now.unit}")
    if job.rate:
        parts.append(f"{job.rate:,.1f} listings/s")
    if job.eta_seconds is not None:
        parts.append(f"about {duration(job.eta_seconds)} left")
    return "  ".join(parts)
