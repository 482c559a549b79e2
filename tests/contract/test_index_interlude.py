"""Queries that wait are answered in the midst of work in bulk, and only there."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from celery import Celery

from local.ports import free_port
from shared.broker import Publisher, make_celery
from shared.messages import UnitHint
from shared.routing import ANSWER_QUERY, INDEX_INTERACTIVE
from shared.settings import CommonSettings
from tests.conftest import RedisServer
from workers.index.interlude import Interlude


class Answers:
    """The task that answers: notes which query it was given, and fails where told."""

    def __init__(self, app: Celery) -> None:
        self.given: list[str] = []
        self.interlude = Interlude(app, every_s=0)
        app.task(name=ANSWER_QUERY, shared=False)(self._answer)

    def _answer(self, query: dict[str, str]) -> None:
        self.given.append(query["job_id"])
        # As a search does, which looks at many listings.
        self.interlude()
        if query["job_id"] == "bad":
            raise RuntimeError("a bug")


@pytest.fixture
def app(settings: CommonSettings) -> Iterator[Celery]:
    with make_celery("index", settings) as app:
        yield app


def ask(app: Celery, *jobs: str) -> None:
    for job in jobs:
        Publisher(app).send(ANSWER_QUERY, INDEX_INTERACTIVE, UnitHint(job_id=job, stage="match", unit="0"))


def test_waiting_queries_are_answered_in_the_order_of_their_coming(app: Celery) -> None:
    answers = Answers(app)
    ask(app, "first", "bad", "last")
    with answers.interlude:
        answers.interlude()
        assert answers.given == ["first", "bad", "last"]
        ask(app, "later")
        answers.interlude()
        assert answers.given[3:] == ["later"]


def test_a_query_gives_way_to_no_other(app: Celery) -> None:
    answers = Answers(app)
    ask(app, "waits")
    answers.interlude()
    with answers.interlude:
        pass
    answers.interlude()
    assert answers.given == []


def test_work_in_bulk_gets_on_however_many_queries_wait(app: Celery) -> None:
    answers = Answers(app)
    ask(app, *map(str, range(40)))
    with answers.interlude:
        answers.interlude()
        assert 0 < len(answers.given) < 20


def test_work_in_bulk_goes_on_without_redis(tmp_path: Path) -> None:
    server = RedisServer(free_port(), tmp_path)
    server.start()
    with make_celery("index", CommonSettings(redis_url=server.url)) as app:
        answers = Answers(app)
        with answers.interlude:
            answers.interlude()
            server.kill()
            answers.interlude()
        server.start()
        ask(app, "after")
        with answers.interlude:
            answers.interlude()
        assert answers.given == ["after"]
    server.kill()
