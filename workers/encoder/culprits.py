"""Singles out the listing that kills its encoder: one at a time, each noted before it is begun."""

from collections.abc import Sequence

from shared.errors import DoppelError, JobFailure
from shared.ledger import Claim, Ledger
from workers.encoder.entries import Entry, Proceed
from workers.encoder.pipeline import Findings, Pipeline

# The second of these it met alone and first of all: nothing else can have been at fault.
_DEATHS = 2


class OneByOne:
    """Encodes a unit whose last worker died, or failed without a reason that we know.

    The note of the listing in hand is in Redis, so the next attempt knows what the dead one was at. It tries
    that listing before all others; when it dies once more, the listing is refused (`encoder_crashed`).
    """

    def __init__(self, ledger: Ledger, pipeline: Pipeline) -> None:
        self._suspects = ledger.suspects
        self._pipeline = pipeline
        self._max_deaths = ledger.units.max_attempts

    def find(self, claim: Claim, entries: Sequence[Entry], proceed: Proceed) -> Findings:
        """Encode the entries; `proceed` is called between steps and may raise to end early.

        Raises:
            TransientError: storage, cache or ledger did not answer.
            JobFailure: its workers died over the unit, again and again, with no listing in hand.
        """
        job, unit = claim.job_id, claim.unit
        deaths = self._suspects.accuse(job, unit)
        if deaths.nameless >= self._max_deaths:
            raise JobFailure(f"{deaths.nameless} encoders died over chunk {unit}; see their logs")
        self._suspects.hold(job, unit)
        found = Findings()
        try:
            for entry in sorted(entries, key=lambda entry: -deaths.by_row.get(entry.row, 0)):
                died = deaths.by_row.get(entry.row, 0)
                if died >= _DEATHS:
                    detail = "the listing stopped the encoder each time it was tried"
                    found.refused[entry.row] = ("encoder_crashed", detail)
                    continue
                self._suspects.hold(job, unit, entry.row)
                found.add(self._pipeline.find([entry], proceed))
                if died:
                    self._suspects.acquit(job, entry.row)
        except DoppelError:
            # An end that was wished for, or an outage: nobody is to blame.
            self._suspects.let_go(job, unit)
            raise
        self._suspects.hold(job, unit)
        return found
