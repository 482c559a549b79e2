"""What has to be true of jobs, told by dictionaries only."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from shared.ledger import TERMINAL, Claim, JobRecord
from tests.machine.rows import Offered, places

_EDGES = {
    None: {"receiving", "running", *TERMINAL},
    "receiving": {"receiving", "running", *TERMINAL},
    "running": {"running", *TERMINAL},
    **{status: {status} for status in TERMINAL},
}
# What sends a chunk back to encoding takes these down.
_REOPENED = {"encoded", "encoded_rows"}
# Why a job may fail that nobody was told is accepted.
_BROKEN_OFF = {"upload_incomplete", "ledger_unavailable", "spool_unavailable"}
MOST_ATTEMPTS = 3


@dataclass
class Job:
    """A job as its client and the test know it; times are ticks of the test."""

    id: str
    kind: str
    rows: tuple[Offered, ...] = ()
    key: str | None = None
    life: int = 0
    born: int = 0
    body_read: int | None = None
    accepted: int | None = None
    answered: bool = False
    cancel_asked: bool = False
    may_expire: bool = False
    status: str | None = None
    sealed: bool = False
    reopened: bool = False
    end_is_kept: bool = False
    counts: dict[str, int] = field(default_factory=dict)
    record: dict[str, str] | None = None
    pages: dict[str, bytes] | None = None
    error: str = ""
    wasted: Counter[tuple[str, str]] = field(default_factory=Counter)

    def waste(self, claim: Claim) -> None:
        """Note that an attempt at a unit came to nothing, or may have."""
        self.wasted[claim.stage, claim.unit.split("-")[0]] += 1

    def was_wasted(self, stage: str | None = None) -> bool:
        """Say whether a unit has had so many attempts that it may be given up."""
        return any(
            count >= MOST_ATTEMPTS for (each, _), count in self.wasted.items() if stage in (None, each)
        )

    def begin_life(self, life: int) -> None:
        """Redis has lost everything, and the job is there again."""
        self.life, self.counts, self.record = life, {}, None
        if not self.end_is_kept:
            self.status = None

    def see(self, record: JobRecord, raw: dict[str, str], tick: int) -> None:
        """Check that the record may follow what was seen before."""
        assert record.status in _EDGES[self.status], f"{self.status} became {record.status}"
        self._check_counts(record)
        if record.ended:
            same = {name: value for name, value in raw.items() if name != "version"}
            assert self.record in (None, same), f"{self.record} became {same} after the end"
            self.record = same
            self._check_end(record)
        if record.sealed and self.accepted is None:
            self.accepted = tick
        self.status, self.sealed = record.status, record.sealed or self.sealed

    def _check_counts(self, record: JobRecord) -> None:
        counts = record.counts
        for name, before in self.counts.items():
            if not (self.reopened and name in _REOPENED):
                assert counts[name] >= before, f"{name} went from {before} to {counts[name]}"
        self.counts, self.reopened = dict(counts), False
        assert counts["encoded"] <= counts["chunks"]
        assert counts["ingested"] <= counts["chunks"]
        assert counts["encoded_rows"] <= counts["rows"]
        assert counts["listings"] + counts["rejected"] <= counts["rows"]
        assert counts["matched"] <= (record.slices or 0)

    def _check_end(self, record: JobRecord) -> None:
        if record.status == "cancelled":
            assert self.cancel_asked
        if record.status == "succeeded":
            assert record.counts["listings"] + record.counts["rejected"] == record.counts["rows"]
            if self.kind == "submission":
                assert record.counts["rows"] == len(self.rows)
        if record.status == "failed":
            self._check_failure((record.error or {}).get("code", ""))

    def _check_failure(self, code: str) -> None:
        self.error = code
        if code in _BROKEN_OFF:
            assert not self.answered, f"{code} of a job that was accepted"
        elif code == "catalog_unknown":
            assert self.kind == "rematch"
        else:
            assert code == "job_failed"
            assert self.was_wasted(), f"failed after {self.wasted}"

    def check_rejections(self, rejections: list[dict[str, Any]]) -> set[int]:
        """Check the rejections of a job that succeeded; return the places of the listings it took."""
        taken, refused = places(self.rows)
        found = {rejection["row"]: rejection["code"] for rejection in rejections}
        assert len(found) == len(rejections)
        assert set(found) >= refused
        for place in set(found) - refused:
            assert found[place] == "encoder_crashed", found
            assert self.was_wasted("encode"), f"row {place} is refused after {self.wasted}"
        return set(taken) - set(found)


def check_units(record: JobRecord, units: dict[str, str], leases: set[str]) -> None:
    """Check the units of a job that has not ended against its counts and the leases."""
    states = {name.removeprefix("s:"): state for name, state in units.items() if name.startswith("s:")}
    for name, state in states.items():
        leased = f"{record.id} {name.replace('/', ' ')}" in leases
        assert leased == (state in ("queued", "leased")), f"{name} is {state}"
    done = Counter(name.split("/")[0] for name, state in states.items() if state == "done")
    counts = record.counts
    assert (done["encode"], done["ingest"], done["match"]) == (
        counts["encoded"], counts["ingested"], counts["matched"],
    )  # fmt: skip
    whole = [name for name, state in states.items() if name.startswith("encode/") and state != "split"]
    if record.kind == "submission":
        assert len(whole) == counts["chunks"]
