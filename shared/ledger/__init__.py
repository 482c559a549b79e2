"""The ledger: the truth about jobs and their units of work, in Redis, changed by atomic scripts only."""

from shared.ledger.keys import ENDED_CHANNEL
from shared.ledger.ledger import Ledger
from shared.ledger.record import TERMINAL, JobRecord
from shared.ledger.standing import Standing
from shared.ledger.units import Claim, Units

__all__ = ["ENDED_CHANNEL", "TERMINAL", "Claim", "JobRecord", "Ledger", "Standing", "Units"]
