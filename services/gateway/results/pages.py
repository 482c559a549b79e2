"""Reads result pages out of the spool, a bounded number per request."""

import json
from dataclasses import dataclass
from typing import Any, Literal

from services.gateway.cursors import decode_cursor, encode_cursor
from services.gateway.problems import Problem
from shared.errors import ExpiredJob, SpoolUnavailable
from shared.ledger import JobRecord
from shared.spool import Spool, page_key, summary_key

Kind = Literal["pairs", "groups", "rejections"]

# A filter may pass over many pages: then the answer is short and its cursor goes on.
_MOST_PAGES = 10
# Large groups make long lines: an answer that has this much is short, too.
_MOST_BYTES = 8 * 1024**2


@dataclass(frozen=True, slots=True)
class PairFilter:
    """Which pairs are wanted."""

    verdict: str | None = None
    min_probability: float = 0.0
    max_probability: float = 1.0

    @property
    def passes_all(self) -> bool:
        """Whether no pair is left out."""
        return self == PairFilter()

    def query(self) -> dict[str, str]:
        """Return the filter as query parameters."""
        named = {
            "verdict": self.verdict,
            "min_probability": self.min_probability or None,
            "max_probability": self.max_probability if self.max_probability < 1 else None,
        }
        return {name: str(value) for name, value in named.items() if value is not None}

    def wants(self, pair: dict[str, Any]) -> bool:
        """Say whether the pair is wanted."""
        return (
            self.verdict in (None, pair["verdict"])
            and self.min_probability <= pair["probability"] <= self.max_probability
        )

    def is_past(self, pair: dict[str, Any]) -> bool:
        """Say whether no later pair can be wanted: they come by falling probability."""
        return bool(pair["probability"] < self.min_probability)


@dataclass(frozen=True, slots=True)
class ResultPage:
    """JSON objects, one per line as they are in the spool, and the cursor of the next page."""

    lines: list[bytes]
    next: str | None


def check_has_results(record: JobRecord) -> None:
    """Raise what tells why a job has no result pages.

    Raises:
        Problem: the job is neither submission nor rematch, has not finished, failed, or was cancelled.
    """
    if not record.bulk:
        detail = f"GET /api/jobs/{record.id} tells all about a job of kind {record.kind}"
        raise Problem(404, "job_has_no_pages", detail)
    if record.status == "cancelled":
        raise Problem(409, "job_cancelled", "the job was cancelled")
    if record.status == "failed":
        error = record.error or {}
        raise Problem(409, error.get("code", "job_failed"), error.get("detail", "the job failed"))
    if record.status != "succeeded":
        detail = f"the job is {record.status}; its results come when it has succeeded"
        raise Problem(409, "job_not_finished", detail, headers={"Retry-After": "2"})


class Pages:
    """The result pages of finished submissions."""

    def __init__(self, spool: Spool) -> None:
        self._spool = spool

    def read(self, job_id: str, kind: Kind, cursor: str | None, limit: int, wanted: PairFilter) -> ResultPage:
        """Return up to `limit` results from the cursor on; fewer where they are large or far apart.

        Raises:
            Problem: the cursor is not ours.
            ExpiredJob: the results passed their retention.
            SpoolUnavailable: the storage did not answer.
        """
        position = decode_cursor(cursor)
        if position is not None and not position[1].isdecimal():
            raise Problem(400, "cursor_invalid", "the cursor is of another list")
        page, start = (position[0], int(position[1])) if position else (0, 0)
        pages = self._page_count(job_id, kind)
        found: list[bytes] = []
        size = 0
        for _ in range(_MOST_PAGES):
            if page >= pages:
                return ResultPage(found, None)
            lines = self._lines(job_id, kind, page)
            taken, stop = take(lines[start:], limit - len(found), wanted)
            found += taken
            size += sum(map(len, taken))
            start += stop.read
            if stop.is_past or (page == pages - 1 and start >= len(lines)):
                return ResultPage(found, None)
            if start >= len(lines):
                page, start = page + 1, 0
            if len(found) >= limit or size >= _MOST_BYTES:
                break
        return ResultPage(found, encode_cursor(page, start))

    def _page_count(self, job_id: str, kind: Kind) -> int:
        data = self._spool.get(summary_key(job_id))
        if data is None:
            raise ExpiredJob(f"the results of job {job_id} are past their retention")
        return int(json.loads(data)["pages"][kind])

    def _lines(self, job_id: str, kind: Kind, page: int) -> list[bytes]:
        data = self._spool.get(page_key(job_id, kind, page))
        if data is None:
            raise SpoolUnavailable(f"page {page} of the {kind} of job {job_id} is missing")
        return data.splitlines()


@dataclass(frozen=True, slots=True)
class Stop:
    """How many lines were read, and whether none after them can be wanted."""

    read: int
    is_past: bool = False


def take(lines: list[bytes], limit: int, wanted: PairFilter) -> tuple[list[bytes], Stop]:
    """Return the first `limit` wanted lines."""
    if wanted.passes_all:
        return lines[:limit], Stop(min(len(lines), limit))
    found: list[bytes] = []
    for number, line in enumerate(lines):
        if len(found) >= limit:
            return found, Stop(number)
        pair = json.loads(line)
        if wanted.is_past(pair):
            return found, Stop(number, is_past=True)
        if wanted.wants(pair):
            found.append(line)
    return found, Stop(len(lines))
