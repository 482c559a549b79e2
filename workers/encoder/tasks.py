"""The encoder's Celery tasks: parse, delegate."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from celery import Celery

from shared.broker import Publisher
from shared.ledger import Ledger
from shared.messages import Query, UnitHint
from shared.routing import ENCODE_CHUNK, ENCODE_QUERY
from shared.work import run_query, run_unit
from workers.encoder.chunk_work import ChunkWork
from workers.encoder.query_work import QueryWork


@dataclass(frozen=True, slots=True)
class Services:
    """What the tasks delegate to; built in the process that runs them."""

    ledger: Ledger
    publisher: Publisher
    chunk_work: ChunkWork
    query_work: QueryWork


def register(app: Celery, provider: Callable[[], Services]) -> None:
    """Add the tasks to the app."""

    @app.task(name=ENCODE_CHUNK)
    def encode_chunk(message: dict[str, Any]) -> None:
        services = provider()
        hint = UnitHint.model_validate(message)
        run_unit(hint, services.ledger, services.publisher, services.chunk_work)

    @app.task(name=ENCODE_QUERY)
    def encode_query(message: dict[str, Any]) -> None:
        services = provider()
        run_query(Query.model_validate(message), services.ledger, services.query_work)
