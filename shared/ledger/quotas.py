"""What each API key has used up, counted in Redis, so that all gateways together hold to one limit."""

from shared.ledger.script import LedgerScript


class Quotas:
    """The part of the ledger that counts requests and unfinished jobs by API key.

    Counts are lost when Redis loses everything: a limit is then a little too generous, never too strict.
    """

    def __init__(self, script: LedgerScript) -> None:
        self._script = script

    def count_request(self, key_id: str, per_minute: int) -> float:
        """Count a request; return 0 if it is within the limit, else the seconds until the next is.

        The minute begins with the first request after the one before has passed.
        """
        return int(self._script("count_request", key_id, per_minute)) / 1000

    def take_slot(self, key_id: str, job_id: str, most: int) -> bool:
        """Count a job as the key's unless that has `most` already that have not ended; say whether it did."""
        return bool(self._script("take_slot", key_id, job_id, most))

    def free_slot(self, key_id: str, job_id: str) -> None:
        """Count a job no more that came to nothing; one that ends need not be told."""
        self._script("free_slot", key_id, job_id)
