"""Asks a comparison or a search: one small job without spool or chunks."""

from services.gateway.queries.draft import Draft
from shared.broker import Publisher
from shared.inflight import InFlight
from shared.ledger import JobRecord, Ledger
from shared.messages import Query
from shared.routing import ENCODE_INTERACTIVE, ENCODE_QUERY


class Asker:
    """The use case."""

    def __init__(self, ledger: Ledger, inflight: InFlight, publisher: Publisher, deadline_s: float) -> None:
        self._ledger = ledger
        self._inflight = inflight
        self._publisher = publisher
        self._deadline_s = deadline_s

    def ask(self, job_id: str, draft: Draft, owner: str | None) -> JobRecord:
        """Create the job and send it to the encoders; a query that gets lost fails by its deadline.

        `owner` is the API key that asks, where keys are in use.

        Raises:
            LedgerUnavailable: Redis did not take it.
        """
        deadline_ms = self._ledger.upkeep.now_ms() + int(self._deadline_s * 1000)
        keys = tuple(
            None if offer.image is None else self._inflight.put_payload(job_id, number, offer.image)
            for number, offer in enumerate(draft.offers)
        )
        query = Query(
            job_id=job_id,
            kind=draft.kind,
            listings=tuple(offer.listing for offer in draft.offers),
            payload_keys=keys,
            deadline_ms=deadline_ms,
            catalog=draft.catalog,
            threshold=draft.threshold,
            **draft.limits.model_dump(),
        )
        self._ledger.create_query(job_id, draft.kind, deadline_ms, draft.catalog, owner)
        self._publisher.send(ENCODE_QUERY, ENCODE_INTERACTIVE, query)
        return self._ledger.read(job_id)
