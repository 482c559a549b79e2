"""Units of work: claimed under a lease, kept by a heartbeat, completed once."""

import logging
import secrets
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal, cast

from shared.errors import LedgerUnavailable
from shared.ledger.script import LedgerScript
from shared.messages import Stage, UnitHint

log = logging.getLogger(__name__)

# How long a hint may travel before its unit counts as waiting for one.
HINT_GRACE_MS = 10_000

Answer = Literal["claimed", "exhausted", "busy", "done", "gone"]
State = Literal["queued", "leased", "done", "split", ""]


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to work on a unit. `answer` says whether it was granted.

    claimed: work on it; exhausted: granted, but all attempts are used up; busy:
    another worker holds it; done: nothing is left to do; gone: the job ended.
    """

    job_id: str
    stage: Stage
    unit: str
    answer: Answer
    attempts: int
    token: str

    @property
    def granted(self) -> bool:
        """Whether the caller now holds the lease."""
        return self.answer in ("claimed", "exhausted")


def hints_of(job_id: str, answer: list[str]) -> tuple[UnitHint, ...]:
    """Read an operation's answer: a word, then the units that became possible."""
    parts = (line.split(" ", 1) for line in answer[1:])
    return tuple(UnitHint(job_id=job_id, stage=cast(Stage, stage), unit=unit) for stage, unit in parts)


class Units:
    """The part of the ledger that workers use."""

    def __init__(self, script: LedgerScript, lease_s: float, max_attempts: int) -> None:
        self._script = script
        self._lease_ms = int(lease_s * 1000)
        self.max_attempts = max_attempts

    def claim(self, hint: UnitHint) -> Claim:
        """Try to get the lease of a unit."""
        token = secrets.token_hex(8)
        answer, attempts = self._script(
            "claim", hint.job_id, hint.stage, hint.unit, token, self._lease_ms, self.max_attempts
        )
        return Claim(hint.job_id, hint.stage, hint.unit, answer, int(attempts), token)

    @contextmanager
    def heartbeat(self, claim: Claim) -> Iterator[None]:
        """Renew the lease from a thread while the block runs, so that leases can be short."""
        stop = threading.Event()

        def beat() -> None:
            while not stop.wait(self._lease_ms / 3000):
                try:
                    self._script("renew", claim.job_id, claim.stage, claim.unit, claim.token, self._lease_ms)
                except LedgerUnavailable:
                    log.warning("could not renew a lease", extra={"unit": claim.unit})

        thread = threading.Thread(target=beat, daemon=True, name=f"lease-{claim.unit}")
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join()

    def complete(self, claim: Claim, **add: int) -> tuple[UnitHint, ...]:
        """Mark the unit done and add to the job's counts; only the first completion counts.

        Returns the units that became possible by it.
        """
        fields = [x for item in add.items() for x in item]
        answer = self._script("complete", claim.job_id, claim.stage, claim.unit, HINT_GRACE_MS, *fields)
        return hints_of(claim.job_id, answer)

    def release(self, claim: Claim, delay_s: float) -> None:
        """Give the unit back after an outage, without counting the attempt."""
        self._script("release", claim.job_id, claim.stage, claim.unit, claim.token, int(delay_s * 1000))

    def split(self, claim: Claim) -> tuple[UnitHint, ...]:
        """Replace a chunk by its two halves, each with attempts of its own."""
        return hints_of(claim.job_id, self._script("split", claim.job_id, claim.unit, HINT_GRACE_MS))

    def reopen(self, job_id: str, chunk: str, rows: int) -> tuple[UnitHint, ...]:
        """Send a chunk back to encoding, as its embeddings were lost."""
        answer = self._script("reopen", job_id, chunk, HINT_GRACE_MS, "encoded_rows", rows)
        return hints_of(job_id, answer)

    def states(self, job_id: str, stage: Stage, units: Sequence[str]) -> list[State]:
        """Return the state of each unit, empty where the job has no such unit."""
        return cast(list[State], self._script("states", job_id, stage, *units))

    def due(self, most: int = 1000) -> tuple[tuple[UnitHint, ...], tuple[UnitHint, ...]]:
        """Return the units whose worker vanished and those whose hint may be lost; both become claimable."""
        abandoned: list[UnitHint] = []
        waiting: list[UnitHint] = []
        for line in self._script("due", most, HINT_GRACE_MS):
            why, job_id, stage, unit = line.split(" ")
            hint = UnitHint(job_id=job_id, stage=stage, unit=unit)
            (abandoned if why == "abandoned" else waiting).append(hint)
        return tuple(abandoned), tuple(waiting)
