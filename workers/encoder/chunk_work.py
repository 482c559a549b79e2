"""A unit of a bulk job: rows from the spool, a block of embeddings to Redis, the unit marked done."""

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from shared.chunks import read_rows
from shared.crash import crash_at
from shared.errors import DoppelError
from shared.inflight import InFlight
from shared.ledger import Claim, Ledger
from shared.messages import Row, UnitHint
from shared.pressure import AHEAD_SHARE, ENCODE_SHARE, Pressure
from shared.spool import Spool
from workers.encoder.culprits import OneByOne
from workers.encoder.entries import Entry
from workers.encoder.pipeline import Encoded, Pipeline
from workers.encoder.stage_times import StageTimes

log = logging.getLogger(__name__)

_LOOK_EVERY_S = 1.0


class JobEnded(DoppelError):
    """The job was cancelled or failed while its chunk was being encoded."""


class TooSlow(DoppelError):
    """The chunk takes longer than a task should."""


@dataclass
class Watch:
    """Says, between steps, whether a chunk should go on."""

    ledger: Ledger
    job_id: str
    budget_s: float
    clock: Callable[[], float] = time.monotonic

    def __post_init__(self) -> None:
        self._start = self._looked = self.clock()

    def __call__(self) -> None:
        """Look at the job once a second.

        Raises:
            JobEnded: nobody wants the result any more.
            TooSlow: the time for this chunk is over.
        """
        now = self.clock()
        if now - self._start > self.budget_s:
            raise TooSlow(f"more than {self.budget_s} s")
        if now - self._looked > _LOOK_EVERY_S:
            self._looked = now
            if self.ledger.read(self.job_id).ended:
                raise JobEnded(self.job_id)


class ChunkWork:
    """Encodes the units of bulk jobs; the work that `shared.work.run_unit` is given."""

    def __init__(
        self,
        ledger: Ledger,
        spool: Spool,
        inflight: InFlight,
        pipeline: Pipeline,
        pressure: Pressure,
        times: StageTimes,
        budget_s: float,
    ) -> None:
        self._ledger = ledger
        self._spool = spool
        self._inflight = inflight
        self._pipeline = pipeline
        self._pressure = pressure
        self._times = times
        self._one_by_one = OneByOne(ledger, pipeline)
        self._budget_s = budget_s

    def __call__(self, claim: Claim) -> tuple[UnitHint, ...]:
        """Encode the unit; return the hints of what became possible.

        After the death of a worker its listings are encoded one by one, so that one which kills its encoder
        is found and refused (`encoder_crashed`). A unit that takes too long is halved.

        Raises:
            TransientError: storage or Redis did not answer, or Redis is too full for more embeddings.
            JobFailure: the chunk is not in the spool, or kills encoders without any listing being at fault.
        """
        self._require_room(claim.job_id)
        rows = read_rows(self._spool, claim.job_id, claim.unit)
        entries = [Entry(row.row, row.listing) for row in rows if row.listing is not None]
        find = self._pipeline.find if claim.attempts == 1 else partial(self._one_by_one.find, claim)
        budget_s = self._budget_s if len(entries) > 1 else float("inf")
        start = time.monotonic()
        # What a chunk that came to nothing left behind is not this one's.
        self._times.take()
        try:
            found = find(entries, Watch(self._ledger, claim.job_id, budget_s))
        except JobEnded:
            log.info("the job ended meanwhile")
            return ()
        except TooSlow:
            log.warning("a chunk that takes too long is halved")
            return self._ledger.units.split(claim)
        with self._times.of("pack"):
            encoded = self._pipeline.pack(entries, found)
        self._tell(encoded, len(entries), time.monotonic() - start)
        return self._finish(claim, encoded, rows)

    def _require_room(self, job_id: str) -> None:
        """Leave the unit for later while Redis needs its room for work that gives room back.

        Raises:
            MemoryPressure: it does.
        """
        if not self._pressure.has_room(AHEAD_SHARE):
            record = self._ledger.read(job_id)
            # A training, which is never sealed, takes its embeddings away itself.
            arriving = record.kind == "submission" and not record.sealed
            self._pressure.require_room(AHEAD_SHARE if arriving else ENCODE_SHARE)

    def _tell(self, encoded: Encoded, listings: int, seconds: float) -> None:
        fields = {"listings": listings, "rejected": len(encoded.rejections), "s": round(seconds, 3)}
        log.info("encoded", extra=fields | {"cpu_s": self._times.take()})

    def _finish(self, claim: Claim, encoded: Encoded, rows: Sequence[Row]) -> tuple[UnitHint, ...]:
        self._inflight.put_block(claim.job_id, claim.unit, encoded.block)
        crash_at("block-written")
        return self._ledger.units.complete(claim, encoded_rows=len(rows))
