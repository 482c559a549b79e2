"""Whether the service works: what can be written, who is there, and whether work gets on."""

import logging
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import Executor, Future
from dataclasses import dataclass, field
from typing import Final

from pydantic import BaseModel, Field

from services.gateway.problems import ProblemDocument
from shared.errors import LedgerUnavailable, SpoolUnavailable
from shared.ledger import Ledger, Standing
from shared.messages import Stage
from shared.presence import SILENCE_S, Presence
from shared.spool import Spool

log = logging.getLogger(__name__)

# Whoever asks more often is told the same again.
_FRESH_S: Final = 1.0
_SPOOL_TIMEOUT_S: Final = 2.0
_PROBE: Final = "health/probe.json"

# Role -> what does not go on without it, and what to start.
ROLES: Final = {
    "encode.bulk": ("submissions are not encoded", "an encoder for `encode.bulk`"),
    "encode.interactive": ("comparisons and searches fail", "an encoder for `encode.interactive`"),
    "index": ("nothing is matched or answered", "the index worker"),
    "reconciler": ("lost work is not found again", "a reconciler"),
}
# Role -> the stages that it works on.
_STAGES: Final[dict[str, tuple[Stage, ...]]] = {
    "encode.bulk": ("encode",),
    "index": ("ingest", "match", "finish"),
}


class Check(BaseModel):
    """One thing that has to hold for the service to work."""

    name: str = Field(examples=["index"])
    ok: bool
    detail: str = Field(examples=["1 is there"])


class ReadyDocument(BaseModel):
    """The answer when everything holds."""

    status: str = Field(examples=["ok"])
    checks: list[Check]


class NotReadyDocument(ProblemDocument):
    """The problem when something does not hold; `detail` says what to do."""

    checks: list[Check]


@dataclass(frozen=True, slots=True)
class Look:
    """What was seen at one moment; without a ledger, nobody and no stage was seen."""

    checks: tuple[Check, ...]
    workers: Counter[str] = field(default_factory=Counter)
    stages: dict[Stage, Standing] = field(default_factory=dict)


class SpoolProbe:
    """Writes a blob when asked, and never waits long for a storage that hangs."""

    def __init__(self, spool: Spool, executor: Executor) -> None:
        self._spool = spool
        self._executor = executor
        self._writing: Future[None] | None = None

    def takes(self) -> bool:
        """Say whether the spool took a blob in time."""
        # The same one as before where that hangs: else each question would leave a thread behind.
        writing = self._writing or self._executor.submit(self._spool.put, _PROBE, b"{}")
        self._writing = None
        try:
            writing.result(_SPOOL_TIMEOUT_S)
        except TimeoutError:
            self._writing = writing
            log.warning("the spool does not answer", extra={"waited_s": _SPOOL_TIMEOUT_S})
            return False
        except SpoolUnavailable as error:
            log.warning("the spool takes no writes", extra={"error": str(error)})
            return False
        return True


class Readiness:
    """Looks at the whole service, at most once a second; safe to share between threads."""

    def __init__(
        self, ledger: Ledger, presence: Presence, probe: SpoolProbe, *, stalled_s: float, behind_s: float
    ) -> None:
        self._ledger = ledger
        self._presence = presence
        self._probe = probe
        self._stalled_s = stalled_s
        self._behind_s = behind_s
        self._lock = threading.Lock()
        self._seen: tuple[float, Look] | None = None

    def look(self) -> Look:
        """Return what was seen last, or look anew."""
        with self._lock:
            if self._seen is None or time.monotonic() - self._seen[0] > _FRESH_S:
                look = self._look()
                self._seen = time.monotonic(), look
            return self._seen[1]

    def accepting(self) -> tuple[Check, ...]:
        """Return the checks that a submission needs to be accepted; the rest only decides when it is done."""
        return tuple(check for check in self.look().checks if check.name in ("ledger", "spool"))

    def _look(self) -> Look:
        # Everybody may ask: what storage says of itself, with its address, is for the log.
        takes = self._probe.takes()
        refused = "takes no writes: make space, or bring it back; the gateway's log has the cause"
        spool = Check(name="spool", ok=takes, detail="takes writes" if takes else refused)
        try:
            self._ledger.ping()
            workers, stages = self._presence.counts(), self._ledger.standing()
        except LedgerUnavailable as error:
            log.warning("the ledger takes no writes", extra={"error": str(error)})
            detail = (
                "takes no writes: start Redis, or give it memory or disk; until then nobody knows the rest"
            )
            return Look((Check(name="ledger", ok=False, detail=detail), spool))
        checks = (
            Check(name="ledger", ok=True, detail="takes writes"),
            spool,
            *_presence(workers),
            *(self._progress(role, workers[role], stages) for role in _STAGES),
            self._index_keeps_up(stages),
        )
        return Look(checks, workers, stages)

    def _progress(self, role: str, there: int, stages: dict[Stage, Standing]) -> Check:
        """Work waits, and for a while nothing at all of that kind was done, whoever says to be there."""
        work = [stages[stage] for stage in _STAGES[role]]
        jobs = sum(stage.jobs for stage in work)
        waits = max((stage.oldest_s or 0 for stage in work), default=0)
        idle = min((stage.done_s for stage in work if stage.done_s is not None), default=waits)
        stands = min(waits, idle)
        name = f"{role}.progress"
        if jobs and stands > self._stalled_s:
            detail = (
                f"work of {jobs} job(s) waits, none was done for {stands:.0f} s ({there} worker(s) there): "
                "see their logs, start them again"
            )
            return Check(name=name, ok=False, detail=detail)
        return Check(name=name, ok=True, detail=f"work of {jobs} job(s)" if jobs else "nothing to do")

    def _index_keeps_up(self, stages: dict[Stage, Standing]) -> Check:
        """No job has waited long for the index worker without getting on, while others did."""
        waits = max(stages[stage].oldest_s or 0 for stage in _STAGES["index"])
        if waits > self._behind_s:
            detail = (
                f"a job has waited {waits:.0f} s for the index worker without getting on: there is more work "
                "than it can do; give it more cores, or submit less at a time"
            )
            return Check(name="index.behind", ok=False, detail=detail)
        return Check(name="index.behind", ok=True, detail=f"no job waits longer than {waits:.0f} s")


def _presence(workers: Counter[str]) -> Iterator[Check]:
    for role, (loss, what) in ROLES.items():
        there = workers[role]
        detail = (
            f"{there} there"
            if there
            else f"none seen for {SILENCE_S} s, so {loss}: start {what}, or see the log of the one there was"
        )
        yield Check(name=role, ok=there > 0, detail=detail)
