"""An interactive request: its one or two listings encoded, its block handed to the index."""

from shared.broker import Publisher
from shared.crash import crash_at
from shared.inflight import QUERY_UNIT, InFlight
from shared.ledger import Ledger
from shared.messages import Query
from shared.routing import ANSWER_QUERY, INDEX_INTERACTIVE
from workers.encoder.entries import Entry
from workers.encoder.pipeline import Pipeline
from workers.encoder.refusal import ImageRefused


class QueryWork:
    """Encodes comparisons and searches."""

    def __init__(self, ledger: Ledger, inflight: InFlight, pipeline: Pipeline, publisher: Publisher) -> None:
        self._ledger = ledger
        self._inflight = inflight
        self._pipeline = pipeline
        self._publisher = publisher

    def __call__(self, query: Query) -> None:
        """Encode the query and pass it on; a refused listing fails it with the listing's code.

        Raises:
            TransientError: Redis or the spool did not answer.
        """
        try:
            self._encode(query)
        except ImageRefused as refusal:
            self._ledger.fail(query.job_id, refusal.code, refusal.detail)

    def _encode(self, query: Query) -> None:
        entries = [
            Entry(number, listing, None if key is None else self._payload(key))
            for number, (listing, key) in enumerate(zip(query.listings, query.payload_keys, strict=True))
        ]
        encoded = self._pipeline.run(entries, lambda: None)
        if encoded.rejections:
            first = encoded.rejections[0]
            raise ImageRefused(first.code, first.detail)
        self._inflight.put_block(query.job_id, QUERY_UNIT, encoded.block)
        crash_at("query-encoded")
        self._publisher.send(ANSWER_QUERY, INDEX_INTERACTIVE, query)

    def _payload(self, key: str) -> bytes:
        data = self._inflight.get_payload(key)
        if data is None:
            raise ImageRefused("image_missing", "the image of this request is gone; send it again")
        return data
