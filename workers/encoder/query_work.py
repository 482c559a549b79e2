"""An interactive request: its one or two listings encoded, its block handed to the index."""

import logging
import time

from shared.broker import Publisher
from shared.errors import TransientError
from shared.inflight import QUERY_UNIT, InFlight
from shared.ledger import Ledger
from shared.logs import log_context
from shared.messages import Query
from shared.routing import ANSWER_QUERY, INDEX_INTERACTIVE
from workers.encoder.entries import Entry
from workers.encoder.pipeline import Pipeline
from workers.encoder.refusal import ImageRefused

log = logging.getLogger(__name__)


class QueryWork:
    """Encodes comparisons and searches."""

    def __init__(self, ledger: Ledger, inflight: InFlight, pipeline: Pipeline, publisher: Publisher) -> None:
        self._ledger = ledger
        self._inflight = inflight
        self._pipeline = pipeline
        self._publisher = publisher

    def __call__(self, query: Query) -> None:
        """Encode the query and pass it on; a refused listing fails it with the listing's code.

        An outage drops the query, which its deadline reports. Nothing happens when that has passed already.
        """
        with log_context(job=query.job_id, stage="query"):
            if time.time() * 1000 > query.deadline_ms:
                log.info("too late")
                return
            try:
                self._encode(query)
            except TransientError as error:
                log.warning("outage, the query is dropped", extra={"error": str(error)})
            except ImageRefused as refusal:
                self._ledger.fail(query.job_id, refusal.code, refusal.detail)
            except Exception:
                self._ledger.fail(query.job_id, "internal", "the encoder failed; see its log")
                raise

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
        self._publisher.send(ANSWER_QUERY, INDEX_INTERACTIVE, query)

    def _payload(self, key: str) -> bytes:
        data = self._inflight.get_payload(key)
        if data is None:
            raise ImageRefused("image_missing", "the image of this request is gone; send it again")
        return data
