"""Celery tasks: parse, delegate."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from celery import Celery

from shared.broker import Publisher
from shared.ledger import Claim, Ledger
from shared.messages import Query, UnitHint
from shared.routing import ANSWER_QUERY, FINISH_JOB, INGEST_CHUNK, MATCH_SLICE
from shared.work import run_query, run_unit
from workers.index.interlude import Interlude

Stage = Callable[[Claim], tuple[UnitHint, ...]]


@dataclass(frozen=True, slots=True)
class UseCases:
    """What the tasks delegate to."""

    ledger: Ledger
    publisher: Publisher
    interlude: Interlude
    ingest: Stage
    match: Stage
    finish: Stage
    answer: Callable[[Query], None]


def register(app: Celery, use_cases: Callable[[], UseCases]) -> None:
    """Register the tasks; `use_cases` is asked when a task runs, as nothing is open before that."""

    def stage_task(name: str, choose: Callable[[UseCases], Stage]) -> None:
        def run(hint: dict[str, Any]) -> None:
            cases = use_cases()
            with cases.interlude:
                run_unit(UnitHint.model_validate(hint), cases.ledger, cases.publisher, choose(cases))

        app.task(name=name)(run)

    stage_task(INGEST_CHUNK, lambda cases: cases.ingest)
    stage_task(MATCH_SLICE, lambda cases: cases.match)
    stage_task(FINISH_JOB, lambda cases: cases.finish)

    def answer(query: dict[str, Any]) -> None:
        cases = use_cases()
        run_query(Query.model_validate(query), cases.ledger, cases.answer)

    app.task(name=ANSWER_QUERY)(answer)
